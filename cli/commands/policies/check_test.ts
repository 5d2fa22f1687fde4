import assert from "node:assert/strict";
import process from "node:process";
import { it } from "node:test";
import { type Kysely, sql } from "kysely";
import { onEveryDialect, type TestDialect } from "../../../tests/support/matrix.ts";
import { type ProjectDatabase, withDatabase } from "../../_testing/databases.ts";
import { executorConfig } from "../../_testing/executor_config.ts";

const HEAD = `
import { allow, defineRLSSchema, deny, filter, related, rlsPlugin, validate } from "@kysera/rls";
const schema = defineRLSSchema({
  teams: { policies: [allow("read", (ctx) => ({ tenant_id: ctx.auth.tenantId }))], skipFor: ["boss"] },
  posts: {
    relations: { team: { table: "teams", columns: { team_id: "id" } } },
    policies: [
      filter("all", (ctx) => ({ tenant_id: ctx.auth.tenantId }), { name: "tenants" }),
      allow(["read", "create"], true),
      allow("update", (ctx, { eb, column }) => eb.or([
        eb(column("author"), "=", ctx.auth.userId), eb(column("state"), "=", "draft")])),
      allow("delete", related("team", { open: true })),
      deny("delete", (ctx) => ctx.auth.roles.includes("guest")),
      validate("create", { state: ["draft", "open"] }),
    ],
    stamp: { tenant_id: (ctx) => ctx.auth.tenantId },
    columns: { secret: { read: false } },
  },
});`;

const PRINCIPALS = `policies: { principals: {
  ada: { userId: "0e2a6c9e-7a3d-4f43-9f4d-0a8f3c8f3a01", tenantId: 1 },
  guest: { userId: "0e2a6c9e-7a3d-4f43-9f4d-0a8f3c8f3a02", tenantId: 2, roles: ["guest"] },
  boss: { userId: "0e2a6c9e-7a3d-4f43-9f4d-0a8f3c8f3a03", tenantId: 2, roles: ["boss"] },
  nobody: null,
} },`;

async function fill({ project, url }: ProjectDatabase, dialect: TestDialect): Promise<void> {
  await project.write(
    "migrations/001_a.sql",
    `create type state as enum ('draft', 'open', 'closed');
     create table teams (id integer not null primary key, tenant_id integer not null,
       open boolean not null);
     create table posts (id bigint generated always as identity primary key,
       tenant_id integer not null check (tenant_id < 100), author uuid not null,
       state state not null default 'draft', title varchar(8) unique, at timestamptz,
       team_id integer references teams (id), secret jsonb);
     create function loud() returns trigger language plpgsql as 'begin raise exception ''no''; end';
     create trigger loud before insert on posts for each row execute function loud();
     create table unrelated (id integer primary key);`,
  );
  const up = await project.json(["migrate", "up", "--url", url]);
  assert.equal(up.code, 0, up.error?.message);
  await project.write(
    "kysera.config.mjs",
    executorConfig(dialect, url, {
      head: HEAD,
      plugins: "[rlsPlugin({ schema })]",
      more: PRINCIPALS,
    }),
  );
  await project.removeFile("kysera.config.json");
}

const CHECK = ["policies", "check"];

/** The scratch schemas and roles that are there. */
async function leftovers(db: Kysely<any>): Promise<unknown[]> {
  const { rows } = await sql`
    select nspname as name from pg_namespace where nspname like 'kysera_scratch%'
      and has_schema_privilege(oid, 'create')
      and exists (select from pg_class where relnamespace = pg_namespace.oid and relname = 'unrelated')
    union all select rolname from pg_roles where rolname like 'kysera_check%'`.execute(db);
  return rows;
}

