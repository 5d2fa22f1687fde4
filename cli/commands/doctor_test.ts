import assert from "node:assert/strict";
import { it } from "node:test";
import { withDatabase } from "../_testing/databases.ts";
import { onEveryDialect, type TestDialectName } from "../../tests/support/matrix.ts";

/** A schema with what is to be found, and what each check says of it. */
const CASES: Readonly<
  Record<Exclude<TestDialectName, "pglite">, [string, Record<string, RegExp>]>
> = {
  sqlite: [
    `create table users (id integer primary key, email text unique, a text, deleted_at text);
       create table posts (user_id integer references users (id));
       create index one on users (email, a); create index two on users (email, a, deleted_at);`,
    {
      "no-primary-key": /"posts" has no primary key/,
      "unindexed-foreign-key": /on "posts" \("user_id"\)/,
      "duplicate-index": /"one" is the beginning of "two"/,
      "unique-with-soft-delete": /where "deleted_at" is null/,
      "rollback-journal": /"delete"/,
    },
  ],
  postgres: [
    `create table users (id int generated always as identity primary key, email text unique,
         at timestamp, deleted_at timestamptz);
       create table posts (user_id int references users (id));
       create index one on users (email); create index two on users (at); create index three on users (at, id);
       alter table posts add constraint positive check (user_id > 0) not valid;
       create policy own on posts using (true);
       create table locked (id bigint primary key); alter table locked enable row level security;
       create table shown (id bigint primary key); alter table shown enable row level security;
       create policy own on shown using (true);`,
    {
      "no-primary-key": /"posts"/,
      "unindexed-foreign-key": /create index "posts_user_id_index" on "posts"/,
      "duplicate-index": /"two" is the beginning of "three"/,
      "unique-with-soft-delete": /create unique index/,
      "timestamp-without-zone": /alter table "users" alter column "at" type timestamptz/,
      "policy-without-security": /alter table "posts" enable row level security;/,
      "security-without-policy": /"locked" has row-level security and no policy/,
      "security-not-forced": /alter table "shown" force row level security;/,
      "exempt-user": /superuser/,
      "small-primary-key": /"users" is numbered by integer/,
      "unvalidated-constraint": /alter table "posts" validate constraint "positive";/,
    },
  ],
  mysql: [
    `create table users (id int not null auto_increment primary key, email varchar(20) unique,
         deleted_at datetime);
       create table posts (user_id int) engine = MyISAM;
       create index one on users (deleted_at); create index two on users (deleted_at, email);`,
    {
      "no-primary-key": /"posts"/,
      "no-transactions": /alter table `posts` engine = InnoDB;/,
      "duplicate-index": /drop index `one` on `users`;/,
      "unique-with-soft-delete": /together with a column/,
      "small-primary-key": /modify column `id` bigint not null auto_increment;/,
      "datetime-without-zone": /users\.deleted_at is a datetime/,
    },
  ],
};

/** What depends on the server of whoever runs the tests. */
const SERVER = [
  ...["old-server", "troubled-server", "almighty-user", "endless-transactions", "open-schema"],
];

onEveryDialect("kysera doctor", (dialect) => {
  const [script, expected] = CASES[dialect.name as keyof typeof CASES];

  it("finds trouble, and says what mends it", async () => {
    await withDatabase(dialect, async ({ project }) => {
      await project.write(
        "migrations/001_a.sql",
        "create table fine (id bigint not null primary key);",
      );
      await project.json(["migrate", "up"]);
      const well = await project.on(dialect)([
        ...["doctor", "--ignore", [...SERVER, "rollback-journal", "exempt-user"].join()],
      ]);
      assert.deepEqual([well.code, well.stdout], [0, "Nothing was found\n"], well.stderr);

      await project.write("migrations/002_b.sql", script);
      const up = await project.json(["migrate", "up"]);
      assert.equal(up.code, 0, up.error?.message);
      const { code, data } = await project.json(["doctor"]);
      assert.equal(code, 3);
      const ids = new Set(data.findings.map(({ check }: { check: string }) => check));
      for (const id of SERVER) ids.delete(id);
      assert.deepEqual([...ids].sort(), Object.keys(expected).sort());
      for (const [check, pattern] of Object.entries(expected)) {
        const texts = data.findings.filter((each: any) => each.check === check)
          .map((each: any) => `${each.message} ${each.fix}`);
        assert.ok(
          texts.some((text: string) => pattern.test(text)),
          `${check}: ${texts.join("; ")}`,
        );
      }
      const shown = await project.on(dialect)(["doctor"]);
      assert.match(shown.stdout, /^warning .*\(no-primary-key\)\n {2}.*\n {2}Instead: /m);
      const hasErrors = data.findings.some((each: any) => each.severity === "error");
      const only = await project.json(["doctor", "--errors-only"]);
      assert.equal(only.code, hasErrors ? 3 : 0);
      const other = await project.json(["doctor", "--deleted-at", "gone"]);
      assert.ok(!JSON.stringify(other.data.findings).includes("unique-with-soft-delete"));
      assert.equal((await project.json(["doctor", "--ignore", "old-sever"])).code, 2);
    });
  });
}, ["sqlite", "postgres", "mysql"]);
