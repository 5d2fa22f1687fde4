import { alter, type Example, key } from "./example.ts";

/** Rules about what is lost, about names and keys. */
export const COMMON: readonly Example[] = [
  {
    rule: "drop-table",
    dialect: "postgres",
    bad: ["drop table users", (db) => db.schema.dropTable("users").execute()],
    good: [
      `create table t (${key}); drop table t`,
      async (db) => {
        await db.schema.createTable("t").addColumn("id", "bigint").execute();
        await db.schema.dropTable("t").execute();
      },
    ],
  },
  {
    rule: "drop-column",
    dialect: "mysql",
    bad: [
      "alter table users drop column nick",
      "alter table users drop nick",
      (db) => alter(db).dropColumn("nick").execute(),
    ],
    good: [
      `create table t (${key}, a int); alter table t drop column a`,
      "alter table users drop index users_email",
    ],
  },
  {
    rule: "drop-schema",
    dialect: "postgres",
    bad: ["drop schema app cascade", (db) => db.schema.dropSchema("app").execute()],
    good: ["create schema app"],
  },
  {
    rule: "truncate-cascade",
    dialect: "postgres",
    bad: ["truncate users cascade", "truncate table users, teams restart identity cascade"],
    good: ["truncate users, teams", "truncate only users restrict"],
  },
  {
    rule: "drop-foreign-key",
    dialect: "mysql",
    bad: [
      "alter table users drop foreign key users_team",
      (db) => alter(db).dropConstraint("users_team").execute(),
    ],
    good: [
      "alter table users drop check positive",
      (db) => alter(db).dropConstraint("positive").execute(),
    ],
  },
  {
    rule: "drop-not-null",
    dialect: "postgres",
    bad: [
      "alter table users alter email drop not null",
      (db) => alter(db).alterColumn("email", (c) => c.dropNotNull()).execute(),
    ],
    good: [
      "alter table users alter nick set not null",
      (db) => alter(db).alterColumn("email", (c) => c.setNotNull()).execute(),
    ],
  },
  {
    rule: "drop-not-null",
    dialect: "mysql",
    bad: [
      "alter table users modify email varchar(50)",
      (db) => alter(db).modifyColumn("email", "varchar(50)").execute(),
    ],
    good: [
      "alter table users modify email varchar(50) not null",
      (db) => alter(db).modifyColumn("email", "varchar(50)", (c) => c.notNull()).execute(),
    ],
  },
  {
    rule: "rename-table",
    dialect: "sqlite",
    bad: ["alter table users rename to people", (db) => alter(db).renameTo("people").execute()],
    good: [
      `create table t (${key}); alter table t rename to u`,
      "create view people as select * from users",
    ],
  },
  {
    rule: "rename-table",
    dialect: "mysql",
    bad: ["rename table teams to groups_, users to people", "alter table users rename people"],
    good: ["alter table users rename index users_email to by_email"],
  },
  {
    rule: "rename-column",
    dialect: "postgres",
    bad: [
      "alter table users rename nick to alias",
      (db) => alter(db).renameColumn("nick", "alias").execute(),
    ],
    good: [
      "alter table users rename constraint a to b",
      (db) => alter(db).addColumn("alias", "text").execute(),
    ],
  },
  {
    rule: "rename-column",
    dialect: "mysql",
    bad: ["alter table users change nick alias varchar(50)"],
    good: ["alter table users change nick nick varchar(60)"],
  },
  {
    rule: "add-required-column",
    dialect: "postgres",
    bad: [
      "alter table users add column a int not null",
      (db) => alter(db).addColumn("a", "integer", (c) => c.notNull()).execute(),
    ],
    good: [
      "alter table users add a int not null default 0",
      "alter table users add a int",
      (db) => alter(db).addColumn("a", "integer", (c) => c.notNull().defaultTo(0)).execute(),
    ],
  },
  {
    rule: "set-not-null",
    dialect: "postgres",
    bad: [
      "alter table users alter column nick set not null",
      (db) => alter(db).alterColumn("nick", (c) => c.setNotNull()).execute(),
    ],
    good: [
      "alter table users add constraint c check (nick is not null) not valid; " +
      "alter table users validate constraint c; alter table users alter nick set not null",
      `create table t (${key}, a int); alter table t alter a set not null`,
    ],
  },
  {
    rule: "unique-on-existing",
    dialect: "mysql",
    bad: [
      "create unique index u on users (nick)",
      "alter table users add unique key u (nick)",
      (db) => db.schema.createIndex("u").on("users").column("nick").unique().execute(),
      (db) => alter(db).addUniqueConstraint("u", ["nick"]).execute(),
    ],
    good: ["create index u on users (nick)", `create table t (${key}, a int, unique (a))`],
  },
  {
    rule: "narrow-type",
    dialect: "postgres",
    bad: [
      "alter table users alter email type varchar(20)",
      "alter table users alter column id set data type int",
      (db) => alter(db).alterColumn("id", (c) => c.setDataType("integer")).execute(),
    ],
    good: [
      "alter table users alter email type varchar(60)",
      "alter table users alter age type bigint",
      (db) => alter(db).alterColumn("email", (c) => c.setDataType("text")).execute(),
    ],
  },
  {
    rule: "int-primary-key",
    dialect: "postgres",
    bad: [
      "create table t (id serial primary key)",
      "create table t (id int, primary key (id))",
      (db) =>
        db.schema.createTable("t").addColumn("id", "integer", (c) => c.primaryKey()).execute(),
    ],
    good: [
      "create table t (id bigserial primary key)",
      "create table t (user_id int primary key references users)",
      "create table t (a int, b int, primary key (a, b))",
    ],
  },
  {
    rule: "no-primary-key",
    dialect: "sqlite",
    bad: [
      "create table t (a int)",
      (db) => db.schema.createTable("t").addColumn("a", "integer").execute(),
    ],
    good: [
      `create table t (${key})`,
      "create table t (a int, primary key (a))",
      "create temp table t (a int)",
      "create table t as select 1 as a",
    ],
  },
  {
    rule: "unindexed-foreign-key",
    dialect: "postgres",
    bad: [
      `create table t (${key}, user_id bigint references users (id))`,
      `create table t (${key}, a int, b int, foreign key (a, b) references x); create index i on t (a)`,
      (db) => alter(db).addForeignKeyConstraint("f", ["age"], "teams", ["id"]).execute(),
    ],
    good: [
      `create table t (${key}, user_id bigint references users); create index i on t (user_id)`,
      "create table t (user_id bigint references users, a int, primary key (user_id, a))",
    ],
  },
  {
    rule: "duplicate-index",
    dialect: "mysql",
    bad: [
      "create index i on users (email)",
      "create index i on users (id)",
      (db) => db.schema.createIndex("i").on("users").columns(["email", "nick"]).execute(),
    ],
    good: [
      "create index i on users (nick)",
      "create unique index i on users (email)",
      "drop index users_email on users; create index i on users (email)",
    ],
  },
  {
    rule: "wide-index",
    dialect: "sqlite",
    bad: [
      "create index i on users (email, nick, age, kind)",
      (db) =>
        db.schema.createIndex("i").on("users").columns(["email", "nick", "age", "kind"]).execute(),
    ],
    good: [
      "create index i on users (email, nick, age)",
      "create unique index i on users (email, nick, age, kind)",
    ],
  },
  {
    rule: "identifier-too-long",
    dialect: "postgres",
    bad: [
      `alter table users add column ${"a".repeat(64)} int`,
      (db) => db.schema.createTable("ü".repeat(32)).addColumn("id", "bigint").execute(),
    ],
    good: [`alter table users add column ${"a".repeat(63)} int`],
  },
  {
    rule: "naming",
    dialect: "postgres",
    options: { rules: { naming: "warning" } },
    bad: [
      'alter table users add column "lastName" int',
      (db) => alter(db).renameTo("Users").execute(),
    ],
    good: ["alter table users add column last_name int"],
  },
];
