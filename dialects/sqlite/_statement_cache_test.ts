import { describe, it } from "node:test";
import assert from "node:assert/strict";
import type { SqliteHandle, SqliteHandleStatement } from "./_handle.ts";
import { StatementCache } from "./_statement_cache.ts";

/** The statements that the cache runs for itself. */
const OWN = ["pragma schema_version", "select 1 from sqlite_master limit 0"];

/** Counts what is prepared and finalised. */
class CountingHandle implements SqliteHandle {
  readonly bindsNumbersAsReal = false;
  readonly prepared: string[] = [];
  readonly finalized: string[] = [];
  schemaVersion = 1;

  prepare(sql: string): SqliteHandleStatement {
    if (!OWN.includes(sql)) this.prepared.push(sql);
    return {
      columns: ["a"],
      values: () => [[this.schemaVersion]],
      run: () => ({ changes: 0, lastInsertRowid: 0 }),
      iterate: () => [][Symbol.iterator](),
      finalize: () => {
        if (!OWN.includes(sql)) this.finalized.push(sql);
      },
    };
  }

  close(): void {}
}

function use(cache: StatementCache, sql: string): void {
  cache.give(sql, cache.take(sql));
}

describe("StatementCache", () => {
  it("prepares a text once", () => {
    const handle = new CountingHandle();
    const cache = new StatementCache(handle, 2);
    for (const sql of ["a", "b", "a", "b", "a"]) use(cache, sql);
    assert.deepEqual(handle.prepared, ["a", "b"]);
    assert.deepEqual(handle.finalized, []);
  });

  it("keeps no more than its capacity, and finalises what was used least recently", () => {
    const handle = new CountingHandle();
    const cache = new StatementCache(handle, 2);
    for (const sql of ["a", "b", "a", "c"]) use(cache, sql);
    assert.deepEqual(handle.finalized, ["b"]);
    use(cache, "a");
    assert.deepEqual(handle.prepared, ["a", "b", "c"]);
  });

  it("keeps nothing without capacity", () => {
    const handle = new CountingHandle();
    const cache = new StatementCache(handle, 0);
    for (const sql of ["a", "a"]) use(cache, sql);
    assert.deepEqual(handle.prepared, ["a", "a"]);
    assert.deepEqual(handle.finalized, ["a", "a"]);
  });

  it("never hands out a statement that is in use", () => {
    const handle = new CountingHandle();
    const cache = new StatementCache(handle, 2);
    const first = cache.take("a");
    const second = cache.take("a");
    assert.notEqual(first, second);
    cache.give("a", first);
    cache.give("a", second);
    assert.deepEqual(handle.prepared, ["a", "a"]);
    assert.deepEqual(handle.finalized, ["a"]);
    assert.equal(cache.take("a"), first);
  });

  it("prepares again what depends on a schema that has changed", () => {
    const handle = new CountingHandle();
    const cache = new StatementCache(handle, 9);
    const texts = ["select * from t", "select count(*) from t", 'select "a" from t', "* from t"];
    for (const sql of [...texts, ...texts]) use(cache, sql);
    assert.equal(handle.prepared.length, 4);
    handle.schemaVersion++;
    for (const sql of texts) use(cache, sql);
    assert.deepEqual(handle.prepared.slice(4), ["select * from t", "* from t"]);
    assert.deepEqual(handle.finalized, ["select * from t", "* from t"]);
    cache.schemaChanged();
    for (const sql of texts) use(cache, sql);
    assert.deepEqual(handle.prepared.slice(6), ["select * from t", "* from t"]);
  });

  it("finalises all statements when it is cleared", () => {
    const handle = new CountingHandle();
    const cache = new StatementCache(handle, 9);
    for (const sql of ["a", "select *"]) use(cache, sql);
    cache.clear();
    assert.deepEqual(handle.finalized.sort(), ["a", "select *"]);
  });
});
