import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DatabaseError } from "./database_error.ts";
import { findDatabaseErrorAsync } from "./find_database_error_async.ts";
import { findDatabaseError } from "./parse_database_error.ts";

const ERRORS: readonly unknown[] = [
  Object.assign(new Error("duplicate"), { code: "23505", table: "users", constraint: "users_key" }),
  Object.assign(new Error("duplicate"), { code: "ER_DUP_ENTRY", errno: 1062, sqlState: "23000" }),
  Object.assign(new Error("locked"), { code: "ERR_SQLITE_ERROR", errcode: 5 }),
  new Error("outer", { cause: Object.assign(new Error("reset"), { code: "ECONNRESET" }) }),
  new DatabaseError("Cannot run query", "DB_QUERY_FAILED"),
  new TypeError("x is undefined"),
  undefined,
];

describe("findDatabaseErrorAsync()", () => {
  it("resolves with what findDatabaseError() returns", async () => {
    for (const error of ERRORS) {
      for (const dialect of [undefined, "postgres", "mysql", "sqlite"] as const) {
        const found = await findDatabaseErrorAsync(error, dialect);
        const expected = findDatabaseError(error, dialect);
        assert.equal(found?.constructor, expected?.constructor);
        assert.deepEqual(found?.toJSON(), expected?.toJSON());
        assert.equal(found?.cause, expected?.cause);
      }
    }
  });
});
