import { isPlainObject } from "@kysera/core";
import assert from "node:assert/strict";
import { describe, it } from "node:test";

describe("isPlainObject()", () => {
  it("is true for what a literal creates, and for an object without a prototype", () => {
    for (const value of [{}, { a: 1 }, Object.create(null), JSON.parse("{}"), new Object()]) {
      assert.equal(isPlainObject(value), true);
    }
  });

  it("is false for values, lists, functions and instances of classes", () => {
    class Own {}
    const others = [
      null,
      undefined,
      "",
      5,
      true,
      7n,
      Symbol(),
      [],
      () => {},
      new Date(),
      new Uint8Array(),
      new Map(),
      /a/,
      new Own(),
      Object.create({}),
    ];
    for (const value of others) assert.equal(isPlainObject(value), false);
  });
});
