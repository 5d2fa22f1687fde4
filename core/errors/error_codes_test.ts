import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ErrorCodes, getErrorCategory, isValidErrorCode } from "@kysera/core";

describe("ErrorCodes", () => {
  it("has values that equal their keys", () => {
    for (const [key, value] of Object.entries(ErrorCodes)) assert.equal(value, key);
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
  it("gives the part before the first underscore of every code", () => {
    const categories = new Set(Object.keys(ErrorCodes).map(getErrorCategory));
    assert.deepEqual(
      [...categories],
      ["DB", "VALIDATION", "RESOURCE", "MIGRATION", "PLUGIN", "AUDIT", "CONFIG", "FS", "NETWORK"],
    );
  });

  it("gives UNKNOWN for what is no code", () => {
    assert.equal(getErrorCategory("DB_TEAPOT"), "UNKNOWN");
    assert.equal(getErrorCategory(""), "UNKNOWN");
  });
});
