import assert from "node:assert/strict";
import { it } from "node:test";
import { readSchema } from "@kysera/migrations/schema";
import { sql } from "kysely";
import { onEveryDialect, type TestDialect } from "../../../tests/support/matrix.ts";
import { type ProjectDatabase, withDatabase } from "../../_testing/databases.ts";
import { executorConfig } from "../../_testing/executor_config.ts";

const PLAIN = `
import { allow, defineRLSSchema, filter, rlsPlugin } from "@kysera/rls";
const schema = defineRLSSchema({ posts: { policies: [
  filter("all", (ctx) => ({ tenant_id: ctx.auth.tenantId })),
  allow(["read", "create", "update"], true),
] } });`;

async function fill(
  { project, url }: ProjectDatabase,
  dialect: TestDialect,
  head: string,
): Promise<void> {
  await project.write(
    "migrations/001_a.sql",
    "create table posts (id integer not null primary key, tenant_id integer, secret integer);",
  );
  const up = await project.json(["migrate", "up", "--url", url]);
  assert.equal(up.code, 0, up.error?.message);
  const plugins = `[rlsPlugin({ schema, bypassRoles: ["root"] })]`;
  await project.write("kysera.config.mjs", executorConfig(dialect, url, { head, plugins }));
  await project.removeFile("kysera.config.json");
}

const WRITE = ["policies", "to-postgres"];

onEveryDialect("kysera policies to-postgres", (dialect) => {
  it("prints and keeps the statements, on whatever database", async () => {
    await withDatabase(dialect, async (database) => {
      const { project } = database;
      await fill(database, dialect, PLAIN);
      const printed = await project.on(dialect)([...WRITE, "--schema", "app"]);
      assert.equal(printed.code, 0, printed.stderr);
      assert.match(
        printed.stdout,
        /^create policy "rls_filter_all_1_read" on "app"\."posts" .*;$/m,
      );
      assert.match(printed.stdout, /^alter table "app"\."posts" force row level security;$/m);
      assert.match(printed.stdout, /"app"\."rls_skips"\(array\['root'\]/);
      const other = await project.json([
        ...WRITE,
        ...["--no-force", "--prefix", "own", "--setting", "app.who", "--role", "web,api"],
      ]);
      const all = other.data.statements.join("\n");
      assert.match(all, /create policy "own_.* to "web", "api"/);
      assert.doesNotMatch(all, /"posts" force row level security/);
      assert.match(all, /current_setting\('+app\.who'/);
      const dropped = await project.json([...WRITE, "--drop"]);
      assert.match(dropped.data.statements.join("\n"), /disable row level security/);

      const out = [...WRITE, "--out", "sql/policies.sql"];
      assert.equal((await project.json([...out, "--verify"])).code, 3);
      assert.equal((await project.json(out)).code, 0);
      assert.equal((await project.json([...out, "--verify"])).code, 0);
      await project.write("sql/policies.sql", "select 1;\n");
      const stale = await project.on(dialect)([...out, "--verify"]);
      assert.equal(stale.code, 3);
      assert.match(stale.stdout, /^-select 1;\n\+create or replace function/m);

      assert.equal((await project.json([...WRITE, "--verify"])).code, 2);
      assert.equal((await project.json([...out, "--migration", "x"])).code, 2);
      assert.equal((await project.json([...WRITE, "--drop", "-m", "x"])).code, 2);
    });
  });

  it("refuses what the database could not do", async () => {
    await withDatabase(dialect, async (database) => {
      const { project, url } = database;
      await fill(
        database,
        dialect,
        PLAIN.replace('create", "update"], true', 'update"], (ctx) => ctx.row.id === 1'),
      );
      const answer = await project.json(WRITE);
      assert.equal(answer.code, 1);
      assert.match(answer.error.message, /cannot be written as a policy of PostgreSQL/);
      const twice = PLAIN + "\nconst inner = rlsPlugin({ schema });";
      // A file that was loaded is not loaded again in this process.
      await project.write(
        "twice.config.mjs",
        executorConfig(dialect, url, { head: twice, plugins: "[rlsPlugin({ schema })]" })
          .replace("createExecutor(new Kysely", "twice(new Kysely") +
          "\nasync function twice(db, plugins) {" +
          "\n  return createExecutor(await createExecutor(db, [inner]), plugins);\n}",
      );
      const layers = await project.json([...WRITE, "--config", "twice.config.mjs"]);
      assert.equal(layers.code, 4, JSON.stringify(layers));
      assert.match(layers.error.hint!, /mergeRLSSchemas/);
    });
  });
}, ["sqlite", "postgres"]);

onEveryDialect("kysera policies to-postgres --migration", (dialect) => {
  it("writes a migration that makes them, and takes them away", async () => {
    await withDatabase(dialect, async (database) => {
      const { project, url, db } = database;
      await fill(
        database,
        dialect,
        PLAIN.replace("policies:", "columns: { secret: { read: false, write: true } }, policies:"),
      );
      const role = `kysera_${crypto.randomUUID().replaceAll("-", "")}`;
      const rules = await project.json(WRITE);
      assert.match(rules.error.message, /give the options "roles"/);
      await sql`create role ${sql.id(role)}`.execute(db!);
      try {
        const written = await project.on(dialect)([
          ...WRITE,
          ...["--role", role, "-m", "native policies"],
        ]);
        assert.equal(written.code, 0, written.stderr);
        assert.match(written.stdout, /^Migration created: .*_native_policies\.ts$/m);
        const up = await project.json(["migrate", "up", "--url", url]);
        assert.equal(up.code, 0, up.error?.message);
        const policed = (await readSchema(db!)).tables.find(({ name }) => name === "posts")!;
        assert.deepEqual(policed.rowSecurity, { enabled: true, forced: true });
        assert.ok(policed.policies.some(({ name }) => name === "rls_filter_all_1_read"));
        const again = await project.json(["migrate", "verify", "--url", url]);
        assert.equal(again.code, 0, again.error?.message);
        const { name } = database;
        const undone = await project.json([
          ...["migrate", "down", "--url", url, "--yes", "--confirm", name],
        ]);
        assert.equal(undone.code, 0, undone.error?.message);
        const bare = (await readSchema(db!)).tables.find((each) => each.name === "posts")!;
        assert.deepEqual([bare.policies, bare.rowSecurity.enabled], [[], false]);
      } finally {
        await sql`drop owned by ${sql.id(role)}`.execute(db!);
        await sql`drop role ${sql.id(role)}`.execute(db!);
      }
    });
  });
}, ["postgres"]);
