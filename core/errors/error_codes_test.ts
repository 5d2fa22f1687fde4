import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ErrorCodes, errorCodeTables, getErrorCategory, isValidErrorCode } from "@kysera/core";

describe("ErrorCodes", () => {
  it("has values that equal their keys", () => {
    for (const [key, value] of Object.entries(ErrorCodes)) assert.equal(value, key);
  });

  it("has each code in one table", () => {
    const all = Object.values(errorCodeTables).flatMap((codes) => Object.keys(codes));
    assert.deepEqual(all, Object.keys(ErrorCodes));
  });
});

describe("isValidErrorCode()", () => {
  it("accepts every code", () => {
    for (const code of Object.keys(ErrorCodes)) assert.ok(isValidErrorCode(code));
  });

  it("refuses everything else", () => {
    for (const value of ["", "DB", "db_timeout", "constructor", "__proto__", null, 7, {}]) {
      assert.equal(isValidErrorCode(value), false);
    }
  });
});

describe("getErrorCategory()", () => {
  it("gives the category of every code, which most begin with", () => {
    const categories = new Set(Object.keys(ErrorCodes).map(getErrorCategory));
    assert.deepEqual([...categories], Object.keys(errorCodeTables));
    for (
      const category of ["DB", "VALIDATION", "RESOURCE", "MIGRATION", "CONFIG", "FS", "NETWORK"]
    ) {
      const codes = Object.keys(ErrorCodes).filter((code) => code.startsWith(`${category}_`));
      assert.deepEqual([...new Set(codes.map(getErrorCategory))], [category]);
    }
    assert.equal(getErrorCategory("NO_AUDIT_PLUGIN"), "AUDIT");
    assert.equal(getErrorCategory("TRANSACTION_DOOMED"), "EXECUTOR");
  });

  it("gives UNKNOWN for what is not code", () => {
    assert.equal(getErrorCategory("DB_TEAPOT"), "UNKNOWN");
    assert.equal(getErrorCategory(""), "UNKNOWN");
    assert.equal(getErrorCategory("constructor"), "UNKNOWN");
  });
});
