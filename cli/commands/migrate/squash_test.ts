import assert from "node:assert/strict";
import { it } from "node:test";
import { sql } from "kysely";
import { withDatabase } from "../../_testing/databases.ts";
import { onEveryDialect } from "../../../tests/support/matrix.ts";

onEveryDialect("kysera migrate", (dialect) => {
  it("squashes migrations, and takes a baseline of what was there before", async () => {
    await withDatabase(dialect, async ({ project, db }) => {
      await project.write("migrations/001_users.sql", "create table users (id integer);");
      await project.write("migrations/002_more.sql", "alter table users add more integer;");
      if (db !== undefined) {
        await sql`create table users (id integer, more integer)`.execute(db);
        await sql`create table other (id integer)`.execute(db);
        const refused = await project.json(["migrate", "baseline"]);
        assert.equal(refused.code, 2);
        assert.match(refused.error.message, /table other: added/);
        await sql`drop table other`.execute(db);
        const { code, stdout, stderr } = await project.on(dialect)(["migrate", "baseline"]);
        assert.equal(code, 0, stderr);
        assert.equal(stdout, "Recorded as applied:\n  001_users\n  002_more\n");
      } else assert.equal((await project.json(["migrate", "up"])).code, 0);

      const { code, stdout, stderr } = await project.on(dialect)(["migrate", "squash", "all"]);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /003_all\.sql\nIt replaces 2: 001_users, 002_more\n$/);
      assert.match(await project.read("migrations/003_all.sql"), /^-- replaces: 001_users\n/);
      const up = await project.json(["migrate", "up"]);
      assert.equal(up.code, 0, up.error?.message);
      assert.equal((await project.json(["migrate", "status"])).data.pending, 0);
    });
  });
}, ["sqlite", "postgres", "mysql"]);
