import assert from "node:assert/strict";
import { it } from "node:test";
import { withDatabase } from "../../_testing/databases.ts";
import type { Project } from "../../_testing/program.ts";
import { onEveryDialect } from "../../../tests/support/matrix.ts";

const TIME = { sqlite: "text", pglite: "timestamptz", postgres: "timestamptz", mysql: "datetime" };

onEveryDialect("kysera query", (dialect) => {
  const fill = async (project: Project) => {
    const time = TIME[dialect.name];
    const zone = dialect.name === "postgres" ? "+00" : "";
    await project.write(
      "migrations/001_a.sql",
      `create table users (id integer not null primary key, name varchar(20),
        created_at ${time}, deleted_at ${time});
       insert into users values (1, 'a', '2026-01-01 00:00:00${zone}', null),
        (2, 'b', '2026-02-01 00:00:00${zone}', '2026-03-01 00:00:00${zone}'),
        (3, 'c', null, '2026-03-02 00:00:00${zone}');`,
    );
    const up = await project.json(["migrate", "up"]);
    assert.equal(up.code, 0, up.error?.message);
  };
  const ids = (answer: any) => answer.data.rows.map(({ id }: { id: number }) => id);

  it("shows rows by their times, and those that are marked as deleted", async () => {
    await withDatabase(dialect, async ({ project, name }) => {
      await fill(project);
      const by = ["query", "by-timestamp", "-t", "users"];
      assert.deepEqual(ids(await project.json(by)), [2, 1]);
      const from = [...by, "--from", "2026-01-15", "--to", "2026-02-02T00:00:00Z"];
      assert.deepEqual(ids(await project.json(from)), [2]);
      assert.deepEqual(ids(await project.json([...by, "--order", "asc", "--limit", "1"])), [1]);
      assert.deepEqual(ids(await project.json([...by, "--last", "1s"])), []);
      const other = await project.json([...by, "--column", "deleted_at"]);
      assert.deepEqual(ids(other), [3, 2]);
      const shown = await project.on(dialect)(by);
      assert.match(
        shown.stdout,
        /^id +name +created_at +deleted_at\n +2 +b +2026-02-01/,
        shown.stderr,
      );
      assert.equal((await project.json([...by, "--from", "yesterday"])).code, 2);
      assert.equal((await project.json([...by, "-c", "create_at"])).code, 2);

      const soft = ["query", "soft-deleted", "--table", "users"];
      assert.deepEqual(ids(await project.json(soft)), [3, 2]);
      const restored = await project.on(dialect)([...soft, "--restore", "2"]);
      assert.equal(restored.stdout, "Restored the row\n", restored.stderr);
      assert.equal((await project.json([...soft, "--restore", "2"])).code, 4);
      assert.equal((await project.json([...soft, "--purge"])).code, 4);
      const purged = await project.json([...soft, "--purge", "--yes", "--confirm", name]);
      assert.equal(purged.data.removed, 1);
      assert.deepEqual(ids(await project.json(soft)), []);
    });
  });

  it("shows how the database would run a statement", async () => {
    await withDatabase(dialect, async ({ project }) => {
      await fill(project);
      const explain = ["query", "explain", "--query", "select * from users where name = 'a;b'"];
      const { code, stdout, stderr } = await project.on(dialect)(explain);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /users/i);
      assert.equal((await project.json([...explain, "--format", "json"])).code, 0);
      const two = await project.json(["query", "explain", "-q", "select 1; drop table users"]);
      assert.equal(two.code, 2);
      assert.match(two.error.message, /more than one statement/);
      await project.write("q.sql", "delete from users; -- all\n");
      const file = await project.json(["query", "explain", "--file", "q.sql"]);
      assert.equal(file.code, 0, file.error?.message);
      const input = await project.json(["query", "explain", "-f", "-"], { input: "select 1" });
      assert.equal(input.code, 0);
      assert.equal((await project.json(["query", "explain", "-f", "none.sql"])).code, 2);
      const analyze = await project.json(["query", "explain", "-f", "q.sql", "--analyze"]);
      assert.equal(analyze.code, dialect.name === "sqlite" ? 2 : 0, analyze.error?.message);
      if (dialect.name === "postgres") {
        const run = ["query", "explain", "-f", "q.sql", "--analyze", "--format", "json"];
        const all = await project.json([...run, "--costs", "--timing", "--summary"]);
        const shown = JSON.stringify(all.data.plan);
        assert.match(shown, /Total Cost.*Actual Total Time.*Execution Time/, shown);
        const less = await project.json([...run, "--no-costs", "--no-timing", "--no-summary"]);
        assert.equal(less.code, 0, less.error?.message);
        assert.doesNotMatch(JSON.stringify(less.data.plan), /Cost|Time/);
      }
      const { data } = await project.json(["db", "tables", "--count"]);
      assert.equal(data.tables[0].rows, 3);
    });
  });
}, ["sqlite", "postgres", "mysql"]);
