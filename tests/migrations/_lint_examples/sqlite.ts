import { sql } from "kysely";
import { alter, type Example, key } from "./example.ts";

/** Rules of SQLite. */
export const SQLITE: readonly Example[] = [
  {
    rule: "not-null-without-default",
    dialect: "sqlite",
    bad: [
      "alter table users add a int not null",
      "alter table users add a int not null default null",
      (db) => alter(db).addColumn("a", "integer", (c) => c.notNull()).execute(),
    ],
    good: ["alter table users add a int not null default 0", "alter table users add a int"],
  },
  {
    rule: "alter-needs-rebuild",
    dialect: "sqlite",
    bad: [
      "alter table users add a int unique",
      "alter table users add a text default current_timestamp",
      (db) => alter(db).alterColumn("nick", (c) => c.setNotNull()).execute(),
      (db) => alter(db).addUniqueConstraint("u", ["nick"]).execute(),
    ],
    good: ["alter table users add a int default 1", "alter table users rename nick to alias"],
  },
  {
    rule: "foreign-keys-in-tx",
    dialect: "sqlite",
    bad: ["pragma foreign_keys = off", (db) => sql`pragma foreign_keys = off`.execute(db)],
    good: ["-- transaction: false\npragma foreign_keys = off", "pragma defer_foreign_keys = on"],
  },
  {
    rule: "rebuild-loses-triggers",
    dialect: "sqlite",
    bad: [
      `create table new_users (${key}); insert into new_users select id from users; ` +
      "drop table users; alter table new_users rename to users",
      async (db) => {
        await db.schema.createTable("new_users").addColumn("id", "integer").execute();
        await db.schema.dropTable("users").execute();
        await db.schema.alterTable("new_users").renameTo("users").execute();
      },
    ],
    good: [
      `create table new_users (${key}); drop table users; alter table new_users rename to users; ` +
      "create trigger users_log after insert on users begin select 1; end",
      `create table new_teams (${key}); drop table teams; alter table new_teams rename to teams`,
    ],
  },
  {
    rule: "non-strict-table",
    dialect: "sqlite",
    bad: [
      "create table t (id integer primary key)",
      (db) => db.schema.createTable("t").addColumn("id", "integer").execute(),
    ],
    good: [
      "create table t (id integer primary key) strict",
      "create table t (id integer primary key) without rowid, strict",
    ],
  },
  {
    rule: "without-autoincrement-reuse",
    dialect: "sqlite",
    bad: ["create table t (id integer primary key)"],
    good: [
      "create table t (id integer primary key autoincrement)",
      "create table t (id text primary key)",
    ],
  },
];
