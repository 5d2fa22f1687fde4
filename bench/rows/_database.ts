import { nodeSqliteDialect } from "@kysera/dialects";
import {
  type Generated,
  Kysely,
  type SqliteDatabase,
  SqliteDialect,
  type SqliteStatement,
} from "kysely";
import { DatabaseSync } from "node:sqlite";

/** The tables that the benchmarks query; only users and posts are soft-deleted. */
export interface Database {
  users: { id: Generated<number>; name: string; org_id: number; deleted_at: string | null };
  posts: { id: Generated<number>; user_id: number; title: string; deleted_at: string | null };
  tags: { id: Generated<number>; post_id: number; label: string };
  teams: { id: Generated<number>; name: string; org_id: number };
}

/** The tables and their rows. */
export const SCHEMA = `
  create table users (
    id integer primary key, name text not null, org_id integer not null, deleted_at text
  );
  create table posts (
    id integer primary key, user_id integer not null, title text not null, deleted_at text
  );
  create table tags (
    id integer primary key, post_id integer not null, label text not null
  );
  create table teams (
    id integer primary key, name text not null, org_id integer not null
  );
  create index posts_user on posts (user_id);
  create index tags_post on tags (post_id);

  with recursive n (i) as (values (1) union all select i + 1 from n where i < 1000)
  insert into users
  select i, 'user ' || i, i % 10, case when i % 10 = 0 then '2026-01-01' end from n;

  insert into posts
  select id, id, 'post ' || id, case when id % 7 = 0 then '2026-01-01' end from users;

  insert into tags select id, id, 'tag ' || id from posts;
  insert into teams select id, name, org_id from users where id <= 100;
`;

/** A database of a thousand users, and Kysely on it. */
export interface Opened {
  readonly db: Kysely<Database>;
  readonly database: DatabaseSync;
}

/** Kysely's own SQLite dialect over the least that makes `node:sqlite` fit it. */
export function openNaive(): Opened {
  const database = filled();
  const adapted: SqliteDatabase = {
    close: () => database.close(),
    prepare(sql: string): SqliteStatement {
      const statement = database.prepare(sql);
      return {
        reader: statement.columns().length > 0,
        // The benchmarks bind text and numbers only.
        all: (parameters) => statement.all(...parameters as string[]),
        run: (parameters) => statement.run(...parameters as string[]),
        iterate: (parameters) =>
          statement.iterate(...parameters as string[]) as IterableIterator<unknown>,
      };
    },
  };
  return { database, db: new Kysely({ dialect: new SqliteDialect({ database: adapted }) }) };
}

/** Kysera's SQLite dialect, which keeps prepared statements. */
export function openCached(): Opened {
  const database = filled();
  return { database, db: new Kysely({ dialect: nodeSqliteDialect({ database }) }) };
}

function filled(): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  database.exec(SCHEMA);
  return database;
}
