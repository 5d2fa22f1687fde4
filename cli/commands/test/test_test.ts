import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { onEveryDialect, type TestDialect } from "../../../tests/support/matrix.ts";
import { withDatabase } from "../../_testing/databases.ts";
import { type Project, withProject } from "../../_testing/program.ts";

const KEYS: Readonly<Record<string, string>> = {
  sqlite: "integer primary key",
  postgres: "serial primary key",
  mysql: "integer primary key auto_increment",
};

const BYTES: Readonly<Record<string, string>> = {
  sqlite: "blob",
  postgres: "bytea",
  mysql: "blob",
};
const TIMES: Readonly<Record<string, string>> = {
  sqlite: "text",
  postgres: "timestamptz",
  mysql: "datetime(3)",
};

function shop({ name }: TestDialect): string {
  return `
    create table users (
      id ${KEYS[name]}, email varchar(30) not null unique, name varchar(50) not null,
      born date, photo ${BYTES[name]}, seen ${
    TIMES[name]
  }, is_on boolean not null, score numeric(6, 2)
    );
    create table posts (
      id ${KEYS[name]}, user_id integer not null references users (id), title varchar(9) not null,
      reply_to integer references posts (id)
    );
    create table tags (code varchar(5) primary key);
    create table post_tags (
      post_id integer not null references posts (id), code varchar(5) not null references tags (code),
      primary key (post_id, code)
    );`;
}

/** Writes a configuration whose tests have a database of their own on the server; returns its name. */
async function configure(project: Project, dialect: TestDialect, url: string): Promise<string> {
  const name = `kysera_cli_test_${crypto.randomUUID().slice(0, 8)}`;
  const own = dialect.name === "sqlite" ? `sqlite:${name}.db` : other(url, name);
  await project.write(
    "kysera.config.json",
    JSON.stringify({
      database: { connection: url },
      environments: { test: { database: { connection: own } } },
    }),
  );
  await project.write("migrations/001_shop.sql", shop(dialect));
  return dialect.name === "sqlite" ? `${name}.db` : name;
}

function other(url: string, name: string): string {
  const found = new URL(url);
  found.pathname = `/${name}`;
  found.search = "";
  return found.href;
}

async function countsOf(project: Project): Promise<Record<string, number>> {
  const { data } = await project.json(["db", "tables", "--count", "--env", "test"]);
  return Object.fromEntries(
    data.tables.map(({ name, rows }: { name: string; rows: number }) => [name, rows]),
  );
}

onEveryDialect("kysera test", (dialect) => {
  it("sets a database up, fills it, and drops it", async () => {
    await withDatabase(dialect, async ({ project, url }) => {
      const name = await configure(project, dialect, url);
      const teardown = ["test", "teardown", "--yes", "--confirm", name];
      try {
        await project.write(
          "tests/fixtures/users.json",
          JSON.stringify([
            { id: 1, email: "ada@x", name: "Ada", is_on: true },
            { id: 2, email: "bob@x", name: "Bob", is_on: false, born: "2000-01-31" },
          ]),
        );
        await project.write(
          "tests/fixtures/posts.mjs",
          "export default () => ({ posts: [{ id: 1, user_id: 2, title: 'one' }] });",
        );
        const setup = await project.on(dialect)(["test", "setup", "--fixtures", "posts,users"]);
        assert.equal(setup.code, 0, setup.stderr);
        assert.match(setup.stdout, /^Created .*\nApplied 1 migration:\n/);
        assert.match(setup.stdout, /users: 2\n {2}posts: 1\n$/);
        const again = await project.json(["test", "setup"]);
        assert.deepEqual([again.data.created, again.data.migrated.executed], [false, []]);

        const seed = ["test", "seed", "--count", "20", "--clean"];
        const seeded = await project.json(seed);
        assert.equal(seeded.code, 0, seeded.error?.message);
        const rows = { users: 20, posts: 20, tags: 20, post_tags: 20 };
        assert.deepEqual(seeded.data.inserted, rows);
        assert.deepEqual(await countsOf(project), rows);
        const more = await project.json(["test", "seed", "-t", "users,posts", "--count", "3"]);
        assert.equal(more.code, 0, more.error?.message);
        assert.equal((await countsOf(project))["users"], 23);
        assert.equal((await project.json(["test", "seed", "-t", "user"])).code, 2);

        const saved = await project.json([
          "test",
          "fixtures",
          "--save",
          "all",
          "-t",
          "users,posts",
        ]);
        assert.deepEqual(saved.data.saved, { users: 23, posts: 23 }, saved.error?.message);
        const look = ["db", "console", "--env", "test", "-q"];
        const all = [...look, "select * from users order by id"];
        const before = await project.json(all);
        const anew = await project.json(["test", "setup", "--clean", "--fixtures", "all.json"]);
        assert.deepEqual(anew.data?.inserted, { users: 23, posts: 23 }, anew.error?.message);
        assert.ok(anew.data.dropped.length >= 4);
        assert.deepEqual((await project.json(all)).data, before.data);

        const behind = await project.json(["test", "seed", "-t", "posts", "--count", "1"]);
        assert.equal(behind.code, 0, behind.error?.message);
        await project.write(
          "tests/fixtures/wrong.json",
          '{ "users": [{ "emial": "x", "name": "y", "is_on": true }], "user": [] }',
        );
        const validate = ["test", "fixtures", "--validate", "-l", "wrong"];
        const wrong = await project.json(validate);
        assert.equal(wrong.code, 3);
        assert.equal(wrong.data.problems.length, 3, JSON.stringify(wrong.data));
        const load = await project.json(["test", "fixtures", "-l", "wrong"]);
        assert.equal(load.code, 1);
        assert.equal((await countsOf(project))["users"], 23);

        assert.equal((await project.json(["test", "teardown"])).code, 4);
        assert.equal((await project.json(["test", "teardown", "--yes"])).code, 4);
        const dropped = await project.json(teardown);
        assert.equal(dropped.data?.dropped, true, dropped.error?.message);
        assert.equal((await project.json(teardown)).data.dropped, false);
        if (dialect.name === "sqlite") assert.equal(existsSync(join(project.folder, name)), false);
      } finally {
        await project.json(teardown);
      }
    });
  });
}, ["sqlite", "postgres", "mysql"]);

