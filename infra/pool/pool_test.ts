import { createMetricsPool, getPoolMetrics, isMetricsPool } from "@kysera/infra";
import assert from "node:assert/strict";
import { describe, it } from "node:test";

describe("getPoolMetrics()", () => {
  it("reads a pool that counts as tarn does", () => {
    const pool = {
      max: 8,
      numUsed: () => 3,
      numFree: () => 1,
      numPendingAcquires: () => 2,
    };
    assert.deepEqual(getPoolMetrics(pool), { total: 4, idle: 1, active: 3, waiting: 2, max: 8 });
  });

  it("reads a database of bun:sqlite and of better-sqlite3", () => {
    const prepare = (): void => {};
    assert.deepEqual(getPoolMetrics({ prepare, inTransaction: true }), {
      total: 1,
      idle: 0,
      active: 1,
      waiting: 0,
      max: 1,
    });
    assert.equal(getPoolMetrics({ prepare, open: false, inTransaction: false })?.total, 0);
  });

  it("knows nothing of something else", () => {
    assert.equal(getPoolMetrics({}), undefined);
    assert.equal(getPoolMetrics({ totalCount: 1, idleCount: "1", waitingCount: 0 }), undefined);
  });
});

describe("createMetricsPool()", () => {
  class Pool {
    #count = 2;
    totalCount = 2;
    idleCount = 1;
    waitingCount = 0;
    grow(): number {
      this.totalCount++;
      return ++this.#count;
    }
  }

  it("leaves the pool as it is, and works as it does", () => {
    const pool = new Pool();
    const measured = createMetricsPool(pool);
    assert.equal(isMetricsPool(pool), false);
    assert.equal(isMetricsPool(measured), true);
    assert.equal("getMetrics" in measured, true);
    assert.equal(measured instanceof Pool, true);
    assert.equal(measured.grow(), 3);
    assert.equal(measured.grow, measured.grow);
    assert.deepEqual(measured.getMetrics(), { total: 3, idle: 1, active: 2, waiting: 0 });
    assert.equal(createMetricsPool(measured), measured);
  });

  it("refuses a pool without gauges", () => {
    assert.throws(() => createMetricsPool({}), /Cannot measure the pool: it is none of pg, mysql2/);
  });
});
