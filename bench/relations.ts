/**
 * Related rows: `include` of a repository with soft delete, against the two queries and the grouping
 * written by hand, with the same conditions and the same dialect: on in-memory SQLite and, where
 * `KYSERA_TEST_POSTGRES_URL` names a server, on PostgreSQL.
 *
 * @module
 */
import { nodeSqliteDialect, pgDialect } from "@kysera/dialects";
import { createExecutor } from "@kysera/executor";
import { createRepository, defineRelations } from "@kysera/repository";
import { softDeletePlugin } from "@kysera/soft-delete";
import { type Dialect, Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import pg from "pg";
import type { Case, Group } from "./_case.ts";
import { compareAsync, type Effort } from "./_ratio.ts";

interface Database {
  users: { id: number; name: string; deleted_at: string | null };
  posts: { id: number; user_id: number; title: string; score: number; deleted_at: string | null };
}

const relations = defineRelations<Database>()({
  users: { posts: { type: "hasMany", table: "posts", columns: { id: "user_id" } } },
});

const PARENTS = 100;
const CHILDREN = 10;

/** The cases, by their budgets; a limit by hand is a window function too. */
async function group(title: string, dialect: Dialect, effort: Effort): Promise<Group> {
  const db = new Kysely<Database>({ dialect });
  await db.schema.dropTable("users").ifExists().execute();
  await db.schema.dropTable("posts").ifExists().execute();
  await sql`create table users (id integer primary key, name text, deleted_at text)`.execute(db);
  await sql`create table posts (id integer primary key, user_id integer not null, title text,
    score integer, deleted_at text)`.execute(db);
  await sql`create index posts_user on posts (user_id)`.execute(db);
  for (let id = 1; id <= PARENTS; id++) {
    await db.insertInto("users").values({ id, name: `user ${id}`, deleted_at: null }).execute();
    await db.insertInto("posts").values(Array.from({ length: CHILDREN }, (_, i) => ({
      id: id * CHILDREN + i,
      user_id: id,
      title: `post ${i}`,
      score: (id * 7 + i * 3) % 10,
      deleted_at: i === 9 ? "2026-01-31" : null,
    }))).execute();
  }
  const executor = await createExecutor(db, [softDeletePlugin()]);
  const users = createRepository(executor, { tableName: "users", relations });

  const parents = () =>
    db.selectFrom("users").selectAll().where("users.deleted_at", "is", null).execute();
  const grouped = <U extends { id: number }, P extends { user_id: number }>(
    users: U[],
    posts: P[],
  ): (U & { posts: P[] })[] => {
    const byUser = new Map<number, P[]>();
    for (const post of posts) {
      const own = byUser.get(post.user_id);
      if (own === undefined) byUser.set(post.user_id, [post]);
      else own.push(post);
    }
    return users.map((user) => ({ ...user, posts: byUser.get(user.id) ?? [] }));
  };
  const byHand = async () => {
    const found = await parents();
    const posts = await db.selectFrom("posts").selectAll()
      .where("user_id", "in", found.map(({ id }) => id))
      .where("posts.deleted_at", "is", null).execute();
    return grouped(found, posts);
  };
  const limitedByHand = async () => {
    const found = await parents();
    const ranked = db.selectFrom("posts").selectAll()
      .select((eb) =>
        eb.fn.agg<number>("row_number")
          .over((over) => over.partitionBy("user_id").orderBy("score", "desc").orderBy("id"))
          .as("place")
      )
      .where("user_id", "in", found.map(({ id }) => id))
      .where("posts.deleted_at", "is", null);
    const posts = await db.selectFrom(ranked.as("ranked"))
      .select(["id", "user_id", "title", "score", "deleted_at"])
      .where("place", "<=", 3).orderBy("place").execute();
    return grouped(found, posts);
  };
  const limited = {
    posts: { orderBy: [{ column: "score", direction: "desc" }], limit: 3 },
  } as const;

  const line = async (
    name: string,
    hand: () => Promise<unknown>,
    ours: () => Promise<unknown>,
  ): Promise<Case> => {
    assert.deepEqual(plain(await ours()), plain(await hand()), `${name}: results differ`);
    return {
      name,
      budget: 1.2,
      warmUp: () => compareAsync([hand, ours], { rounds: 5, calls: 4 }),
      time: () => compareAsync([hand, ours], effort),
    };
  };
  return {
    title,
    sides: ["by hand", "include"],
    cases: [
      await line(
        "include of one has-many, 100 parents",
        byHand,
        () => users.find({ include: { posts: true } }),
      ),
      await line(
        "include with a limit for each, 100 parents",
        limitedByHand,
        () => users.find({ include: limited }),
      ),
    ],
    close: async () => {
      await db.schema.dropTable("users").execute();
      await db.schema.dropTable("posts").execute();
      await db.destroy();
    },
  };
}

/** Rows of `node:sqlite` have no prototype. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** The groups for the databases that there are. */
export async function relationBenchmarks(): Promise<Group[]> {
  const database = new DatabaseSync(":memory:");
  const groups = [
    await group("Related rows on in-memory SQLite", nodeSqliteDialect({ database }), {
      rounds: 60,
      calls: 10,
    }),
  ];
  const url = process.env["KYSERA_TEST_POSTGRES_URL"];
  if (url) {
    const schema = `bench_relations_${process.pid}`;
    const admin = new pg.Client(url);
    await admin.connect();
    await admin.query(`create schema ${schema}`);
    const pool = new pg.Pool({
      connectionString: url,
      max: 1,
      options: `-c search_path=${schema}`,
    });
    const own = await group("Related rows on PostgreSQL", pgDialect({ pool }), {
      rounds: 60,
      calls: 5,
    });
    groups.push({
      ...own,
      close: async () => {
        await own.close?.();
        await admin.query(`drop schema ${schema} cascade`);
        await admin.end();
      },
    });
  }
  return groups;
}