describe("kysera test", () => {
  it("works on no database that is not for tests", async () => {
    await withProject(async (project) => {
      await project.write("migrations/001_a.sql", "create table a (id integer);");
      const setup = async (...args: string[]) => await project.json(["test", "setup", ...args]);
      for (
        const [url, code] of [
          ["sqlite:app.db", 4],
          ["sqlite:contest.db", 4],
          ["postgres://app@localhost/shop", 4],
          ["postgres://app@prod.example.org/shop_test", 4],
          ["sqlite::memory:", 2],
          ["sqlite:app_test.db", 0],
          ["sqlite:test.db", 0],
        ] as const
      ) {
        const answer = await setup("--url", url);
        assert.equal(answer.code, code, `${url}: ${JSON.stringify(answer)}`);
      }
      assert.equal((await setup("--url", "sqlite:app.db", "--confirm", "app.db")).code, 0);
      assert.equal((await setup("--url", "sqlite:app.db", "-d", "x_test.db")).code, 0);
      assert.ok(existsSync(join(project.folder, "x_test.db")));
      await project.write(
        "kysera.config.json",
        JSON.stringify({
          database: { connection: "sqlite:app.db" },
          environments: { ci: { database: { connection: "sqlite:ci_test.db" } } },
        }),
      );
      const none = await setup();
      assert.equal(none.code, 2);
      assert.match(none.error.message, /no environment "test"/);
      const ci = await setup("-e", "ci");
      assert.match(ci.data?.database, /ci_test\.db/, ci.error?.message);
      const { stdout } = await project.kysera(["test", "fixtures", "--list", "--env", "ci"]);
      assert.equal(stdout, "There are no fixtures\n");
    });
  });

  it("makes the same rows of the same seed", async () => {
    await withProject(async (project) => {
      await project.write(
        "migrations/001_a.sql",
        "create table a (id uuid primary key, note text not null, at timestamp, extra text);",
      );
      const url = ["--url", "sqlite:a_test.db"];
      const rows = async (...args: string[]) => {
        const seeded = await project.json(["test", "seed", "--clean", ...args, ...url]);
        assert.equal(seeded.code, 0, seeded.error?.message);
        return (await project.json(["db", "console", "-q", "select * from a", ...url])).data.rows;
      };
      assert.equal((await project.json(["test", "setup", ...url])).code, 0);
      const one = await rows("--seed", "5");
      assert.equal(one.length, 100);
      assert.match(one[0].id, /^[\da-f]{8}-[\da-f]{4}-4/);
      assert.deepEqual(await rows("--seed", "5"), one);
      assert.notDeepEqual(await rows("--seed", "6"), one);
      const few = await rows("--strategy", "minimal", "--count", "2");
      assert.deepEqual(few.map(({ extra }: { extra: unknown }) => extra), [null, null]);
    });
  });
});
