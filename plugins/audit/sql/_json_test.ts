import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseExact, stringifyExact } from "./_json.ts";

describe("parseExact()", () => {
  it("keeps digits that a number would lose", () => {
    const text =
      '{"a":9007199254740993,"b":1.10,"c":0.1,"d":"12345678901234567890","e":[1e5,-0.5]}';
    assert.deepEqual(parseExact(text, true), {
      a: 9007199254740993n,
      b: "1.10",
      c: 0.1,
      d: "12345678901234567890",
      e: [100000, -0.5],
    });
    assert.deepEqual(parseExact('{"b":0.10000000000000001}', false), { b: 0.1 });
  });

  it("leaves numbers in texts alone, whatever quotes they have", () => {
    const value = { "1.10": 'say "1.10" \\', b: "\\", c: "9007199254740993" };
    assert.deepEqual(parseExact(JSON.stringify(value), true), value);
  });
});

describe("stringifyExact()", () => {
  it("writes what parseExact() reads", () => {
    const text = '{"a":9007199254740993,"b":[null,true,"x"],"c":{"d":-1.5}}';
    assert.equal(stringifyExact(parseExact(text, true)), text);
  });
});
