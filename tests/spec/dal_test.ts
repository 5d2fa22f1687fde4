/** The specification's samples on the functional DAL and the migration guide, as they are written. */
import { compose, createContext, createQuery, withTransaction } from "@kysera/dal";
import { createExecutor } from "@kysera/executor";
import type { Plugin } from "@kysera/executor";
import { softDeletePlugin } from "@kysera/soft-delete";
import { type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect } from "../support/matrix.ts";

async function inBlog(
  open: () => Promise<{ db: Kysely<any>; close(): Promise<void> }>,
  body: (db: Kysely<any>) => Promise<void>,
): Promise<void> {
  const { db, close } = await open();
  try {
    await sql`create table users (id int primary key, name varchar(20), deleted_at varchar(30))`
      .execute(db);
    await sql`create table posts (id int primary key, user_id int, deleted_at varchar(30))`
      .execute(db);
    await sql`insert into users values (1, 'Ada', null), (2, 'Bob', '2025-01-01')`.execute(db);
    await sql`insert into posts values (1, 1, null), (2, 1, '2025-01-01')`.execute(db);
    await body(db);
  } finally {
    await close();
  }
}

onEveryDialect("specification: functional DAL", (dialect) => {
  it("queries are composed, and plugins apply to them in and out of transactions", () =>
    inBlog(() => dialect.open(), async (db) => {
      // Create executor with plugins
      const executor = await createExecutor(db, [softDeletePlugin()]);

      const getPostsByUserId = createQuery((ctx, userId: number) =>
        ctx.db.selectFrom("posts").selectAll().where("user_id", "=", userId).execute()
      );

      // Define queries (plugins automatically apply)
      const getUserById = createQuery((ctx, id: number) =>
        ctx.db.selectFrom("users").selectAll().where("id", "=", id).executeTakeFirst()
      );

      const getUserWithPosts = compose(getUserById, async (ctx, user) => ({
        ...user,
        posts: await getPostsByUserId(ctx, user.id),
      }));

      // Create context with plugin-aware executor
      const ctx = createContext(executor);
      const user = await getUserById(ctx, 1);
      assert.equal(user.name, "Ada");
      assert.equal(await getUserById(ctx, 2), undefined);

      // Transactions preserve plugins
      const result = await withTransaction(executor, (txCtx) => {
        return getUserWithPosts(txCtx, 1);
      });
      assert.deepEqual(result.posts.map(({ id }: { id: number }) => id), [1]);
      assert.equal(await withTransaction(executor, (tx) => getUserById(tx, 2)), undefined);
    }));

  it("migration guide: a context of an executor has its plugins, one of a Kysely has none", () =>
    inBlog(() => dialect.open(), async (db) => {
      const getUsers = createQuery((ctx) => ctx.db.selectFrom("users").selectAll().execute());

      const plain = createContext(db);
      assert.equal((await getUsers(plain)).length, 2);

      const executor = await createExecutor(db, [softDeletePlugin()]);
      const ctx = createContext(executor);
      assert.equal((await getUsers(ctx)).length, 1);

      // Plugin imports
      const own: Plugin = { name: "own", version: "1.0.0" };
      assert.equal(
        (await getUsers(createContext(await createExecutor(executor, [own])))).length,
        1,
      );
    }));

  if (dialect.dialect === "postgres") {
    it("the sample that selects no column runs as it is written", () =>
      inBlog(() => dialect.open(), async (db) => {
        const executor = await createExecutor(db, [softDeletePlugin()]);
        const getUserById = createQuery((ctx, id: number) =>
          ctx.db.selectFrom("users").where("id", "=", id).executeTakeFirst()
        );
        assert.deepEqual(await getUserById(createContext(executor), 1), {});
        assert.equal(await getUserById(createContext(executor), 2), undefined);
      }));

    it("withSchema() maintains plugin interception in a context", () =>
      inBlog(() => dialect.open(), async (db) => {
        const { rows } = await sql<{ name: string }>`select current_schema() as name`.execute(db);
        const executor = await createExecutor(db, [softDeletePlugin()]);
        const ctx = createContext(executor.withSchema(rows[0]!.name));
        assert.equal((await ctx.db.selectFrom("users").selectAll().execute()).length, 1);
      }));
  }
});
