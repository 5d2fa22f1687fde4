import assert from "node:assert/strict";
import { it } from "node:test";
import { withDatabase } from "../../_testing/databases.ts";
import type { Project } from "../../_testing/program.ts";
import { onEveryDialect } from "../../../tests/support/matrix.ts";

async function writeProject(project: Project): Promise<void> {
  await project.write(
    "migrations/001_a.sql",
    `create table users (id integer not null primary key, email varchar(50) not null unique);
     create table posts (
       id integer not null primary key, user_id integer not null,
       constraint posts_user foreign key (user_id) references users (id)
     );
     create index posts_user_index on posts (user_id);
     create view emails as select email from users;
     -- down
     drop view emails;
     drop table posts;
     drop table users;`,
  );
  await project.write("seeds/001_users.sql", "insert into users values (1, 'a@b'), (2, 'c;@d');");
  await project.write(
    "seeds/002_posts.ts",
    `export async function seed(db: any): Promise<void> {
      await db.insertInto("posts").values({ id: 1, user_id: 2 }).execute();
    }`,
  );
  const up = await project.json(["migrate", "up"]);
  assert.equal(up.code, 0, up.error?.message);
}

onEveryDialect("kysera db", (dialect) => {
  it("lists tables, and shows what they are made of", async () => {
    await withDatabase(dialect, async ({ project }) => {
      await writeProject(project);
      const tables = await project.on(dialect)(["db", "tables"]);
      assert.match(tables.stdout, /^Name +Type +Columns\n/);
      assert.match(tables.stdout, /^users +table +2$/m, tables.stderr);
      assert.match(tables.stdout, /^emails +view +1$/m);
      const counted = await project.json(["db", "tables", "--count"]);
      assert.deepEqual(
        counted.data.tables.map((each: any) => [each.name, each.rows]).sort(),
        [["emails", 0], ["posts", 0], ["users", 0]],
      );
      const shown = await project.on(dialect)(["db", "introspect", "posts", "--detailed"]);
      assert.match(shown.stdout, /^ {2}user_id +\S+ +no +-> users$/m, shown.stdout);
      assert.match(shown.stdout, /posts_user_index/);
      const json = await project.json(["db", "introspect", "users"]);
      assert.deepEqual(json.data.primaryKey.columns, ["id"]);
      assert.equal((await project.json(["db", "introspect"])).data.tables.length, 2);
      const unknown = await project.json(["db", "introspect", "user"]);
      assert.deepEqual([unknown.code, unknown.error.message], [
        2,
        'There is no table "user" (did you mean "users"?)',
      ]);
    });
  });

  it("fills the database, and begins anew", async () => {
    await withDatabase(dialect, async ({ project, name }) => {
      await writeProject(project);
      const confirmed = ["--yes", "--confirm", name];
      const rows = async () => {
        const { data } = await project.json(["db", "tables", "--count"]);
        return Object.fromEntries(data.tables.map((each: any) => [each.name, each.rows]));
      };
      const dry = await project.json(["db", "seed", "--dry-run"]);
      assert.deepEqual(dry.data.seeds, ["001_users.sql", "002_posts.ts"]);
      const seeded = await project.on(dialect)(["db", "seed"]);
      assert.equal(seeded.code, 0, seeded.stderr);
      assert.deepEqual(await rows(), { emails: 2, posts: 1, users: 2 });
      const twice = await project.json(["db", "seed"]);
      assert.equal(twice.code, 1);
      assert.match(twice.error.message, /Cannot run seed "001_users.sql"/);

      assert.equal((await project.json(["db", "seed", "--fresh"])).code, 4);
      const fresh = await project.json(["db", "seed", "--fresh", "--transaction", ...confirmed]);
      assert.equal(fresh.code, 0, fresh.error?.message);
      assert.deepEqual(fresh.data.emptied.sort(), ["posts", "users"]);
      assert.deepEqual(await rows(), { emails: 2, posts: 1, users: 2 });

      assert.equal((await project.json(["db", "reset", "--seed"])).code, 4);
      const reset = await project.json(["db", "reset", "--seed", ...confirmed]);
      assert.equal(reset.code, 0, reset.error?.message);
      assert.deepEqual(reset.data.seeded, ["001_users.sql", "002_posts.ts"]);
      assert.deepEqual(await rows(), { emails: 2, posts: 1, users: 2 });
      const again = await project.json(["migrate", "reset", "--run", "--seed", ...confirmed]);
      assert.equal(again.code, 0, again.error?.message);
      assert.deepEqual(await rows(), { emails: 2, posts: 1, users: 2 });

      await project.write("more/x.js", "export default 5;");
      const wrong = await project.json(["db", "seed", "--directory", "more"]);
      assert.match(wrong.error.message, /exports no function "seed"/);
      assert.equal((await project.json(["db", "seed", "--file", "none.ts"])).code, 2);
    });
  });
}, ["sqlite", "postgres", "mysql"]);
