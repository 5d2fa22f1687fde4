import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { matcherOf } from "./_matcher.ts";

describe("matcherOf()", () => {
  it("takes stars, question marks and braces", () => {
    const names = ["users", "user_roles", "roles", "a.b"];
    const shown = (include?: string, exclude?: string) => names.filter(matcherOf(include, exclude));
    assert.deepEqual(shown(), names);
    assert.deepEqual(shown("user*"), ["users", "user_roles"]);
    assert.deepEqual(
      shown("*e?s"),
      ["users", "user_roles", "roles"].filter((name) => /e.s$/.test(name)),
    );
    assert.deepEqual(shown("{users,a?b}"), ["users", "a.b"]);
    assert.deepEqual(shown(undefined, "*roles"), ["users", "a.b"]);
    assert.deepEqual(shown("user.*"), []);
  });

  it("takes no longer for many stars", () => {
    assert.equal(matcherOf("*a".repeat(200) + "b", undefined)("a".repeat(5000)), false);
  });
});
