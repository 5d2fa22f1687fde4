/**
 * A bad and a good example of each rule of the linter: scripts of SQL, and what Kysely builds.
 *
 * @module
 */
import { batches, irreversible, type Migration } from "@kysera/migrations";
import type { LintOptions } from "@kysera/migrations/lint";
import { type Kysely, sql } from "kysely";
import { snapshotOf } from "./_lint_schema.ts";

/** A script of SQL, or what Kysely builds; or a whole migration. */
export type ExampleMigration =
  | string
  | ((db: Kysely<any>) => Promise<unknown>)
  | Partial<Migration>;

/** What a rule finds something in, and what it does not. */
export interface Example {
  readonly rule: string;
  readonly dialect: "postgres" | "mysql" | "sqlite";
  readonly bad: readonly ExampleMigration[];
  readonly good: readonly ExampleMigration[];
  readonly options?: LintOptions;
}

const key = "id bigint primary key";
const alter = (db: Kysely<any>) => db.schema.alterTable("users");
const without = { transaction: false } as const;
const asRls = (more: object): LintOptions => ({
  plugins: {
    rls: { schema: { notes: { policies: [{ condition: { tenant_id: 1 } }] } }, ...more },
  },
});
const rls = asRls({});
const softDelete: LintOptions = { plugins: { softDelete: { tables: ["users", "notes"] } } };
const audit: LintOptions = {
  plugins: { audit: { tables: ["notes"], maskColumns: ["masked_token"] } },
};