onEveryDialect("kysera policies check", (dialect) => {
  it("finds that the policies of PostgreSQL do the same, and leaves nothing behind", async () => {
    await withDatabase(dialect, async (database) => {
      const { project, db } = database;
      await fill(database, dialect);
      const { code, data, error, warnings } = await project.json([
        ...[...CHECK, "--seed", "1", "--rows", "6"],
      ]);
      assert.equal(
        code,
        0,
        error?.message ?? JSON.stringify(data.differences.slice(0, 5), null, 1),
      );
      assert.deepEqual(data.tables, [{ table: "teams", rows: 6 }, { table: "posts", rows: 6 }]);
      assert.ok(data.compared > 250 && data.allowed > 40, JSON.stringify(data));
      assert.match(warnings.join(), /Rules of columns are not compared: posts/);
      const few = [...CHECK, "--rows", "3", "--seed", "1"];
      assert.deepEqual((await project.json(few)).data, (await project.json(few)).data);
      const shown = await project.on(dialect)([
        ...CHECK,
        "--rows",
        "3",
        "--as",
        "ada",
        "-t",
        "posts",
      ]);
      assert.match(
        shown.stdout,
        /^The two agree on \d+ statements on 1 tables, \d+ of them allowed/,
        shown.stderr,
      );

      assert.deepEqual(await leftovers(db!), []);
      const { rows: stored } = await sql`select * from teams`.execute(db!);
      assert.deepEqual(stored, []);
    });
  });

  it("leaves nothing behind when it is interrupted", async () => {
    await withDatabase(dialect, async (database) => {
      const { project, db } = database;
      await fill(database, dialect);
      let isTold = false;
      const { code, stderr } = await project.kysera([...CHECK, "--rows", "40"], {
        onStderr: (text, kill) => {
          if (isTold || !text.includes("Asking PostgreSQL")) return;
          isTold = true;
          kill("SIGINT");
        },
      });
      assert.equal(code, 130, stderr);
      assert.match(stderr, /Ends where it is safe/);
      assert.deepEqual(await leftovers(db!), []);
    });
  });

  it("finds what the database does otherwise", async () => {
    await withDatabase(dialect, async (database) => {
      const { project, db } = database;
      await fill(database, dialect);
      const none = await project.json([...CHECK, "--deployed", "--rows", "4"]);
      assert.equal(none.code, 3, none.error?.message);
      assert.deepEqual(none.data.unprotected, ["teams", "posts"]);
      const written = await project.json(["policies", "to-postgres", "--role", "x"]);
      assert.equal(written.code, 0, written.error?.message);
      // The rule of a column is for a role that is not there: the others are deployed.
      const plain = written.data.statements.filter((each: string) =>
        !/^(?:grant|revoke)/.test(each)
      );
      for (const statement of plain) {
        await sql.raw(statement.replaceAll('to "x"', "to public")).execute(db!);
      }
      const deployed = [...CHECK, "--deployed", "--seed", "3", "--rows", "4"];
      const same = await project.json(deployed);
      assert.equal(same.code, 0, same.error?.message ?? JSON.stringify(same.data.differences[0]));

      await sql`drop policy rls_tenants_read on posts`.execute(db!);
      const lost = await project.on(dialect)(deployed);
      assert.equal(lost.code, 3, lost.stderr);
      assert.match(lost.stdout, /^The two differ in \d+ of /);
      assert.match(
        lost.stdout,
        /^ada read posts\n {2}id = .*: the rewriting says hidden, PostgreSQL shown$/m,
      );
      const { data } = await project.json(deployed);
      assert.ok(data.differences.every(({ table }: any) => table === "posts"));
    });
  });

  it("compares on another server, and says what it cannot compare", async () => {
    await withDatabase(dialect, async (database) => {
      const { project } = database;
      await fill(database, dialect);
      const small = [...CHECK, "--rows", "3", "--as", "ada"];
      const server = process.env["KYSERA_TEST_POSTGRES_URL"]!;
      const other = await project.json([...small, "--scratch-url", server]);
      assert.equal(other.code, 0, other.error?.message);
      if (process.env["KYSERA_TEST_PGLITE_DATA"] !== undefined) {
        const inMemory = await project.json([...small, "--scratch-url", "pglite:memory://"]);
        assert.equal(inMemory.code, 0, inMemory.error?.message);
      }
      assert.equal((await project.json([...small, "--scratch-url", "sqlite:a.db"])).code, 2);
      assert.equal((await project.json([...small, "--role", "x"])).code, 2);
      await project.write(
        "named.mjs",
        (await project.read("kysera.config.mjs")).replace("  teams: {", '  "app.teams": {')
          .replace('table: "teams"', 'table: "app.teams"'),
      );
      const named = await project.json([...small, "--config", "named.mjs"]);
      assert.ok([1, 4].includes(named.code!), JSON.stringify(named));
    });
  });
}, ["postgres"]);

onEveryDialect("kysera policies check", (dialect) => {
  it("refuses a database that has no policies of its own", async () => {
    await withDatabase(dialect, async ({ project, url }) => {
      await project.write(
        "kysera.config.mjs",
        executorConfig(dialect, url, {
          head: 'import { rlsPlugin } from "@kysera/rls";',
          plugins: "[rlsPlugin({ schema: {} })]",
          more: PRINCIPALS,
        }),
      );
      await project.removeFile("kysera.config.json");
      const refused = await project.json(CHECK);
      assert.equal(refused.code, 4, JSON.stringify(refused));
    });
  });
}, ["sqlite", "mysql"]);
