import { mysql2Dialect, nodeSqliteDialect, pgDialect } from "@kysera/dialects";
import { type Dialect, Kysely, type RawBuilder, sql } from "kysely";
import { createPool } from "mysql2";
import { rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import pg from "pg";

/** A database that all programs work on. */
export interface ComparedDatabase {
  readonly db: Kysely<any>;
  readonly url: string;
  /** What `kysely-codegen` is told of it. */
  readonly codegen: readonly string[];
  close(): Promise<void>;
}

/** A kind of database. */
export interface DatabaseKind {
  readonly name: string;
  /** Why it cannot be opened here. */
  missing(): string | undefined;
  /** The version of the server. */
  version(db: Kysely<any>): Promise<string>;
  /** Tables of many types, and a row of each. */
  readonly script: readonly string[];
  open(folder: string): Promise<ComparedDatabase>;
}

const urlOf = (variable: string) => process.env[variable] || undefined;
const missingUrl = (variable: string) => () =>
  urlOf(variable) === undefined ? `${variable} is not set` : undefined;
let number = 0;

/** The kinds of databases, each with a schema. */
export const KINDS: readonly DatabaseKind[] = [
  {
    name: "PostgreSQL",
    missing: missingUrl("KYSERA_TEST_POSTGRES_URL"),
    version: (db) => valueOf(db, sql`select current_setting('server_version') as version`),
    script: [
      "create type mood as enum ('happy', 'sad')",
      "create domain email as text check (value like '%@%')",
      `create table users (
        id integer generated always as identity primary key, big bigint not null,
        name varchar(50) not null, email email not null, mood mood not null default 'happy',
        moods mood[] not null, tags text[] not null, numbers int8[] not null,
        total numeric(10, 2) not null, ratio real not null, active boolean not null default true,
        born date, at timestamptz not null default now(), data jsonb not null, doc json,
        picture bytea, span interval, place point, id2 uuid default gen_random_uuid(),
        "m²" text, upper_name text generated always as (upper(name)) stored
      )`,
      "create view happy_users as select id, name, born from users where mood = 'happy'",
      "create materialized view user_count as select count(*) as n from users",
      `insert into users (big, name, email, moods, tags, numbers, total, ratio, born, data, doc,
        picture, span, place, "m²")
      values (1, 'Ada', 'a@b', '{happy}', '{a}', '{1}', 1.5, 1.5, '2026-01-01', '{"a": 1}', '[1]',
        'x', '1 day', '(1,2)', 'x')`,
      "refresh materialized view user_count",
    ],
    open: async () => {
      const server = urlOf("KYSERA_TEST_POSTGRES_URL")!;
      return await openOnServer(
        server,
        (url) => pgDialect({ pool: new pg.Pool({ connectionString: url }) }),
        "postgres",
      );
    },
  },
  {
    name: "MariaDB",
    missing: missingUrl("KYSERA_TEST_MYSQL_URL"),
    version: (db) => valueOf(db, sql`select version() as version`),
    script: [
      `create table users (
        id int not null auto_increment primary key, big bigint not null,
        name varchar(50) not null, mood enum('happy', 'sad') not null default 'happy',
        flags set('a', 'b'), total decimal(10, 2) not null, ratio double not null,
        active boolean not null default true, born date, at datetime not null default now(),
        data json not null, picture blob, place point, y year, t time,
        \`m²\` text, upper_name varchar(50) generated always as (upper(name))
      )`,
      "create view happy_users as select id, name, born from users where mood = 'happy'",
      `insert into users (big, name, flags, total, ratio, born, data, picture, place, y, t, \`m²\`)
      values (1, 'Ada', 'a', 1.5, 1.5, '2026-01-01', '{"a": 1}', 'x', point(1, 2), 2026,
        '12:00:00', 'x')`,
    ],
    open: async () => {
      const server = urlOf("KYSERA_TEST_MYSQL_URL")!;
      return await openOnServer(
        server,
        (url) => mysql2Dialect({ pool: createPool({ uri: url, timezone: "Z" }) }),
        "mysql",
      );
    },
  },
  {
    name: "SQLite",
    missing: () => undefined,
    version: (db) => valueOf(db, sql`select sqlite_version() as version`),
    script: [
      `create table users (
        id integer primary key, big bigint not null, name varchar(50) not null,
        mood text not null default 'happy', total numeric(10, 2) not null, ratio real not null,
        active boolean not null default true, born date, at datetime not null default current_timestamp,
        data json not null, picture blob, anything, "m²" text,
        upper_name text generated always as (upper(name))
      )`,
      "create table countries (code text primary key not null, name text)",
      "create view happy_users as select id, name, born, 1 + 1 as two from users where mood = 'happy'",
      `insert into users (big, name, total, ratio, born, data, picture, anything, "m²")
      values (1, 'Ada', 1.5, 1.5, '2026-01-01', '{"a": 1}', x'00', 1, 'x')`,
      "insert into countries values ('de', 'Germany')",
    ],
    open: (folder) => {
      const path = join(folder, `compared_${++number}.db`);
      const database = new DatabaseSync(path);
      const db = new Kysely<any>({ dialect: nodeSqliteDialect({ database }) });
      return Promise.resolve({
        db,
        url: `sqlite:${path}`,
        // Its driver for SQLite has to be built; this one reads the same file.
        codegen: ["--dialect", "libsql", "--url", `file:${path}`],
        close: async () => {
          await db.destroy();
          rmSync(path, { force: true });
        },
      });
    },
  },
];

/** The number of a version, without what a distribution adds to it. */
async function valueOf(db: Kysely<any>, query: RawBuilder<unknown>): Promise<string> {
  const { rows } = await query.execute(db);
  const { version } = rows[0] as { version: string };
  return /^[\d.]+/.exec(version)![0];
}

/** Opens a database of its own on a server. */
async function openOnServer(
  server: string,
  dialectOf: (url: string) => Dialect,
  name: string,
): Promise<ComparedDatabase> {
  const database = `clis_${process.pid}_${++number}`;
  const admin = new Kysely<any>({ dialect: dialectOf(server) });
  await sql`create database ${sql.id(database)}`.execute(admin);
  const url = new URL(server);
  url.pathname = `/${database}`;
  const db = new Kysely<any>({ dialect: dialectOf(url.href) });
  return {
    db,
    url: url.href,
    codegen: ["--dialect", name, "--url", url.href],
    close: async () => {
      await db.destroy();
      await sql`drop database ${sql.id(database)}`.execute(admin);
      await admin.destroy();
    },
  };
}
