import assert from "node:assert/strict";
import { it } from "node:test";
import { withDatabase } from "../../_testing/databases.ts";
import { withProject } from "../../_testing/program.ts";
import { uniqueName } from "../../../tests/support/_names.ts";
import { onEveryDialect } from "../../../tests/support/matrix.ts";

onEveryDialect("kysera schema", (dialect) => {
  it("creates, lists, copies, compares and drops", async () => {
    await withDatabase(dialect, async ({ project, db, name }) => {
      const base = uniqueName();
      const [one, two, tenant] = [`${base}_1`, `${base}_2`, `tenant_${base}`];
      const dropAll = async () => {
        for (const schema of [one, two, tenant]) {
          const drop = db!.schema.dropSchema(schema).ifExists();
          await (dialect.name === "postgres" ? drop.cascade() : drop).execute();
        }
      };
      try {
        const created = await project.on(dialect)(["schema", "create", one]);
        assert.equal(created.stdout, `Created the schema "${one}"\n`, created.stderr);
        assert.equal((await project.json(["schema", "create", one])).code, 1);
        const again = ["schema", "create", one, "--if-not-exists"];
        assert.equal((await project.json(again)).code, 0);
        await project.write(
          "migrations/001_a.sql",
          `create table users (id integer not null primary key);
           create table posts (id integer not null primary key, user_id integer,
             constraint by_user foreign key (user_id) references users (id));
           insert into users values (1); insert into posts values (1, 1);`,
        );
        const up = await project.json(["migrate", "up", "--schema", one]);
        assert.equal(up.code, 0, up.error?.message);

        const clone = ["schema", "clone", one];
        const copy = await project.json([...clone, two, "--include-data", "--exclude", "posts"]);
        assert.equal(copy.code, 0, copy.error?.message);
        assert.ok(copy.data.copied.includes("users") && !copy.data.copied.includes("posts"));
        const rows = await db!.withSchema(two).selectFrom("users").select("id").execute();
        assert.deepEqual(rows, [{ id: 1 }]);
        assert.equal((await project.json([...clone, "--tenant", base])).code, 0);
        const status = await project.json(["migrate", "status", "--schema", tenant]);
        assert.equal(status.data.pending, 0);
        assert.deepEqual(
          await db!.withSchema(tenant).selectFrom("users").selectAll().execute(),
          [],
        );
        assert.equal((await project.json([...clone, two])).code, 2);
        const equal = await project.on(dialect)(["schema", "compare", one, two]);
        assert.equal(equal.stdout, `"${one}" and "${two}" are equal\n`, equal.stderr);

        await db!.withSchema(two).schema.alterTable("users").addColumn("more", "integer").execute();
        const differ = await project.json(["schema", "compare", one, two]);
        assert.equal(differ.code, 3);
        assert.match(differ.data.changes[0].text, /column users\.more: added/);

        const tenants = await project.json(["schema", "list", "--tenant"]);
        assert.ok(tenants.data.schemas.includes(tenant) && !tenants.data.schemas.includes(one));
        const info = await project.on(dialect)([
          "schema",
          "info",
          one,
          "--indexes",
          "--foreign-keys",
        ]);
        assert.match(info.stdout, /^tables +2$/m);
        assert.match(info.stdout, /by_user/);
        const wrong = await project.json(["schema", "info", `${one}x`]);
        assert.equal(wrong.code, 2);
        assert.match(wrong.error.message, /did you mean/);

        const drop = ["schema", "drop", two, "--cascade"];
        assert.equal((await project.json(drop)).code, 4);
        const confirmed = await project.json([...drop, "--yes", "--confirm", name]);
        assert.equal(confirmed.data.dropped, true);
        assert.equal((await project.json([...drop, "--if-exists"])).data.dropped, false);
      } finally {
        await dropAll();
      }
    });
  });
}, ["postgres", "mysql"]);

onEveryDialect("kysera schema", () => {
  it("says that SQLite has none", async () => {
    await withProject(async (project) => {
      await project.write("app.db", "");
      const { code, error } = await project.json(["schema", "list", "--url", "sqlite:app.db"]);
      assert.deepEqual([code, error.message], [4, "sqlite:app.db has no schemas"]);
    });
  });
}, ["sqlite"]);
