/**
 * The tables that row-level security is tested on: users, posts and members of three tenants.
 */
import { bindContext, createExecutor, type KyseraExecutor } from "@kysera/executor";
import {
  type RLSAuth,
  type RLSOptions,
  type RLSPlugin,
  rlsPlugin,
  type RLSSchema,
} from "@kysera/rls";
import { type Generated, type Kysely, sql } from "kysely";
import type { TestDialect, TestOpenOptions } from "../support/matrix.ts";

export interface PostsTable {
  id: Generated<number>;
  tenant_id: Generated<number | null>;
  author_id: number | null;
  status: Generated<string>;
  title: string | null;
}

export interface Database {
  rls_posts: PostsTable;
  rls_members: { user_id: number; team_id: number };
  rls_teams: { id: number; tenant_id: number; name: string };
  rls_notes: { id: Generated<number>; text: string };
}

/** What knows the methods that the plugin adds to repositories. */
export type Executor = KyseraExecutor<Database, readonly [RLSPlugin]>;

export interface World {
  /** Without the plugin. */
  readonly db: Kysely<Database>;
  readonly executor: Executor;
  /** A handle for a caller. */
  as(auth: Partial<RLSAuth>): Executor;
  /** The ids of all posts, with what is told of each. */
  posts(): Promise<string>;
  close(): Promise<void>;
}

/** Posts 1, 2, 3 of tenant 1, 4 and 5 of tenant 2, 6 of nobody; authors 11, 12, 11, 21, 22. */
export async function openWorld(
  dialect: TestDialect,
  schema: RLSSchema<Database>,
  options: Partial<RLSOptions> = {},
  open: TestOpenOptions = {},
): Promise<World> {
  const { db, close }: { db: Kysely<Database>; close(): Promise<void> } = await dialect.open(open);
  try {
    await createTables(dialect, db);
    const executor = await createExecutor(db, [rlsPlugin({ schema, ...options })]);
    return {
      db,
      executor,
      as: (auth) => bindContext(executor, { auth: { userId: 11, roles: [], ...auth } }),
      async posts() {
        const rows = await db.selectFrom("rls_posts").selectAll().orderBy("id").execute();
        return rows.map(({ id, tenant_id, title }) => `${id}:${tenant_id}:${title}`).join(" ");
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What is in the table at the start, as `posts()` tells it. */
export const AT_START = "1:1:a 2:1:b 3:1:c 4:2:d 5:2:e 6:null:f";

async function createTables({ dialect }: TestDialect, db: Kysely<Database>): Promise<void> {
  const key = {
    sqlite: sql`integer primary key autoincrement`,
    postgres: sql`serial primary key`,
    mysql: sql`integer primary key auto_increment`,
  }[dialect];
  await sql`create table rls_posts (
    id ${key}, tenant_id integer default 99, author_id integer,
    status varchar(20) not null default 'draft', title varchar(50) unique
  )`.execute(db);
  await sql`create table rls_members (user_id integer, team_id integer)`.execute(db);
  await sql`create table rls_teams (id integer, tenant_id integer, name varchar(20))`.execute(db);
  await sql`create table rls_notes (id ${key}, text varchar(20))`.execute(db);
  const row = (id: number, tenant_id: number | null, author_id: number, title: string) => ({
    id,
    tenant_id,
    author_id,
    title,
    status: id === 3 ? "published" : "draft",
  });
  await db.insertInto("rls_posts").values([
    row(1, 1, 11, "a"),
    row(2, 1, 12, "b"),
    row(3, 1, 11, "c"),
    row(4, 2, 21, "d"),
    row(5, 2, 22, "e"),
    row(6, null, 11, "f"),
  ]).execute();
  if (dialect === "postgres") {
    await sql`select setval(pg_get_serial_sequence('rls_posts', 'id'), 100)`.execute(db);
  }
  await db.insertInto("rls_teams").values([
    { id: 1, tenant_id: 1, name: "one" },
    { id: 2, tenant_id: 2, name: "two" },
  ]).execute();
  await db.insertInto("rls_members").values([
    { user_id: 11, team_id: 1 },
    { user_id: 21, team_id: 2 },
  ]).execute();
}
