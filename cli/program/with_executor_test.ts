import assert from "node:assert/strict";
import { basename } from "node:path";
import { it } from "node:test";
import { type ProjectDatabase, withDatabase } from "../_testing/databases.ts";
import { executorConfig } from "../_testing/executor_config.ts";
import { uniqueName } from "../../tests/support/_names.ts";
import { onEveryDialect, type TestDialect } from "../../tests/support/matrix.ts";

const POLICIES = `
import { defineRLSSchema, filter, rlsPlugin } from "@kysera/rls";
import { auditPlugin } from "@kysera/audit";
import { softDeletePlugin } from "@kysera/soft-delete";
const schema = defineRLSSchema({
  posts: { policies: [filter("read", (context) => ({ tenant_id: context.auth.tenantId }))] },
});`;

const TABLE = "create table posts (id integer not null primary key, tenant_id integer not null)";

/** Gives a project a configuration that opens its database by an executor. */
async function configure(
  { project, url }: ProjectDatabase,
  dialect: TestDialect,
  plugins: string,
): Promise<void> {
  await project.write(
    "kysera.config.mjs",
    executorConfig(dialect, url, {
      head: POLICIES,
      plugins,
      more: "policies: { principals: { one: { userId: 1, tenantId: 1 } } },",
    }),
  );
  await project.removeFile("kysera.config.json");
}

/** Commands of projects whose plugins refuse raw SQL: each is a process, which closes the database. */
onEveryDialect("kysera with an executor in the configuration", (dialect) => {
  // What is said does not depend on the database, and each process takes its time.
  const skip = dialect.name === "mysql" && "it is as on the others";
  it(
    "says how a migration runs that makes what the plugins need",
    { skip },
    () =>
      withDatabase(dialect, async (database) => {
        const { project, url } = database;
        await project.write("migrations/001_a.sql", `${TABLE};`);
        await project.write(
          "migrations/002_b.sql",
          "alter table posts add deleted_at varchar(30);",
        );
        const first = await project.json(["migrate", "up", "--steps", "1"]);
        assert.equal(first.code, 0, first.error?.message);
        await configure(
          database,
          dialect,
          '[softDeletePlugin({ tables: ["posts"] }), rlsPlugin({ schema })]',
        );
        const refused = await project.kysera(["migrate", "up"]);
        assert.equal(refused.code, 1);
        assert.match(refused.stderr, /Cannot start plugin "@kysera\/soft-delete"/);
        assert.match(refused.stderr, /`--url <connection URL>`/);
        const second = await project.kysera(["migrate", "up", "--url", url]);
        assert.equal(second.code, 0, second.stderr);
        // A script is raw SQL, which policies cannot hold for.
        await project.write("migrations/003_c.sql", "alter table posts add title varchar(30);");
        const raw = await project.kysera(["migrate", "up"]);
        assert.notEqual(raw.code, 0);
        assert.match(raw.stderr, /raw SQL[\s\S]*`--url <connection URL>`/);
        assert.equal((await project.kysera(["migrate", "up", "--url", url])).code, 0);
      }),
  );

  it("has what destroys confirmed by the name that the database has", () =>
    withDatabase(dialect, async (database) => {
      const { project, name, url, db } = database;
      await project.write("migrations/001_a.sql", `${TABLE};\n-- down\ndrop table posts;\n`);
      assert.equal((await project.json(["migrate", "up"])).code, 0);
      await configure(database, dialect, "[]");
      const wrong = await project.kysera(["migrate", "reset", "--yes", "--confirm", "database"]);
      assert.equal(wrong.code, 4);
      const real = dialect.name === "postgres"
        ? new URL(url).pathname.slice(1)
        : db === undefined
        ? basename(url)
        : name;
      assert.ok(wrong.stderr.includes(`the database is "${real}"`), wrong.stderr);
      const right = await project.kysera(["migrate", "reset", "--yes", "--confirm", real]);
      assert.equal(right.code, 0, right.stderr);
    }));

  it("reads the log of somebody, and schemas past the plugins", () =>
    withDatabase(dialect, async (database) => {
      const { project, url } = database;
      await project.write("migrations/001_a.sql", `${TABLE};`);
      assert.equal((await project.json(["migrate", "up"])).code, 0);
      await configure(database, dialect, "[auditPlugin(), rlsPlugin({ schema })]");
      const nobody = await project.kysera(["audit", "history", "posts", "1"]);
      assert.equal(nobody.code, 1);
      assert.match(nobody.stderr, /no security context is bound/);
      const one = await project.kysera(["audit", "history", "posts", "1", "--as", "one"]);
      assert.equal(one.code, 0, one.stderr);
      assert.equal(one.stdout, "There are no entries\n");
      if (dialect.name === "sqlite") return;
      const schema = uniqueName();
      const created = await project.kysera(["schema", "create", schema]);
      assert.equal(created.code, 0, created.stderr);
      const list = await project.kysera(["schema", "list"]);
      assert.ok(list.stdout.split("\n").includes(schema), list.stderr);
      const info = await project.kysera(["schema", "info", schema]);
      assert.equal(info.code, 0, info.stderr);
      const clone = await project.kysera(["schema", "clone", schema, `${schema}_2`]);
      assert.equal(clone.code, 4);
      assert.match(clone.stderr, /--url/);
      const drop = ["schema", "drop", schema, "--yes", "--confirm", new URL(url).pathname.slice(1)];
      const dropped = await project.kysera(drop);
      assert.equal(dropped.code, 0, dropped.stderr);
    }));
}, ["sqlite", "postgres", "mysql"]);