/** Rules about what is lost, about names and keys. */
const COMMON: readonly Example[] = [
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

/** Rules about migrations as a whole. */
const MIGRATIONS: readonly Example[] = [
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

/** Rules of PostgreSQL. */
const POSTGRES: readonly Example[] = [
  {
    rule: "index-not-concurrent",
    dialect: "postgres",
    bad: [
      "create index i on users (nick)",
      "drop index users_email",
      "reindex table users",
      "alter table users detach partition p",
      (db) => db.schema.createIndex("i").on("users").column("nick").execute(),
      (db) => db.schema.dropIndex("users_email").execute(),
    ],
    good: [
      "-- transaction: false\ncreate index concurrently i on users (nick)",
      "-- transaction: false\ndrop index concurrently users_email",
      "-- transaction: false\nreindex (concurrently) index users_email",
      `create table t (${key}, a int); create index i on t (a); drop index i`,
    ],
  },
  {
    rule: "concurrent-in-transaction",
    dialect: "postgres",
    bad: [
      "create index concurrently i on users (nick)",
      "drop index concurrently users_email",
      "reindex table concurrently users",
      (db) => sql`create index concurrently i on users (nick)`.execute(db),
    ],
    good: [
      "-- transaction: false\ncreate index concurrently i on users (nick)",
      {
        ...without,
        up: async (db) => void await sql`reindex table concurrently users`.execute(db),
      },
    ],
  },
  {
    rule: "leftover-invalid-index",
    dialect: "postgres",
    bad: [
      "-- transaction: false\ncreate index concurrently if not exists i on users (nick)",
      "-- transaction: false\ncreate index concurrently teams_broken on teams (id, tenant_id)",
    ],
    good: [
      "-- transaction: false\ndrop index concurrently if exists i;\n" +
      "create index concurrently if not exists i on users (nick)",
      "-- transaction: false\ncreate index concurrently i on users (nick)",
      "-- transaction: false\ndrop index concurrently teams_broken;\n" +
      "create index concurrently teams_broken on teams (id, tenant_id)",
    ],
  },
  {
    rule: "transaction-nesting",
    dialect: "postgres",
    bad: ["begin; alter table users add a int; commit"],
    good: [
      "alter table users add a int",
      "savepoint a; alter table users add a int; rollback to a",
    ],
  },
  {
    rule: "constraint-without-not-valid",
    dialect: "postgres",
    bad: [
      "alter table users add constraint c check (age > 0)",
      "alter table users add foreign key (team_id) references teams",
      "alter table users add a bigint default 1 references teams (id)",
      "alter table users add constraint c check (age > 0) not valid; alter table users validate constraint c",
      (db) => alter(db).addCheckConstraint("c", sql`age > 0`).execute(),
      (db) => alter(db).addForeignKeyConstraint("f", ["team_id"], "teams", ["id"]).execute(),
    ],
    good: [
      "alter table users add constraint c check (age > 0) not valid",
      "alter table users validate constraint c",
      "alter table users add a bigint references teams (id)",
      `create table t (${key}, user_id bigint references users, check (id > 0))`,
    ],
  },
  {
    rule: "unique-constraint-blocking",
    dialect: "postgres",
    bad: [
      "alter table users add constraint u unique (email)",
      "alter table users add a int unique",
      (db) => alter(db).addUniqueConstraint("u", ["email"]).execute(),
    ],
    good: ["alter table users add constraint u unique using index users_unique"],
  },
  {
    rule: "primary-key-blocking",
    dialect: "postgres",
    bad: [
      "alter table users add primary key (id)",
      "alter table users add a bigint primary key",
      (db) => alter(db).addPrimaryKeyConstraint("p", ["id"]).execute(),
    ],
    good: ["alter table users add constraint p primary key using index users_key"],
  },
  {
    rule: "exclusion-constraint",
    dialect: "postgres",
    bad: ["alter table users add exclude using gist (age with =)"],
    good: [`create table t (${key}, a int, exclude using gist (a with =))`],
  },
  {
    rule: "set-not-null-scan",
    dialect: "postgres",
    bad: [
      "alter table users alter nick set not null",
      "alter table users add constraint c check (nick is not null) not valid; " +
      "alter table users alter nick set not null",
      (db) => alter(db).alterColumn("nick", (c) => c.setNotNull()).execute(),
    ],
    good: [
      "alter table users add constraint c check (nick is not null) not valid; " +
      "alter table users validate constraint c; alter table users alter nick set not null",
    ],
  },
  {
    rule: "set-not-null-scan",
    dialect: "postgres",
    options: { targetVersion: "11.4" },
    bad: [
      "alter table users add constraint c check (nick is not null); " +
      "alter table users alter nick set not null",
    ],
    good: ["alter table users alter nick drop not null"],
  },
  {
    rule: "volatile-default",
    dialect: "postgres",
    bad: [
      "alter table users add a uuid default gen_random_uuid()",
      "alter table users add a timestamptz not null default clock_timestamp()",
      "alter table users add a int default app.next_number()",
      (db) =>
        alter(db).addColumn("a", "uuid", (c) => c.defaultTo(sql`gen_random_uuid()`)).execute(),
    ],
    good: [
      "alter table users add a timestamptz default now()",
      "alter table users add a timestamptz default current_timestamp",
      "alter table users add a text default 'x'::text",
      "alter table users alter age set default random()",
      (db) => alter(db).addColumn("a", "integer", (c) => c.defaultTo(1)).execute(),
    ],
  },
  {
    rule: "volatile-default",
    dialect: "postgres",
    options: { targetVersion: "10" },
    bad: ["alter table users add a int default 1"],
    good: ["alter table users add a int default null", "alter table users add a int"],
  },
  {
    rule: "stored-generated-column",
    dialect: "postgres",
    bad: [
      "alter table users add a int generated always as (age * 2) stored",
      (db) =>
        alter(db).addColumn("a", "integer", (c) => c.generatedAlwaysAs(sql`age * 2`).stored())
          .execute(),
    ],
    good: [
      "alter table users add a int",
      `create table t (${key}, a int generated always as (id * 2) stored)`,
    ],
  },
  {
    rule: "serial-on-existing",
    dialect: "postgres",
    bad: [
      "alter table users add a bigserial",
      "alter table users add a bigint generated by default as identity",
      (db) => alter(db).addColumn("a", "serial").execute(),
    ],
    good: ["create table t (id bigserial primary key)", "alter table users add a bigint"],
  },
  {
    rule: "type-rewrite",
    dialect: "postgres",
    bad: [
      "alter table users alter age type bigint",
      "alter table users alter email type varchar(20)",
      "alter table users alter email type text using lower(email)",
      "alter table strangers alter a type text",
      (db) => alter(db).alterColumn("age", (c) => c.setDataType("bigint")).execute(),
    ],
    good: [
      "alter table users alter email type varchar(60)",
      "alter table users alter email type text",
      (db) => alter(db).alterColumn("email", (c) => c.setDataType("text")).execute(),
    ],
  },
  {
    rule: "missing-lock-timeout",
    dialect: "postgres",
    bad: [
      "alter table users add a int",
      "alter table users add a int; set lock_timeout = '5s'",
      (db) => alter(db).addColumn("a", "integer").execute(),
    ],
    good: [
      "set local lock_timeout = '5s'; alter table users add a int",
      `create table t (${key}); alter table t add a int`,
      async (db) => {
        await sql`set local lock_timeout = '5s'`.execute(db);
        await alter(db).addColumn("a", "integer").execute();
      },
    ],
  },
  {
    rule: "missing-statement-timeout",
    dialect: "postgres",
    bad: ["alter table users add a int"],
    good: ["set statement_timeout to '1min'; alter table users add a int"],
  },
  {
    rule: "vacuum-full",
    dialect: "postgres",
    bad: ["vacuum full users", "vacuum (full, verbose) users"],
    good: ["vacuum users", "vacuum (analyze) users"],
  },
  {
    rule: "cluster",
    dialect: "postgres",
    bad: ["cluster users using i"],
    good: ["alter table users cluster on i"],
  },
  {
    rule: "timestamp-without-tz",
    dialect: "postgres",
    bad: [
      `create table t (${key}, at timestamp)`,
      "alter table users add at timestamp(3) without time zone",
      (db) => alter(db).addColumn("at", "timestamp").execute(),
    ],
    good: [
      `create table t (${key}, at timestamp with time zone)`,
      "alter table users add at timestamptz(3)",
      (db) => alter(db).addColumn("at", "timestamptz").execute(),
    ],
  },
  {
    rule: "json-not-jsonb",
    dialect: "postgres",
    bad: ["alter table users add a json", (db) => alter(db).addColumn("a", "json").execute()],
    good: ["alter table users add a jsonb", (db) => alter(db).addColumn("a", "jsonb").execute()],
  },
  {
    rule: "char-n",
    dialect: "postgres",
    bad: [
      "alter table users add a char(3)",
      "alter table users add a character (3)",
      (db) => alter(db).addColumn("a", "char(3)").execute(),
    ],
    good: ["alter table users add a character varying(3)", "alter table users add a text"],
  },
  {
    rule: "serial",
    dialect: "postgres",
    bad: [
      "create table t (id bigserial primary key)",
      (db) => alter(db).addColumn("a", "serial").execute(),
    ],
    good: ["create table t (id bigint generated always as identity primary key)"],
  },
  {
    rule: "varchar-n",
    dialect: "postgres",
    options: { rules: { "varchar-n": "info" } },
    bad: [
      "alter table users add a varchar(20)",
      (db) => alter(db).addColumn("a", "varchar(20)").execute(),
    ],
    good: ["alter table users add a varchar", "alter table users add a text"],
  },
  {
    rule: "domain-constraint",
    dialect: "postgres",
    bad: [
      "create domain d as text check (value <> '')",
      "alter domain d add constraint c check (value <> '')",
    ],
    good: [
      "create domain d as text",
      "alter domain d add constraint c check (value <> '') not valid",
      "alter domain d drop constraint c",
    ],
  },
  {
    rule: "enum-add-value-order",
    dialect: "postgres",
    bad: ["alter type mood add value if not exists 'meh' before 'bad'"],
    good: ["alter type mood add value 'meh'"],
  },
  {
    rule: "rename-enum-value",
    dialect: "postgres",
    bad: ["alter type mood rename value 'bad' to 'worse'"],
    good: [
      "alter type mood rename to moods",
      "create type m as enum ('a'); alter type m rename value 'a' to 'b'",
    ],
  },
  {
    rule: "enum-value-used-in-same-tx",
    dialect: "postgres",
    bad: ["alter type mood add value 'meh'; insert into users (mood) values ('meh')"],
    good: [
      "alter type mood add value 'meh'; insert into users (mood) values ('good')",
      "-- transaction: false\nalter type mood add value 'meh'; insert into users (mood) values ('meh')",
    ],
  },
  {
    rule: "non-robust-statement",
    dialect: "postgres",
    bad: [
      "-- transaction: false\nalter table users add a int; alter table users add b int",
      {
        ...without,
        up: async (db) => {
          await db.schema.createTable("t").addColumn("id", "bigint").execute();
          await db.schema.createTable("u").addColumn("id", "bigint").execute();
        },
      },
    ],
    good: [
      "alter table users add a int; alter table users add b int",
      "-- transaction: false\nalter table users add a int",
      "-- transaction: false\nalter table users add if not exists a int; drop table if exists t",
    ],
  },
  {
    rule: "schema-unqualified",
    dialect: "postgres",
    options: { rules: { "schema-unqualified": "info" } },
    bad: [
      `create table t (${key})`,
      (db) => db.schema.createTable("t").addColumn("a", "text").execute(),
    ],
    good: [
      `create table app.t (${key})`,
      (db) => db.withSchema("app").schema.createTable("t").addColumn("a", "text").execute(),
    ],
  },
  {
    rule: "rls-enabled-no-policy",
    dialect: "postgres",
    bad: [
      `create table t (${key}); alter table t enable row level security`,
      "alter table users enable row level security",
    ],
    good: [
      `create table t (${key}); alter table t enable row level security; ` +
      "create policy p on t using (true)",
      "alter table strangers enable row level security",
    ],
  },
  {
    rule: "policy-but-rls-off",
    dialect: "postgres",
    bad: [
      `create table t (${key}); create policy p on t using (true)`,
      "create policy p on strangers using (true); alter table strangers disable row level security",
      "create policy p on users using (true)",
    ],
    good: [
      `create table t (${key}); create policy p on t using (true); alter table t enable row level security`,
      "create policy p on strangers using (true)",
    ],
  },
  {
    rule: "rls-not-forced",
    dialect: "postgres",
    bad: ["alter table users enable row level security"],
    good: [
      "alter table users enable row level security; alter table users force row level security",
    ],
  },
  {
    rule: "policy-per-row-function",
    dialect: "postgres",
    bad: [
      "create policy p on users using (tenant_id = current_setting('app.tenant')::bigint)",
      "create policy p on users for insert with check (tenant_id = auth.uid())",
    ],
    good: [
      "create policy p on users using (tenant_id = (select current_setting('app.tenant')::bigint))",
      "create policy p on users using (nick = current_user)",
    ],
  },
];

/** Rules of MySQL and MariaDB. */
const members = (count: number): string =>
  Array.from({ length: count }, (_, i) => `'m${i}'`).join(", ");
const withKind = (kind: "enum" | "set", count: number): LintOptions => ({
  snapshot: snapshotOf([{
    name: "users",
    columns: { [kind === "enum" ? "kind" : "flags"]: `${kind}(${members(count)})` },
  }]),
});
const MYSQL: readonly Example[] = [
  {
    rule: "alter-copies-table",
    dialect: "mysql",
    bad: [
      "alter table users modify age bigint",
      "alter table users modify email varchar(400) not null",
      "alter table users add constraint f foreign key (team_id) references teams (id)",
      "alter table users convert to character set utf8mb4",
      (db) => alter(db).modifyColumn("age", "bigint").execute(),
    ],
    good: [
      "alter table users modify nick varchar(60)",
      "alter table users add a int",
    ],
  },
  {
    rule: "alter-blocks-writes",
    dialect: "mysql",
    bad: ["create fulltext index i on users (nick)", "alter table users add fulltext key i (nick)"],
    good: ["create index i on users (nick)", `create table t (${key}, a text, fulltext key i (a))`],
  },
  {
    rule: "expression-default",
    dialect: "mysql",
    bad: [
      "alter table users add a char(36) default (uuid())",
      (db) =>
        alter(db).addColumn("a", sql`json`, (c) => c.defaultTo(sql`(json_array())`)).execute(),
    ],
    good: [
      "alter table users add a datetime default current_timestamp",
      "alter table users add a int default 1",
      "alter table users alter age set default (1 + 1)",
    ],
  },
  ...(["enum", "set"] as const).flatMap((kind): Example[] => {
    const column = kind === "enum" ? "kind" : "flags";
    const to = (list: string) => `alter table users modify ${column} ${kind}(${list}) not null`;
    return [
      {
        rule: `${kind}-reorder`,
        dialect: "mysql",
        bad: [
          to("'b', 'a', 'c'"),
          (db) =>
            alter(db).modifyColumn(column, sql.raw(`${kind}('c','b','a')`), (c) => c.notNull())
              .execute(),
        ],
        good: [to("'a', 'b', 'c', 'd'")],
      },
      {
        rule: `${kind}-remove`,
        dialect: "mysql",
        bad: [to("'a', 'b'")],
        good: [to("'a', 'b', 'c', 'd'")],
      },
      {
        rule: `${kind}-insert-middle`,
        dialect: "mysql",
        bad: [to("'a', 'x', 'b', 'c'")],
        good: [to("'a', 'b', 'c', 'x'")],
      },
      {
        rule: `${kind}-storage`,
        dialect: "mysql",
        options: withKind(kind, kind === "enum" ? 255 : 8),
        bad: [to(members(kind === "enum" ? 256 : 9))],
        good: [to(members(kind === "enum" ? 255 : 8))],
      },
    ];
  }),
  {
    rule: "stored-generated",
    dialect: "mysql",
    bad: [
      "alter table users add a int generated always as (age * 2) stored",
      "alter table users add a int as (age * 2) persistent",
      (db) =>
        alter(db).addColumn("a", "integer", (c) => c.generatedAlwaysAs(sql`age * 2`).stored())
          .execute(),
    ],
    good: ["alter table users add a int as (age * 2) virtual"],
  },
  {
    rule: "auto-increment-add",
    dialect: "mysql",
    bad: [
      "alter table users add a int auto_increment unique",
      (db) => alter(db).addColumn("a", "integer", (c) => c.autoIncrement()).execute(),
    ],
    good: [
      "create table t (id bigint auto_increment primary key)",
      "alter table users auto_increment = 5",
    ],
  },
  {
    rule: "primary-key-change",
    dialect: "mysql",
    bad: [
      "alter table users drop primary key, add primary key (email)",
      (db) => alter(db).addPrimaryKeyConstraint("p", ["email"]).execute(),
    ],
    good: ["alter table users add unique (email)"],
  },
  {
    rule: "engine-change",
    dialect: "mysql",
    bad: ["alter table users engine = InnoDB"],
    good: [`create table t (${key}) engine = InnoDB`],
  },
  {
    rule: "partition-change",
    dialect: "mysql",
    bad: [
      "alter table users partition by hash (id) partitions 4",
      "alter table users drop partition p1",
      "alter table users reorganize partition p into (partition a values less than (5), partition b values less than (9))",
    ],
    good: [`create table t (${key}) partition by hash (id) partitions 4`],
  },
  {
    rule: "column-not-last",
    dialect: "mysql",
    options: { targetVersion: "8.0.20" },
    bad: ["alter table users add a int first", "alter table users add a int after id"],
    good: ["alter table users add a int"],
  },
  {
    rule: "column-not-last",
    dialect: "mysql",
    options: { targetVersion: "10.3.8-MariaDB" },
    bad: ["alter table users add a int first"],
    good: ["alter table users add a int"],
  },
  {
    rule: "inline-references-ignored",
    dialect: "mysql",
    options: { targetVersion: "8.0.36" },
    bad: [
      `create table t (${key}, user_id bigint references users (id))`,
      (db) =>
        db.schema.createTable("t").addColumn("user_id", "bigint", (c) => c.references("users.id"))
          .execute(),
    ],
    good: [`create table t (${key}, user_id bigint, foreign key (user_id) references users (id))`],
  },
  {
    rule: "utf8mb3",
    dialect: "mysql",
    bad: [
      `create table t (${key}) default charset = utf8`,
      "alter table users add a text character set utf8mb3",
      "alter table users convert to character set utf8",
    ],
    good: [`create table t (${key}) default charset = utf8mb4`, "alter table users add a text"],
  },
  {
    rule: "timestamp-2038",
    dialect: "mysql",
    bad: [
      `create table t (${key}, at timestamp)`,
      (db) => alter(db).addColumn("at", "timestamp").execute(),
    ],
    good: [`create table t (${key}, at datetime(6))`],
  },
  {
    rule: "multi-ddl-migration",
    dialect: "mysql",
    bad: [
      `create table t (${key}); create index i on t (id)`,
      async (db) => {
        await alter(db).addColumn("a", "integer").execute();
        await alter(db).addColumn("b", "integer").execute();
      },
    ],
    good: [
      "alter table users add a int, add b int",
      "alter table users add a int; update users set a = 1 where id = 1",
    ],
  },
];

/** Rules of SQLite. */
const SQLITE: readonly Example[] = [
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

/** Rules of our plugins. */
const PLUGINS: readonly Example[] = [
  {
    rule: "unique-with-soft-delete",
    dialect: "postgres",
    options: softDelete,
    bad: [
      `create table notes (${key}, slug text unique, deleted_at timestamptz)`,
      "create unique index u on users (email)",
      (db) => db.schema.createIndex("u").on("users").column("email").unique().execute(),
    ],
    good: [
      "create unique index u on users (email) where deleted_at is null",
      (db) =>
        db.schema.createIndex("u").on("users").column("email").unique()
          .where(sql.ref("deleted_at"), "is", null).execute(),
      "create unique index u on teams (tenant_id)",
    ],
  },
  {
    rule: "unique-with-soft-delete",
    dialect: "mysql",
    options: { plugins: { softDelete: {} } },
    bad: ["create unique index u on users (email)"],
    good: [
      "create unique index u on users (email, is_active)",
      "create unique index u on teams (id)",
    ],
  },
  {
    rule: "fk-cascade-soft-delete",
    dialect: "postgres",
    options: softDelete,
    bad: [
      `create table t (${key}, user_id bigint references users on delete cascade)`,
      (db) =>
        db.schema.alterTable("teams")
          .addForeignKeyConstraint("f", ["id"], "users", ["id"], (c) => c.onDelete("cascade"))
          .execute(),
    ],
    good: [
      `create table t (${key}, team_id bigint references teams on delete cascade, user_id bigint references users)`,
    ],
  },
  {
    rule: "audited-table-without-key",
    dialect: "mysql",
    options: audit,
    bad: [
      "create table notes (a int)",
      (db) => db.schema.createTable("notes").addColumn("a", "integer").execute(),
    ],
    good: [`create table notes (${key})`, "create table others (a int)"],
  },
  {
    rule: "audited-column-secret",
    dialect: "postgres",
    options: audit,
    bad: [
      `create table notes (${key}, api_key text)`,
      "alter table notes add password_hash text",
      (db) => db.schema.alterTable("notes").addColumn("secret", "text").execute(),
    ],
    good: [
      `create table notes (${key}, masked_token text, body text)`,
      "alter table users add password text",
    ],
  },
  {
    rule: "keyset-index-missing",
    dialect: "sqlite",
    options: { plugins: { keysets: { notes: [["created_at", "id"]] } } },
    bad: [`create table notes (${key}, created_at text); create index i on notes (created_at)`],
    good: [
      `create table notes (${key}, created_at text); create index i on notes (created_at, id)`,
      `create table others (${key}, created_at text)`,
    ],
  },
  {
    rule: "timestamps-missing-or-mistyped",
    dialect: "postgres",
    options: { plugins: { timestamps: { tables: ["notes"] } } },
    bad: [
      `create table notes (${key}, created_at timestamptz)`,
      `create table notes (${key}, created_at timestamptz, updated_at int)`,
      (db) => db.schema.alterTable("notes").addColumn("updated_at", "text").execute(),
    ],
    good: [
      `create table notes (${key}, created_at timestamptz, updated_at timestamptz)`,
      `create table others (${key})`,
    ],
  },
  {
    rule: "new-table-undeclared",
    dialect: "postgres",
    options: asRls({ publicTables: ["countries"] }),
    bad: [
      `create table others (${key})`,
      (db) => db.schema.createTable("others").addColumn("id", "bigint").execute(),
    ],
    good: [
      `create table notes (${key})`,
      `create table countries (${key})`,
      "create temp table x (id int)",
    ],
  },
  {
    rule: "policed-table-without-policy",
    dialect: "postgres",
    options: asRls({ native: true }),
    bad: [`create table notes (${key}, tenant_id bigint not null)`],
    good: [
      `create table notes (${key}, tenant_id bigint not null); create policy p on notes using (true)`,
    ],
  },
  {
    rule: "policed-table-without-policy",
    dialect: "sqlite",
    options: {
      plugins: { rls: { schema: { notes: { policies: [] }, others: { policies: [{}] } } } },
    },
    bad: [`create table notes (${key})`],
    good: [`create table others (${key})`],
  },
  {
    rule: "policy-column-unindexed",
    dialect: "postgres",
    options: rls,
    bad: [
      `create table notes (${key}, tenant_id bigint not null)`,
      `create table notes (${key}, tenant_id bigint not null, a int); create index i on notes (a, tenant_id)`,
    ],
    good: [
      `create table notes (${key}, tenant_id bigint not null); create index i on notes (tenant_id)`,
    ],
  },
  {
    rule: "tenant-column-nullable",
    dialect: "mysql",
    options: rls,
    bad: [
      `create table notes (${key}, tenant_id bigint)`,
      (db) => db.schema.createTable("notes").addColumn("tenant_id", "bigint").execute(),
    ],
    good: [
      `create table notes (${key}, tenant_id bigint not null)`,
      `create table others (${key}, tenant_id bigint)`,
    ],
  },
  {
    rule: "unique-without-tenant",
    dialect: "postgres",
    options: rls,
    bad: [
      `create table notes (${key}, tenant_id bigint not null, slug text unique)`,
      `create table notes (${key}, tenant_id bigint not null, slug text); create unique index u on notes (slug)`,
    ],
    good: [
      `create table notes (${key}, tenant_id bigint not null, slug text, unique (tenant_id, slug))`,
    ],
  },
  {
    rule: "fk-across-tenants",
    dialect: "postgres",
    options: {
      plugins: {
        rls: {
          schema: {
            notes: { policies: [{ condition: { tenant_id: 1 } }] },
            teams: { policies: [{ condition: () => true }] },
          },
        },
      },
    },
    bad: [
      `create table notes (${key}, tenant_id bigint not null, team_id bigint references teams)`,
    ],
    good: [
      `create table notes (${key}, tenant_id bigint not null, team_id bigint, ` +
      "foreign key (tenant_id, team_id) references teams (tenant_id, id))",
      `create table notes (${key}, tenant_id bigint not null, user_id bigint references users)`,
    ],
  },
];

/** All examples. */
export const EXAMPLES: readonly Example[] = [
  ...COMMON,
  ...MIGRATIONS,
  ...POSTGRES,
  ...MYSQL,
  ...SQLITE,
  ...PLUGINS,
];
