import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { BadRequestError } from "@kysera/core";
import { assertValidIdentifier, validateIdentifier } from "@kysera/dialects";

const valid = ["users", "_users", "Users2", "public.users", "a.b.c", "x".repeat(128)];
const invalid = [
  "",
  "2users",
  "user name",
  "users;",
  'us"ers',
  "us`ers",
  "users--",
  "naïve",
  "users\n",
  ".users",
  "users.",
  "a..b",
  "a.1b",
  "x".repeat(129),
];

describe("validateIdentifier()", () => {
  for (const name of valid) {
    it(`takes ${name.slice(0, 20)} (${name.length})`, () =>
      assert.equal(validateIdentifier(name), true));
  }
  for (const name of invalid) {
    it(`refuses ${JSON.stringify(name.slice(0, 20))} (${name.length})`, () =>
      assert.equal(validateIdentifier(name), false));
  }
  it("refuses what is not a text", () => {
    const names: unknown[] = [undefined, null, 1, ["users"]];
    for (const name of names) {
      // Callers without types pass anything
      assert.equal(validateIdentifier(name as string), false);
    }
  });
});

describe("assertValidIdentifier()", () => {
  it("says what was refused, and as what", () => {
    assertValidIdentifier("users");
    assert.throws(() => assertValidIdentifier('us"ers', "column name"), (error) => {
      assert.ok(error instanceof BadRequestError);
      assert.match(error.message, /^Cannot use "us\\"ers" as column name: write letters/);
      return true;
    });
    assert.throws(
      () => assertValidIdentifier("x".repeat(1000)),
      /Cannot use "x{64}\.\.\." as identifier/,
    );
  });
});
