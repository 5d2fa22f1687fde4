import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { parseArguments } from "./arguments.ts";

describe("parseArguments()", () => {
  it("parts files from the options of deno test, in any order", () => {
    const args = parseArguments(["core/", "--filter", "a word", "--fail-fast", "b_test.ts", "-q"]);
    assert.deepEqual(args.paths, ["core/", "b_test.ts"]);
    assert.deepEqual(args.options, ["--filter", "a word", "--fail-fast", "-q"]);
    assert.equal(args.failFast, true);
    assert.deepEqual(parseArguments(["--filter=a b", "--", "x"]).options, [
      "--filter=a b",
      "--",
      "x",
    ]);
  });

  it("has options of its own", () => {
    const { options, ...args } = parseArguments(["--full", "--limit=9", "--no-check"]);
    assert.deepEqual(options, []);
    assert.deepEqual(args, {
      paths: [],
      check: false,
      full: true,
      failFast: false,
      limit: 9,
      budget: Infinity,
    });
    assert.equal(parseArguments(["--budget", "30"]).budget, 30);
    assert.equal(parseArguments(["--limit", "0.5"]).limit, 0.5);
  });

  it("leaves out what is done anyway", () => {
    assert.deepEqual(parseArguments(["--doc", "--parallel", "-A"]).options, []);
  });

  it("refuses what does not work for one file at a time, and limits that are none", () => {
    assert.throws(() => parseArguments(["--watch"]), /Cannot use --watch here/);
    assert.throws(() => parseArguments(["--shard=1/2"]), /Cannot use --shard here/);
    assert.throws(() => parseArguments(["--limit"]), /--limit/);
    assert.throws(() => parseArguments(["--limit=soon"]), /Cannot take "soon" .* of seconds/);
    assert.throws(() => parseArguments(["--budget", "-1"]), /Cannot take "-1" .* of minutes/);
  });
});
