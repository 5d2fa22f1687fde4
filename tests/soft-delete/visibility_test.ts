import assert from "node:assert/strict";
import { afterEach, beforeEach, it } from "node:test";
import { type Kysely, sql } from "kysely";
import { onEveryDialect } from "../support/matrix.ts";
import { BEFORE, type Database, iso, openWorld, type World } from "./_world.ts";

onEveryDialect("softDeletePlugin() hides deleted rows", (dialect) => {
  let world: World;
  beforeEach(async () => world = await openWorld(dialect));
  afterEach(() => world.close());

  it("from SELECT, under an alias, in a join and in both of a self join", async () => {
    const { executor } = world;
    assert.deepEqual(
      await executor.selectFrom("sd_users as u").select("u.id").orderBy("u.id").execute(),
      [{ id: 1 }, { id: 3 }],
    );
    assert.deepEqual(
      await executor.selectFrom("sd_posts as p").innerJoin("sd_users as u", "u.id", "p.user_id")
        .select(["p.id", "u.name"]).orderBy("p.id").execute(),
      [{ id: 10, name: "Ada" }, { id: 11, name: "Ada" }, { id: 14, name: "Cyd" }],
    );
    assert.deepEqual(
      await executor.selectFrom("sd_users as a").crossJoin("sd_users as b")
        .select(["a.id", "b.id as other"]).where("a.id", "<", sql<number>`b.id`).execute(),
      [{ id: 1, other: 3 }],
    );
  });

  it("behind a left join, whose other rows stay", async () => {
    assert.deepEqual(
      await world.executor.selectFrom("sd_posts as p").leftJoin(
        "sd_users as u",
        "u.id",
        "p.user_id",
      )
        .select(["p.id", "u.name"]).orderBy("p.id").execute(),
      [
        { id: 10, name: "Ada" },
        { id: 11, name: "Ada" },
        { id: 13, name: null },
        { id: 14, name: "Cyd" },
      ],
    );
  });

  it("from subqueries, common table expressions, unions and counts", async () => {
    const { executor } = world;
    const { count } = await executor.selectFrom("sd_posts")
      .where("user_id", "in", (eb) => eb.selectFrom("sd_users").select("id"))
      .select((eb) => eb.fn.countAll().as("count")).executeTakeFirstOrThrow();
    assert.equal(Number(count), 3);
    assert.deepEqual(
      await executor.with("found", (db) => db.selectFrom("sd_users").select("id"))
        .selectFrom("found").select("id").orderBy("id").execute(),
      [{ id: 1 }, { id: 3 }],
    );
    const all = await executor.selectFrom("sd_users").select("id")
      .unionAll(executor.selectFrom("sd_posts").select("id")).execute();
    assert.deepEqual(all.map(({ id }) => id).sort((a, b) => a - b), [1, 3, 10, 11, 13, 14]);
  });

  it("and leaves a table alone that has not the column", async () => {
    assert.equal((await world.executor.selectFrom("sd_labels").selectAll().execute()).length, 2);
  });

  it("from UPDATE, which does not change them", async () => {
    const { db, executor } = world;
    const { numUpdatedRows } = await executor.updateTable("sd_users").set({ name: "x" })
      .executeTakeFirst();
    assert.equal(numUpdatedRows, 2n);
    const names = await db.selectFrom("sd_users").select("name").orderBy("id").execute();
    assert.deepEqual(names.map(({ name }) => name), ["x", "Bob", "x"]);
  });

  it("from UPDATE with an OR in its condition", async () => {
    const { db, executor } = world;
    await executor.updateTable("sd_users").set({ name: "x" })
      .where(sql<boolean>`id = 1 or id = 2`).execute();
    const names = await db.selectFrom("sd_users").select("name").orderBy("id").execute();
    assert.deepEqual(names.map(({ name }) => name), ["x", "Bob", "Cyd"]);
  });

  it("from DELETE, which does not remove them", async () => {
    const { executor } = world;
    const { numDeletedRows } = await executor.deleteFrom("sd_users").executeTakeFirst();
    assert.equal(numDeletedRows, 2n);
    assert.equal(await world.users(), "(2)");
    await executor.deleteFrom("sd_posts").where("id", "=", 12).execute();
    assert.equal(await world.posts(), "10 11 (12) 13 14");
  });

  it("from INSERT .. SELECT", async () => {
    const { db, executor } = world;
    await executor.insertInto("sd_labels").columns(["id", "name"])
      .expression((eb) =>
        eb.selectFrom("sd_users").select((eb) => [
          eb("id", "+", 100).as("id"),
          "name",
        ])
      ).execute();
    const names = await db.selectFrom("sd_labels").select("name").where("id", ">", 100)
      .orderBy("id").execute();
    assert.deepEqual(names, [{ name: "Ada" }, { name: "Cyd" }]);
  });

  it("in transactions, savepoints and on a connection of one's own", async () => {
    const { executor } = world;
    const count = async (db: Kysely<Database>): Promise<number> =>
      (await db.selectFrom("sd_users").select("id").execute()).length;
    await executor.transaction().execute(async (trx) => assert.equal(await count(trx), 2));
    const trx = await executor.startTransaction().execute();
    try {
      const inner = await trx.savepoint("s").execute();
      assert.equal(await count(inner), 2);
      await inner.rollbackToSavepoint("s").execute();
    } finally {
      await trx.rollback().execute();
    }
    await executor.connection().execute(async (db) => assert.equal(await count(db), 2));
  });

  it("but inserts and updates that mark rows by hand take effect", async () => {
    const { db, executor } = world;
    const deleted_at = dialect.dialect === "sqlite" ? BEFORE.toISOString() : BEFORE;
    await executor.updateTable("sd_users").set({ deleted_at }).where("id", "=", 1).execute();
    assert.equal(await world.users(), "(1) (2) 3");
    const row = await db.selectFrom("sd_users").select("deleted_at").where("id", "=", 1)
      .executeTakeFirstOrThrow();
    assert.equal(iso(row.deleted_at), BEFORE.toISOString());
  });
});
