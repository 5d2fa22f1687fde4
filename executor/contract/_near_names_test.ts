import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nearNames } from "./_near_names.ts";

describe("nearNames()", () => {
  it("gives the nearest names first, each once, three at most", () => {
    const known = ["users", "user", "posts", "usher", "uses", "users", "USERS"];
    assert.deepEqual(nearNames("usres", known), ["uses", "users", "user"]);
    assert.deepEqual(nearNames("user", known).slice(0, 2), ["user", "users"]);
  });

  it("counts no letter case", () => {
    assert.deepEqual(nearNames("UserAccounts", ["user_accounts"]), ["user_accounts"]);
  });

  it("gives nothing where nothing is near", () => {
    assert.deepEqual(nearNames("elsewhere", ["users", "posts"]), []);
    assert.deepEqual(nearNames("users", []), []);
  });
});
