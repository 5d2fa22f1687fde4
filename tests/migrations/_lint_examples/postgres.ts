import { sql } from "kysely";
import { alter, type Example, key } from "./example.ts";

const without = { transaction: false } as const;

/** Rules of PostgreSQL. */
export const POSTGRES: readonly Example[] = [
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
