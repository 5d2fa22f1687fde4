import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { parseDatabaseError, UniqueConstraintError } from "@kysera/core";
import { type SqliteWasmDatabase, sqliteWasmDialect, type SqlJsDatabase } from "@kysera/dialects";
import { Kysely, sql } from "kysely";
import { describeContract } from "../_contract_test.ts";

interface Loaded<D> {
  readonly open?: () => D;
  readonly skip?: string | undefined;
}

async function load<D extends object>(
  name: string,
  how: () => Promise<() => D>,
): Promise<Loaded<D>> {
  try {
    return { open: await how() };
  } catch (error) {
    return { skip: `${name} does not load: ${error instanceof Error ? error.message : error}` };
  }
}

const wasm = await load<SqliteWasmDatabase>("@sqlite.org/sqlite-wasm", async () => {
  const { default: init } = await import("@sqlite.org/sqlite-wasm");
  const sqlite3 = await init();
  // Every refused statement would be told on the console.
  Object.assign(sqlite3.config, { warn: () => {}, error: () => {} });
  return () => new sqlite3.oo1.DB(":memory:");
});
const js = await load<SqlJsDatabase>("sql.js", async () => {
  const { default: init } = await import("sql.js");
  const SQL = await init();
  return () => new SQL.Database();
});

for (
  const [name, { open, skip }] of [["@sqlite.org/sqlite-wasm", wasm], ["sql.js", js]] as const
) {
  describeContract({
    name: `sqliteWasmDialect() of ${name}`,
    family: "sqlite",
    skip,
    open: () => Promise.resolve({ dialect: sqliteWasmDialect({ database: open! }) }),
  });

  describe(`errors of ${name}`, { skip: skip ?? false }, () => {
    it("are known without being told the dialect", async () => {
      const db = new Kysely<any>({ dialect: sqliteWasmDialect({ database: open! }) });
      try {
        await sql`create table t (a integer unique)`.execute(db);
        await sql`insert into t values (1)`.execute(db);
        await assert.rejects(
          sql`insert into t values (1)`.execute(db),
          (error) => parseDatabaseError(error) instanceof UniqueConstraintError,
        );
      } finally {
        await db.destroy();
      }
    });
  });
}

describe("sqliteWasmDialect()", () => {
  it("reads all integers as bigints from sql.js", { skip: js.skip ?? false }, async () => {
    const db = new Kysely<any>({
      dialect: sqliteWasmDialect({ database: js.open!, bigints: "always" }),
    });
    try {
      assert.deepEqual((await sql`select 1 as a, 0.5 as b`.execute(db)).rows, [{ a: 1n, b: 0.5 }]);
    } finally {
      await db.destroy();
    }
  });

  it("refuses to do so with sqlite-wasm", { skip: wasm.skip ?? false }, async () => {
    const db = new Kysely<any>({
      dialect: sqliteWasmDialect({ database: wasm.open!, bigints: "always" }),
    });
    await assert.rejects(sql`select 1`.execute(db), /"bigints" is "always", which @sqlite.org/);
    await db.destroy();
  });
});
