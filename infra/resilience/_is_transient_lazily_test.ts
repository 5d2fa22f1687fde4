import { DatabaseError, DeadlockError, type Dialect, DIALECTS } from "@kysera/core";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isTransientLazily } from "./_is_transient_lazily.ts";
import { isTransientError } from "./is_transient_error.ts";

const COMMON: readonly (readonly [fields: object, dialect: Dialect])[] = [
  [{ code: "40001" }, "postgres"],
  [{ code: "40P01" }, "postgres"],
  [{ code: "55P03" }, "postgres"],
  [{ code: "ER_LOCK_DEADLOCK", errno: 1213, sqlState: "40001" }, "mysql"],
  [{ code: "ER_LOCK_WAIT_TIMEOUT", errno: 1205, sqlState: "HY000" }, "mysql"],
  [{ code: "SQLITE_BUSY" }, "sqlite"],
  [{ code: "ECONNREFUSED", errno: -111 }, "mssql"],
  [{ code: "ECONNRESET", errno: -104 }, "postgres"],
];

const OTHERS: readonly unknown[] = [
  { code: "23505" },
  { code: "40003" },
  { code: "57P01" },
  { code: "08006" },
  { code: "25P02" },
  { code: "26000" },
  { code: "ER_DUP_ENTRY", errno: 1062, sqlState: "23000" },
  { code: "ER_CON_COUNT_ERROR", errno: 1040 },
  { code: "SQLITE_CONSTRAINT_UNIQUE" },
  { code: "SQLITE_BUSY_SNAPSHOT" },
  { code: "ERR_SQLITE_ERROR", errcode: 5 },
  { code: "ERR_SQLITE_ERROR", errcode: 1 },
  { message: "D1_ERROR: database is locked: SQLITE_BUSY" },
  { number: 1205 },
  { number: 2627 },
  { code: "ENOTFOUND" },
  { code: "ECONNRESET", name: "AbortError" },
  { code: "40001", name: "TimeoutError" },
  { message: "timeout exceeded when trying to connect" },
  { cause: { code: "40P01" } },
  { code: "MINE", cause: { code: "ECONNRESET" } },
  { errors: [{ code: "ECONNREFUSED" }] },
  new TypeError("x is undefined"),
  new DeadlockError(),
  new DatabaseError("x", "DB_QUERY_FAILED"),
  new DatabaseError("x", "DB_UNKNOWN", undefined, { retryable: true }),
  new Proxy({}, {
    get: () => {
      throw new Error("unreadable");
    },
  }),
  undefined,
  null,
  "a string",
  0,
];

describe("isTransientLazily()", () => {
  it("returns what isTransientError() does, for every database", async () => {
    for (const error of [...COMMON.map(([fields]) => fields), ...OTHERS]) {
      for (const dialect of [undefined, ...DIALECTS]) {
        const expected = isTransientError(error, dialect);
        assert.equal(await isTransientLazily(error, dialect), expected);
      }
    }
  });

  it("returns at once for the commonest failures", () => {
    for (const [fields, dialect] of COMMON) {
      const error = Object.assign(new Error("x"), fields);
      assert.equal(isTransientLazily(error), true);
      assert.equal(isTransientLazily(error, dialect), true);
    }
    assert.notEqual(isTransientLazily({ code: "23505" }), true);
  });
});
