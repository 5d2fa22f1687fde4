import assert from "node:assert/strict";
import { afterEach, beforeEach, it } from "node:test";
import { bindContext, createExecutor, getContext, getRawDb, withMetadata } from "@kysera/executor";
import { onlyDeleted, softDelete, SoftDeleteError, withDeleted } from "@kysera/soft-delete";
import type { Kysely } from "kysely";
import { onEveryDialect } from "../support/matrix.ts";
import { type Database, openWorld, type World } from "./_world.ts";

onEveryDialect("withDeleted() and onlyDeleted()", (dialect) => {
  let world: World;
  let executor: Kysely<Database>;
  beforeEach(async () => {
    world = await openWorld(dialect);
    executor = world.executor;
  });
  afterEach(() => world.close());

  const ids = async (db: Kysely<Database>): Promise<number[]> => {
    const rows = await db.selectFrom("sd_users as u").select("u.id").orderBy("u.id").execute();
    return rows.map(({ id }) => id);
  };

  it("show deleted rows as well, or only those, and leave the executor as it is", async () => {
    assert.deepEqual(await ids(withDeleted(executor)), [1, 2, 3]);
    assert.deepEqual(await ids(onlyDeleted(executor)), [2]);
    assert.deepEqual(await ids(executor), [1, 3]);
    assert.deepEqual(await ids(onlyDeleted(withDeleted(executor))), [2]);
    assert.deepEqual(await ids(withMetadata(withDeleted(executor), { includeDeleted: false })), [
      1,
      3,
    ]);
    assert.deepEqual(await ids(withMetadata(executor, { includeDeleted: true })), [1, 2, 3]);
  });

  it("work in transactions, on bound contexts and in savepoints, and keep these", async () => {
    const bound = bindContext(executor, { user: 7 });
    assert.deepEqual(await ids(withDeleted(bound)), [1, 2, 3]);
    assert.deepEqual(getContext(withDeleted(bound)), { user: 7 });
    await assert.rejects(
      withDeleted(bound).transaction().execute(async (trx) => {
        assert.deepEqual(await ids(trx), [1, 2, 3]);
        assert.deepEqual(await ids(onlyDeleted(trx)), [2]);
        const visible = withMetadata(trx, { includeDeleted: false });
        assert.equal(await softDelete(visible, "sd_users", 3), 1);
        assert.deepEqual(await ids(visible), [1]);
        assert.deepEqual(await ids(onlyDeleted(trx)), [2, 3]);
        assert.deepEqual(getContext(trx), { user: 7 });
        throw new Error("enough");
      }),
      /enough/,
    );
    const trx = await executor.startTransaction().execute();
    try {
      const savepoint = await trx.savepoint("s").execute();
      assert.deepEqual(await ids(onlyDeleted(savepoint)), [2]);
      assert.deepEqual(await ids(withDeleted(savepoint)), [1, 2, 3]);
      assert.deepEqual(await ids(savepoint), [1, 3]);
    } finally {
      await trx.rollback().execute();
    }
    assert.equal(await world.users(), "1 (2) 3");
  });

  it("hold for every table of a query, and for a subquery that another instance built", async () => {
    const bin = onlyDeleted(executor);
    assert.deepEqual(
      await bin.selectFrom("sd_posts").innerJoin("sd_labels", "sd_labels.id", "sd_posts.user_id")
        .select(["sd_posts.id", "sd_labels.name"]).execute(),
      [{ id: 12, name: "x" }],
    );
    const gone = bin.selectFrom("sd_users").select("id");
    assert.deepEqual(
      await executor.selectFrom("sd_posts").select("id").where("user_id", "in", gone).execute(),
      [{ id: 13 }],
    );
  });

  it("let deleted rows be updated and removed", async () => {
    await onlyDeleted(executor).updateTable("sd_users").set({ name: "gone" }).execute();
    const named = await world.db.selectFrom("sd_users").select("id").where("name", "=", "gone")
      .execute();
    assert.deepEqual(named, [{ id: 2 }]);
    await onlyDeleted(executor).deleteFrom("sd_users").execute();
    assert.equal(await world.users(), "1 3");
    await withDeleted(executor).deleteFrom("sd_posts").execute();
    assert.equal(await world.posts(), "");
  });

  it("do not change what the filter of another plugin believes", async () => {
    // Posts are for users of their own, and one of these users is deleted.
    const policed: Kysely<Database> = await createExecutor(executor, [{
      name: "of-users",
      version: "1.0.0",
      appliesTo: ({ name }) => name === "sd_posts",
      filter: (posts, { eb }) =>
        eb(posts.column("user_id"), "in", eb.selectFrom("sd_users as owner").select("owner.id")),
    }]);
    const posts = async (db: Kysely<Database>): Promise<number[]> => {
      const rows = await db.selectFrom("sd_posts").select("id").orderBy("id").execute();
      return rows.map(({ id }) => id);
    };
    assert.deepEqual(await posts(policed), [10, 11, 14]);
    assert.deepEqual(await posts(withDeleted(policed)), [10, 11, 12, 14]);
    assert.deepEqual(await posts(onlyDeleted(policed)), [12]);
  });

  it("are what the plugin starts from where its option includeDeleted is set", async () => {
    await world.close();
    world = await openWorld(dialect, { includeDeleted: true });
    executor = world.executor;
    assert.deepEqual(await ids(executor), [1, 2, 3]);
    assert.deepEqual(await ids(onlyDeleted(executor)), [2]);
    assert.deepEqual(await ids(withMetadata(executor, { includeDeleted: false })), [1, 3]);
    assert.equal(await softDelete(executor, "sd_users", [1, 2]), 1);
    assert.equal(await world.users(), "(1) (2) 3");
  });

  it("refuse flags that mean nothing, and an executor without soft delete", async () => {
    for (
      const flags of [{ includeDeleted: "yes" }, { includeDeleted: null }, { includeDeleted: 1 }]
    ) {
      await assert.rejects(
        ids(withMetadata(executor, flags)),
        (error) => error instanceof SoftDeleteError && error.code === "INVALID_FLAG",
      );
    }
    await assert.rejects(
      withMetadata(executor, { onDelete: "archive" }).deleteFrom("sd_users").execute(),
      /"onDelete" is "archive"; it must be "hard", "soft" or "deny"/,
    );
    for (const handle of [withDeleted, onlyDeleted]) {
      assert.throws(
        () => handle(getRawDb(executor)),
        (error) => error instanceof SoftDeleteError && error.code === "NO_SOFT_DELETE_PLUGIN",
      );
    }
    assert.equal(await world.users(), "1 (2) 3");
  });
});
