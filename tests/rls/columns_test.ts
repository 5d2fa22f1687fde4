import assert from "node:assert/strict";
import { it } from "node:test";
import { ExecutorError } from "@kysera/executor";
import { allow, defineRLSSchema, RLSPolicyEvaluationError, type TableRLSConfig } from "@kysera/rls";
import type { Selectable } from "kysely";
import { onEveryDialect } from "../support/matrix.ts";
import { type Database, openWorld, type PostsTable, type World } from "./_world.ts";

type Config = TableRLSConfig<Selectable<PostsTable>>;

onEveryDialect("the rules about columns", (dialect) => {
  async function inWorld(
    columns: Config["columns"],
    test: (world: World) => Promise<void>,
  ): Promise<void> {
    const rls_posts: Config = { policies: [allow("all", true)], columns: columns! };
    const world = await openWorld(dialect, defineRLSSchema<Database>({ rls_posts }));
    try {
      await test(world);
    } finally {
      await world.close();
    }
  }
  const EDITORS: Config["columns"] = {
    title: { read: (ctx) => ctx.auth.roles.includes("editor") },
  };

  it("show null in the place of a column that the caller may not read", () =>
    inWorld(EDITORS, async ({ as }) => {
      const read = (handle: World["executor"]) =>
        handle.selectFrom("rls_posts as p").select(["p.id", "p.title"]).where("p.id", "<=", 2)
          .orderBy("p.id").execute();
      assert.deepEqual(await read(as({})), [{ id: 1, title: null }, { id: 2, title: null }]);
      assert.deepEqual(await read(as({ roles: ["editor"] })), [
        { id: 1, title: "a" },
        { id: 2, title: "b" },
      ]);
      const all = await as({}).selectFrom("rls_posts").selectAll().where("id", "=", 1)
        .executeTakeFirstOrThrow();
      assert.equal(all.title, null);
      assert.equal(all.status, "draft");
    }));

  it("let nobody guess it by WHERE, ORDER BY, aggregates or a join", () =>
    inWorld(EDITORS, async ({ as }) => {
      const ada = as({});
      const found = await ada.selectFrom("rls_posts").select("id").where("title", "=", "a")
        .execute();
      assert.deepEqual(found, []);
      const most = await ada.selectFrom("rls_posts").select((eb) => eb.fn.max("title").as("max"))
        .executeTakeFirstOrThrow();
      assert.equal(most.max, null);
      const groups = await ada.selectFrom("rls_posts").select((eb) => eb.fn.countAll().as("n"))
        .groupBy("title").execute();
      assert.equal(groups.length, 1);
      const joined = await ada.selectFrom("rls_teams as t")
        .innerJoin("rls_posts as p", "p.title", "t.name").select("t.id").execute();
      assert.deepEqual(joined, []);
    }));

  it("let nobody guess it by what an UPDATE or DELETE touches", () =>
    inWorld(EDITORS, async ({ as, posts, db }) => {
      const ada = as({});
      const before = await posts();
      await ada.deleteFrom("rls_posts").where("title", "=", "a").execute();
      assert.equal(await posts(), before);
      await ada.updateTable("rls_posts").set({ status: "x" }).where("title", "=", "b").execute();
      const { count } = await db.selectFrom("rls_posts").where("status", "=", "x")
        .select((eb) => eb.fn.countAll<number>().as("count")).executeTakeFirstOrThrow();
      assert.equal(Number(count), 0);
    }));

  it("show something else in its place, and of some rows what it is", () =>
    inWorld({
      title: { read: (ctx) => ({ author_id: ctx.auth.userId }), mask: "***" },
    }, async ({ as }) => {
      const rows = await as({ userId: 12 }).selectFrom("rls_posts").select(["id", "title"])
        .where("id", "<=", 3).orderBy("id").execute();
      assert.deepEqual(rows.map(({ title }) => title), ["***", "b", "***"]);
      const own = await as({ userId: 11 }).selectFrom("rls_posts").select("id")
        .where("title", "in", ["a", "b", "c"]).orderBy("id").execute();
      assert.deepEqual(own.map(({ id }) => id), [1, 3]);
    }));

  it("refuse to write what the caller may not write", () =>
    inWorld({
      status: { write: (ctx) => ctx.auth.roles.includes("editor") },
    }, async ({ as, posts }) => {
      const before = await posts();
      const ada = as({});
      await assert.rejects(
        ada.updateTable("rls_posts").set({ status: "published" }).execute(),
        ExecutorError,
      );
      await assert.rejects(
        ada.insertInto("rls_posts").values({ title: "x", status: "published" }).execute(),
        ExecutorError,
      );
      assert.equal(await posts(), before);
      await ada.insertInto("rls_posts").values({ title: "x" }).execute();
      await as({ roles: ["editor"] }).updateTable("rls_posts").set({ status: "published" })
        .execute();
    }));

  it("are not for the system", () =>
    inWorld(EDITORS, async ({ as }) => {
      const row = await as({ isSystem: true }).selectFrom("rls_posts").select("title")
        .where("id", "=", 1).executeTakeFirstOrThrow();
      assert.equal(row.title, "a");
    }));

  it("cannot be functions of the row", () =>
    inWorld({ title: { read: (ctx) => ctx.row.author_id === 1 } }, async ({ as }) => {
      await assert.rejects(
        as({}).selectFrom("rls_posts").select("title").execute(),
        RLSPolicyEvaluationError,
      );
    }));
});
