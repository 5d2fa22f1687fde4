import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { didYouMean, nearNames } from "@kysera/core";

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

  it("does not call a short name near that has no letter in common", () => {
    assert.deepEqual(nearNames("ms", ["on", "m"]), ["m"]);
    assert.deepEqual(nearNames("x", ["y", "X"]), ["X"]);
    assert.deepEqual(nearNames("", ["a"]), []);
  });
});

describe("didYouMean()", () => {
  it("suggests what is near, and says nothing where nothing is", () => {
    assert.equal(didYouMean("limt", ["limit", "offset"]), ' (did you mean "limit"?)');
    assert.equal(didYouMean("usr", ["user", "uses"]), ' (did you mean "user" or "uses"?)');
    assert.equal(didYouMean("elsewhere", ["limit", "offset"]), "");
  });
});
