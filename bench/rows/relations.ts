/**
 * Related rows: `include` of a repository with soft delete, against the two queries and the grouping
 * written by hand, with the same conditions and the same dialect.
 *
 * @module
 */
import { nodeSqliteDialect, pgDialect } from "@kysera/dialects";
import { createExecutor } from "@kysera/executor";
import { createRepository, defineRelations } from "@kysera/repository";
import { softDeletePlugin } from "@kysera/soft-delete";
import { type Dialect, Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { type Group, group, type GroupOptions, type Row, timed } from "../_row.ts";
import { postgresSchema } from "../_servers.ts";

interface Database {
  users: { id: number; name: string; deleted_at: string | null };
  posts: { id: number; user_id: number; title: string; score: number; deleted_at: string | null };
}

const relations = defineRelations<Database>()({
  users: { posts: { type: "hasMany", table: "posts", columns: { id: "user_id" } } },
});

const AT_MOST = 1.2;
const PARENTS = 100;
const CHILDREN = 10;

type Read = () => Promise<unknown>;

/** Each way to read related rows, by hand and by the repository. */
interface World {
  readonly db: Kysely<Database>;
  readonly hasMany: readonly [Read, Read];
  readonly limited: readonly [Read, Read];
  close?(): Promise<void>;
}

/** A limit by hand is a window function too. */
async function open(dialect: Dialect): Promise<World> {
  const db = new Kysely<Database>({ dialect });
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

  return {
    db,
    hasMany: [byHand, () => users.find({ include: { posts: true } })],
    limited: [limitedByHand, () => users.find({ include: limited })],
  };
}

const row = (name: "hasMany" | "limited"): Row<World> => ({
  budget: AT_MOST,
  async sides(world, form) {
    const [byHand, ours] = world[name];
    assert.deepEqual(plain(await ours()), plain(await byHand()), "results differ");
    return await timed([byHand, ours], form);
  },
});

/** Rows of `node:sqlite` have no prototype. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

const options: Omit<GroupOptions<World>, "name" | "title" | "open"> = {
  sides: ["by hand", "include"],
  rows: { "has-many-100-parents": row("hasMany"), "limit-for-each": row("limited") },
  close: async ({ db, close }) => {
    await db.destroy();
    await close?.();
  },
};

/** On SQLite and PostgreSQL. */
export const relationGroups: readonly Group[] = [
  group<World>({
    ...options,
    name: "include-sqlite",
    title: "Related rows on in-memory SQLite",
    open: () => open(nodeSqliteDialect({ database: new DatabaseSync(":memory:") })),
  }),
  group<World>({
    ...options,
    name: "include-postgres",
    title: "Related rows on PostgreSQL",
    needs: "postgres",
    async open() {
      const schema = await postgresSchema();
      return { ...await open(pgDialect({ pool: schema.pool() })), close: () => schema.drop() };
    },
  }),
];
