import assert from "node:assert/strict";
import { after, before, beforeEach, it } from "node:test";
import { createExecutor, createExecutorSync } from "@kysera/executor";
import { TimestampsError, timestampsPlugin, touch, withoutTimestamps } from "@kysera/timestamps";
import { onEveryDialect } from "../support/matrix.ts";
import { stamps, World } from "./_world.ts";

onEveryDialect("touch()", (dialect) => {
  const world = new World(dialect);

  before(() => world.open());
  after(() => world.close());
  beforeEach(() => world.fill());

  it("touches a row, several, or those that fit", async () => {
    const executor = await world.executor();
    assert.equal(await touch(executor, "ts_notes", 1), 1);
    assert.equal(await touch(executor, "ts_notes", { id: 9 }), 0);
    assert.deepEqual(await stamps(world.db), ["a old/0", "b old/old"]);
    assert.equal(await touch(executor, "ts_notes", [1, 2, 9]), 2);
    assert.deepEqual(await stamps(world.db), ["a old/2", "b old/2"]);
    assert.equal(await touch(executor, "ts_notes", (eb) => eb("title", "=", "b")), 1);
    assert.deepEqual(await stamps(world.db), ["a old/2", "b old/3"]);
    assert.equal(await touch(executor, "ts_notes", []), 0);
  });

  it("touches through any instance, even one without stamps or one that refuses them", async () => {
    const executor = await world.executor({ onGiven: "refuse", updatedByColumn: "updated_by" });
    assert.equal(await touch(withoutTimestamps(executor), "ts_notes", 1), 1);
    await assert.rejects(
      executor.transaction().execute(async (trx) => {
        assert.equal(await touch(trx, "ts_notes", 2), 1);
        throw new Error("undo");
      }),
    );
    assert.deepEqual(await stamps(world.db), ["a old/0", "b old/old"]);
  });

  it("finds rows by the key of the options", async () => {
    const executor = await world.executor({ primaryKeyColumn: { ts_notes: ["title", "body"] } });
    assert.equal(await touch(executor, "ts_notes", { title: "a", body: "x" }), 1);
    assert.equal(await touch(executor, "ts_notes", { title: "a", body: "y" }), 0);
    assert.deepEqual(await stamps(world.db), ["a old/0", "b old/old"]);
    const error = { name: "TimestampsError", code: "INVALID_KEY" };
    await assert.rejects(touch(executor, "ts_notes", 1), error);
    await assert.rejects(touch(executor, "ts_notes", { title: "a" }), error);
    await assert.rejects(touch(executor, "ts_counters", undefined as never), error);
  });

  it("refuses tables without the column, and executors without the plugin", async () => {
    const executor = await world.executor();
    for (const table of ["ts_events", "ts_labels"] as const) {
      await assert.rejects(touch(executor, table, 1), {
        code: "NOT_A_TIMESTAMPED_TABLE",
        message: /^Cannot touch rows of "ts_.*"updatedAtColumn"/,
      });
    }
    const plain = await createExecutor(world.db, []);
    await assert.rejects(touch(plain, "ts_notes", 1), { code: "NO_TIMESTAMPS_PLUGIN" });
    await assert.rejects(touch(world.db, "ts_notes", 1), { code: "NO_TIMESTAMPS_PLUGIN" });
    assert.throws(() => withoutTimestamps(plain), TimestampsError);
  });

  it("sees the layer of an executor that has the table", async () => {
    const below = createExecutorSync(world.db, [
      timestampsPlugin({ tables: ["ts_counters"], createdAtColumn: null }),
    ]);
    const above = createExecutorSync(below, [
      timestampsPlugin({ tables: ["ts_notes"], getTimestamp: world.clock.read }),
    ]);
    await world.db.insertInto("ts_counters").values({ id: 1, n: 1 }).execute();
    assert.equal(await touch(above, "ts_notes", 1), 1);
    assert.equal(await touch(above, "ts_counters", 1), 1);
    assert.deepEqual(await stamps(world.db), ["a old/0", "b old/old"]);
  });
});
