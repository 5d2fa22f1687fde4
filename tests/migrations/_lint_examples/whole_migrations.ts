import { batches, irreversible, type Migration } from "@kysera/migrations";
import { sql } from "kysely";
import { alter, type Example, key } from "./example.ts";

/** Rules about migrations as a whole. */
export const MIGRATIONS: readonly Example[] = [
  {
    rule: "data-and-schema-mixed",
    dialect: "postgres",
    bad: [
      "alter table users add a int; update users set a = 1 where id < 5",
      async (db) => {
        await alter(db).addColumn("a", "integer").execute();
        await db.updateTable("users").set({ a: 1 }).where("id", "<", 5).execute();
      },
    ],
    good: [
      "update users set age = 1 where id = 5",
      `create table t (${key}); update users set age = 1 where id = 5`,
      "-- transaction: false\nalter table users add a int; update users set a = 1 where id < 5",
    ],
  },
  {
    rule: "unbatched-update",
    dialect: "mysql",
    bad: [
      "update users set age = 1",
      "delete from users where age is null",
      "with x as (select id from teams where id = 3) update users set age = 1",
      (db) => db.updateTable("users").set({ age: 1 }).execute(),
      (db) => db.deleteFrom("users").execute(),
    ],
    good: [
      "update users set age = 1 where id = 7",
      (db) => db.deleteFrom("users").where("id", "in", [1, 2]).execute(),
      {
        transaction: false,
        up: async (db) => {
          await batches(db, {
            table: "users",
            key: "id",
            run: async (trx, batch) => {
              await trx.updateTable("users").set({ age: 1 }).where(batch.where).execute();
            },
          });
        },
      },
    ],
  },
  {
    rule: "raw-sql-unparsed",
    dialect: "postgres",
    bad: [
      "do $$ begin perform 1; end $$",
      "call work()",
      (db) => sql`do ${sql.lit("begin end")}`.execute(db),
    ],
    good: [
      "create function f() returns int language sql as $$ select 1 $$",
      "comment on table users is 'people'",
      "grant select on users to public",
    ],
  },
  {
    rule: "missing-down",
    dialect: "sqlite",
    bad: ["alter table users add a int", { up: () => Promise.resolve() }],
    good: [
      "alter table users add a int;\n-- down\nalter table users drop a;",
      { up: () => Promise.resolve(), down: () => Promise.resolve() },
      "-- repeatable\ncreate view v as select 1",
    ],
  },
  {
    rule: "irreversible-undeclared",
    dialect: "sqlite",
    bad: [
      "drop table users",
      "drop table users;\n-- down\ncreate table users (id integer);",
      { up: async (db) => void await alter(db).dropColumn("nick").execute() },
    ],
    good: [
      "alter table users add a int",
      `create table t (${key}); drop table t`,
      `create table new_users (${key}); drop table users; alter table new_users rename to users`,
      {
        up: async (db) => void await alter(db).dropColumn("nick").execute(),
        down: irreversible("the values are in the backup"),
      },
    ],
  },
  {
    rule: "app-import",
    dialect: "sqlite",
    bad: [
      { file: "1.ts", source: 'import { hash } from "../src/hash.ts";' },
      { file: "1.ts", source: 'import {\n  a,\n} from "lodash";\nexport const b = 1;' },
      { file: "1.ts", source: 'const { a } = await import("#app/users");' },
    ],
    good: [
      { file: "1.ts", source: 'import { sql } from "kysely";\nimport { a } from "./_shared.ts";' },
      { file: "1.ts", source: 'import type { Migration } from "npm:@kysera/migrations@1";' },
    ],
  },
  {
    rule: "nondeterministic-plan",
    dialect: "sqlite",
    bad: [
      async (db) => {
        const rows = await db.selectFrom("sqlite_master").select("name").execute();
        for (const { name } of rows) await sql`select ${name}`.execute(db);
      },
      () => Promise.reject(new Error("on purpose")),
    ],
    good: [(db) => alter(db).addColumn("a", "integer").execute()],
  },
  {
    rule: "ignore-without-reason",
    dialect: "sqlite",
    bad: [
      "-- kysera-ignore drop-table\ndrop table users",
      "drop table users -- kysera-ignore drop-table:\n",
    ],
    good: ["-- kysera-ignore drop-table: nobody reads it\ndrop table users"],
  },
  {
    rule: "unused-ignore",
    dialect: "sqlite",
    bad: [
      "-- kysera-ignore drop-table: nobody reads it\nalter table users add a int",
      "-- kysera-ignore drop-tables: there is no such rule\ndrop table users",
      { up: () => Promise.resolve(), lintIgnore: { "drop-table": "why" } } as Partial<Migration>,
    ],
    good: [
      "-- kysera-ignore drop-table, irreversible-undeclared: nobody reads it\ndrop table users",
    ],
  },
];
