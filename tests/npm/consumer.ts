/**
 * A program as a user with the strictest compiler would write it. `deno task test:npm` checks its types
 * against the npm packages and has the compiler write declarations: every inferred type below must be
 * one that a user can name. (Deno leaves the file out: this repository wants such types written.)
 *
 * @module
 */
import {
  DummyDriver,
  type Generated,
  Kysely,
  type Selectable,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type Transaction,
} from "kysely";
import { parseDatabaseError } from "@kysera/core";
import { createContext, withTransaction } from "@kysera/dal";
import { createExecutor, createExecutorSync, type Plugin } from "@kysera/executor";
import { createORM, createRepository, defineRelations } from "@kysera/repository";
import { softDeletePlugin } from "@kysera/soft-delete";

export interface Database {
  users: { id: Generated<number>; email: string; deleted_at: Date | null };
  posts: { id: Generated<number>; user_id: number; title: string };
}

export const db = new Kysely<Database>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
});

export const plugin = {
  name: "published-only",
  version: "1.0.0",
  filter: (posts, { eb }) => eb(posts.column("title"), "is not", null),
} satisfies Plugin;

export const softDelete = softDeletePlugin({ tables: ["users"] });
export const executor = await createExecutor(db, [softDelete, plugin]);
export const executorSync = createExecutorSync(db, [softDelete]);

/** An executor is a Kysely, wherever one is asked for. */
export const kysely: Kysely<Database> = executor;

export function titlesOf(trx: Transaction<Database>, userId: number) {
  return trx.selectFrom("users as u")
    .innerJoin("posts as p", "p.user_id", "u.id")
    .where("u.id", "=", userId)
    .select(["p.title", "u.email"])
    .execute();
}

export const titles = () => executor.transaction().execute((trx) => titlesOf(trx, 1));

export const relations = defineRelations<Database>()({
  users: { posts: { type: "hasMany", table: "posts", columns: { id: "user_id" } } },
});
export const users = createRepository(executor, { tableName: "users", relations });
export const usersWithPosts = () =>
  users.find({ include: { posts: { select: ["title"], limit: 3 }, _count: { posts: true } } });

export async function createUser(email: string): Promise<Selectable<Database["users"]>> {
  try {
    return await executor.insertInto("users").values({ email, deleted_at: null })
      .returningAll().executeTakeFirstOrThrow();
  } catch (error) {
    throw parseDatabaseError(error, "sqlite");
  }
}

export const orm = await createORM(executor, []);

/** Methods of plugins stay in the type wherever the executor goes. */
export const remove = async (id: number) => {
  await withTransaction(executor, async (tx) => {
    await tx.db.insertInto("posts").values({ user_id: id, title: "x" }).execute();
    await createRepository(tx.db, { tableName: "users" }).softDelete(id);
  });
  await withTransaction(createContext(db, { requestId: "r" }), async (tx) => {
    await tx.db.insertInto("posts").values({ user_id: id, title: tx.requestId }).execute();
  });
  await executor.connection().execute((one) =>
    createRepository(one.withSchema("main"), { tableName: "users" }).softDelete(id)
  );
  return await orm.on({ auth: { userId: id } }).createRepository({ tableName: "users" })
    .findWithDeleted(id);
};

// @ts-expect-error No such table.
executor.selectFrom("nobody");
// @ts-expect-error No such column.
executor.selectFrom("users").select("nothing");
