import assert from "node:assert/strict";
import { after, before, beforeEach, it } from "node:test";
import { bindContext, QueryRefusedError, withMetadata } from "@kysera/executor";
import { createRepository } from "@kysera/repository";
import { withoutTimestamps } from "@kysera/timestamps";
import type { Kysely } from "kysely";
import { onEveryDialect } from "../support/matrix.ts";
import { BEFORE, stamps, tick, time, World } from "./_world.ts";

onEveryDialect("The options of timestampsPlugin()", (dialect) => {
  const world = new World(dialect);
  const old = time(dialect, BEFORE);

  before(() => world.open());
  after(() => world.close());
  beforeEach(() => world.fill());

  it("keep a new row from being told as changed, where they say so", async () => {
    const executor = await world.executor({ setUpdatedAtOnInsert: false });
    await executor.insertInto("ts_notes").values({ id: 3, title: "c" }).execute();
    await executor.insertInto("ts_counters").values({ id: 1, n: 1 }).execute();
    assert.deepEqual((await stamps(world.db)).slice(2), ["c 0/null"]);
    const [counter] = await world.db.selectFrom("ts_counters").selectAll().execute();
    assert.equal(counter!.updated_at, null);
    await executor.updateTable("ts_notes").set({ body: "z" }).where("id", "=", 3).execute();
    assert.deepEqual((await stamps(world.db)).slice(2), ["c 0/1"]);
  });

  it("keep what the user gives", async () => {
    const executor = await world.executor();
    await executor.insertInto("ts_notes")
      .values({ id: 3, title: "c", created_at: old, updated_at: null }).execute();
    await executor.updateTable("ts_notes").set({ body: "z", updated_at: old })
      .where("id", "=", 1).execute();
    assert.deepEqual(await stamps(world.db), ["a old/old", "b old/old", "c old/null"]);
  });

  it("replace what the user gives, where they say so", async () => {
    const executor = await world.executor({ onGiven: "replace" });
    await executor.insertInto("ts_notes")
      .values({ id: 3, title: "c", created_at: old, updated_at: null }).execute();
    await executor.updateTable("ts_notes").set({ updated_at: old }).where("id", "=", 1).execute();
    assert.deepEqual(await stamps(world.db), ["a old/1", "b old/old", "c 0/0"]);
    // When a row was made is the user's to say of rows that there are.
    await executor.updateTable("ts_notes").set({ created_at: null }).where("id", "=", 1).execute();
    assert.deepEqual((await stamps(world.db))[0], "a null/2");
  });

  it("refuse what the user gives, where they say so", async () => {
    const executor = await world.executor({ onGiven: "refuse" });
    const notes = createRepository(executor, { tableName: "ts_notes" });
    const writes = [
      () =>
        executor.insertInto("ts_notes").values({ id: 3, title: "c", created_at: old }).execute(),
      () => executor.updateTable("ts_notes").set({ updated_at: old }).execute(),
      () => notes.create({ id: 3, title: "c", updated_at: old }),
      () => notes.update(1, { updated_at: old }),
    ];
    for (const write of writes) {
      await assert.rejects(
        write(),
        (error) => error instanceof QueryRefusedError && error.reason === "STAMPED_COLUMN",
      );
    }
    assert.deepEqual(await stamps(world.db), ["a old/old", "b old/old"]);
    await notes.touch(1);
    await notes.createWithoutTimestamps({ id: 3, title: "c", created_at: old });
    assert.deepEqual(await stamps(world.db), ["a old/0", "b old/old", "c old/null"]);
  });

  it("take who writes from the context", async () => {
    const executor = await world.executor({
      createdByColumn: "created_by",
      updatedByColumn: "updated_by",
    });
    const users = async (): Promise<unknown[]> => {
      const rows = await world.db.selectFrom("ts_notes").selectAll().orderBy("id").execute();
      return rows.map((row) => [row.created_by, row.updated_by]);
    };
    const one = bindContext(executor, { auth: { userId: 1 }, userId: 100 });
    const two = bindContext(executor, { userId: 2 });
    await one.insertInto("ts_notes").values([{ id: 3, title: "c" }, { id: 4, title: "d" }])
      .execute();
    await two.updateTable("ts_notes").set({ body: "z" }).where("id", "=", 4).execute();
    await createRepository(two, { tableName: "ts_notes" }).touch(1);
    assert.deepEqual(await users(), [[null, 2], [null, null], [1, 1], [1, 2]]);
    // Nobody is known to have done it.
    await executor.updateTable("ts_notes").set({ body: "y" }).where("id", "=", 4).execute();
    assert.deepEqual((await users())[3], [1, null]);
  });

  it("take who writes as they are told to, and may insist on it", async () => {
    const executor = await world.executor({
      updatedByColumn: "updated_by",
      getUserId: (context) => context?.["member"] as number,
      actor: "required",
    });
    const write = (db: Kysely<any>) => db.updateTable("ts_notes").set({ body: "z" }).execute();
    await assert.rejects(write(executor), { code: "NO_USER", message: /"actor" is "required"/ });
    await assert.rejects(write(bindContext(executor, { member: {} })), { code: "INVALID_USER" });
    await assert.rejects(write(bindContext(executor, { member: "" })), { code: "INVALID_USER" });
    await assert.rejects(write(bindContext(executor, { member: NaN })), { code: "INVALID_USER" });
    assert.deepEqual(await stamps(world.db), ["a old/old", "b old/old"]);
    await write(bindContext(executor, { member: 7 }));
    const rows = await world.db.selectFrom("ts_notes").select("updated_by").execute();
    assert.deepEqual(rows.map((row) => row.updated_by), [7, 7]);
    await write(withoutTimestamps(executor));
  });

  it("may be for one of the columns", async () => {
    const executor = await world.executor({ updatedAtColumn: null, tables: ["ts_notes"] });
    await executor.insertInto("ts_notes").values({ id: 3, title: "c" }).execute();
    await executor.updateTable("ts_notes").set({ body: "z" }).execute();
    assert.deepEqual(await stamps(world.db), ["a old/old", "b old/old", "c 0/null"]);
  });

  it("are as handles say that write without stamps", async () => {
    const executor = await world.executor({ updatedByColumn: "updated_by" });
    const bare = withoutTimestamps(executor);
    await bare.insertInto("ts_notes").values({ id: 3, title: "c" }).execute();
    await bare.transaction().execute((trx) =>
      trx.updateTable("ts_notes").set({ body: "z" }).execute()
    );
    assert.deepEqual(await stamps(world.db), ["a old/old", "b old/old", "c null/null"]);
    assert.equal(world.clock.asked, 0);
    await withMetadata(bare, { timestamps: true }).updateTable("ts_notes").set({ body: "w" })
      .where("id", "=", 3).execute();
    await executor.transaction().execute((trx) =>
      withoutTimestamps(trx).updateTable("ts_notes").set({ body: "v" }).execute()
    );
    const rows = await world.db.selectFrom("ts_notes").selectAll().orderBy("id").execute();
    assert.deepEqual(rows.map((row) => [tick(row.updated_at), row.body]), [
      ["old", "v"],
      ["old", "v"],
      [0, "v"],
    ]);
    await assert.rejects(
      withMetadata(executor, { timestamps: "no" }).updateTable("ts_notes").set({ body: "u" })
        .execute(),
      { code: "INVALID_FLAG" },
    );
  });
});
