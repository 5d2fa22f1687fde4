import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Project, withProject } from "../_testing/program.ts";

const CONFIG = `
import { nodeSqliteDialect } from "@kysera/dialects";
import { createExecutor } from "@kysera/executor";
import { softDeletePlugin } from "@kysera/soft-delete";
import { Kysely } from "kysely";
import { DatabaseSync } from "node:sqlite";

export default { database: { kysely: () => createExecutor(
  new Kysely({ dialect: nodeSqliteDialect({ database: new DatabaseSync(new URL("app.db", import.meta.url).pathname) }) }),
  [softDeletePlugin({ tables: ["users"] })],
) } };`;

async function fill(project: Project): Promise<void> {
  await project.write(
    "migrations/001_a.sql",
    `
    create table users (id integer primary key, name text, deleted_at text);
    create table posts (id integer primary key, user_id integer);`,
  );
  const up = await project.json(["migrate", "up", "--url", "sqlite:app.db"]);
  assert.equal(up.code, 0, up.error?.message);
  await project.write("kysera.config.mjs", CONFIG);
}

describe("kysera plugin, kysera policies", () => {
  it("tell what plugins do, and what they make of a query", async () => {
    await withProject(async (project) => {
      await fill(project);
      const list = await project.kysera(["plugin", "list"]);
      assert.match(
        list.stdout,
        /^Plugin +Version +Priority +Tables\n@kysera\/soft-delete /,
        list.stderr,
      );
      const described = await project.kysera(["plugin", "describe", "@kysera/soft-delete"]);
      assert.match(described.stdout, /^@kysera\/soft-delete .*\n(?:.*\n)* {2}users: /);
      const unknown = await project.json(["plugin", "describe", "@kysera/soft-delte"]);
      assert.equal(unknown.code, 2);

      const explain = await project.kysera(["policies", "explain", "--table", "users"]);
      assert.equal(
        explain.stdout.split("Rules")[0],
        'Written\n  select * from "users"\nRuns\n  select * from "users" where "users"."deleted_at" is null\n',
        explain.stderr,
      );
      assert.match(explain.stdout, /^ {2}users: @kysera\/soft-delete, filter/m);
      const code = 'db.updateTable("users as u").set({ name: "x" })';
      const update = await project.json([
        "policies",
        "explain",
        "-q",
        code,
        "--as",
        '{"userId":1}',
      ]);
      assert.match(update.data.after, /where "u"\."deleted_at" is null/);
      const untouched = await project.json(["policies", "explain", "-t", "posts"]);
      assert.equal(untouched.data.before, untouched.data.after);
      const refused = 'db.selectFrom(sql`users`.as("u")).selectAll()';
      const asked = await project.json(["policies", "explain", "-q", refused]);
      assert.ok([0, 3].includes(asked.code!));
      assert.equal(asked.code === 3, asked.data.refused !== null);
      assert.equal((await project.json(["policies", "explain", "-q", "select 1"])).code, 2);
      assert.equal((await project.json(["policies", "explain"])).code, 2);
      const none = await project.json(["plugin", "list", "--url", "sqlite:app.db"]);
      assert.equal(none.code, 2);
      assert.match(none.error.message, /has no executor/);
    });
  });
});
