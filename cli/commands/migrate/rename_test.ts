import { sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { withDatabase } from "../../_testing/databases.ts";
import { onEveryDialect } from "../../../tests/support/matrix.ts";

onEveryDialect("kysera migrate rename", (dialect) => {
  it("writes migrations that rename a column while programs run", async () => {
    await withDatabase(dialect, async ({ project, db }) => {
      await project.write(
        "migrations/001_users.sql",
        `create table users (id integer not null primary key, name varchar(50) ${
          dialect.name === "sqlite" ? "" : "not null"
        }, code integer not null);
         insert into users values (1, 'Ada', 0), (2, 'Bea', 0);`,
      );
      assert.equal((await project.json(["migrate", "up"])).code, 0);
      const rename = ["migrate", "rename", "users.name", "full_name"];
      assert.equal((await project.json([...rename, "--contract"])).code, 2);
      const { code, stdout, stderr } = await project.on(dialect)(rename);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /002_users_full_name_expand\.ts\n.*003_users_full_name_backfill\.ts\n/);
      const up = await project.on(dialect)(["migrate", "up"]);
      assert.equal(up.code, 0, up.stderr);
      assert.equal((await project.json(rename)).code, 2);
      const insert = [
        "db",
        "console",
        "-q",
        "insert into users (id, name, code) values (3, 'Cy', 0)",
      ];
      assert.equal((await project.json(insert)).code, 0);

      const contract = await project.json([...rename, "--contract"]);
      assert.deepEqual(contract.data.migrations, ["005_users_full_name_contract"]);
      const last = await project.on(dialect)(["migrate", "up"]);
      assert.equal(last.code, 0, last.stderr);
      const select = ["db", "console", "-q", "select id, full_name from users order by id"];
      const { data } = await project.json(select);
      assert.deepEqual(data.rows, [
        { id: 1, full_name: "Ada" },
        { id: 2, full_name: "Bea" },
        { id: 3, full_name: "Cy" },
      ]);
      const refused = await project.json(["migrate", "rename", "users.code", "number"]);
      assert.equal(refused.code, dialect.name === "sqlite" ? 4 : 0, refused.error?.message);
      if (db !== undefined) {
        await sql`insert into users (id, full_name, code) values (4, 'Di', 0)`.execute(db);
      }
      assert.equal((await project.json(["migrate", "rename", "users.nam", "x"])).code, 2);
      assert.equal((await project.json(["migrate", "rename", "users", "x"])).code, 2);
    });
  });
}, ["sqlite", "postgres", "mysql"]);
