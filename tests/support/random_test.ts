import assert from "node:assert/strict";
import process from "node:process";
import { afterEach, beforeEach, describe, it } from "node:test";
import { fuzzPart, fuzzProperty, fuzzRuns, fuzzSeed, isFileDrawn } from "./random.ts";

const names = [
  ...["KYSERA_TEST_SCALE", "KYSERA_FUZZ_RUNS", "KYSERA_FUZZ_SEED", "KYSERA_FUZZ_PATH"],
  "KYSERA_TEST_ITEM",
];

describe("the number of random cases", () => {
  let before: (string | undefined)[];
  beforeEach(() => {
    before = names.map((name) => process.env[name]);
    for (const name of names) delete process.env[name];
  });
  afterEach(() => {
    for (const [i, name] of names.entries()) {
      if (before[i] === undefined) delete process.env[name];
      else process.env[name] = before[i];
    }
  });

  it("is an eighth in the short form, but not so few that they prove nothing", () => {
    assert.deepEqual([2000, 50, 24, 6].map((full) => fuzzRuns(full)), [250, 10, 10, 6]);
  });

  it("is all in the full form", () => {
    process.env["KYSERA_TEST_SCALE"] = "full";
    assert.deepEqual([2000, 50, 24, 6].map((full) => fuzzRuns(full)), [2000, 50, 24, 6]);
    assert.deepEqual([...fuzzPart("abc")], ["a", "b", "c"]);
  });

  it("is a sixteenth in the brief form", () => {
    process.env["KYSERA_TEST_SCALE"] = "brief";
    assert.deepEqual([2000, 50, 24, 6].map((full) => fuzzRuns(full)), [125, 10, 10, 6]);
  });

  it("is a part of the files, another with each seed, in a run that names them", () => {
    assert.equal(isFileDrawn(4), true);
    const drawn = [1, 2].map((seed) => {
      process.env["KYSERA_FUZZ_SEED"] = String(seed);
      return Array.from({ length: 400 }, (_, i) => `tests/some/file_${i}_test.ts`)
        .filter((file) => {
          process.env["KYSERA_TEST_ITEM"] = file;
          return isFileDrawn(4);
        });
    });
    for (const part of drawn) assert.ok(part.length > 60 && part.length < 140, `${part.length}`);
    assert.notDeepEqual(drawn[0], drawn[1]);
    process.env["KYSERA_TEST_SCALE"] = "full";
    assert.equal(isFileDrawn(4), true);
  });

  it("is what the environment asks for, a case being worth some queries", () => {
    process.env["KYSERA_FUZZ_RUNS"] = "60000";
    assert.equal(fuzzRuns(2000), 60_000);
    assert.equal(fuzzRuns(100, 7), 8572);
  });

  it("is not left to a misspelt form", () => {
    process.env["KYSERA_TEST_SCALE"] = "long";
    assert.throws(() => fuzzRuns(1), /"full", "short", "brief", not "long"/);
  });

  it("begins at the seed of the environment, in every test of a file", () => {
    process.env["KYSERA_FUZZ_SEED"] = "42";
    process.env["KYSERA_FUZZ_PATH"] = "3:0";
    assert.deepEqual(fuzzSeed(), { seed: 42, path: "3:0" });
    process.env["KYSERA_FUZZ_SEED"] = "43";
    assert.equal(fuzzSeed().seed, 42);
    assert.deepEqual(fuzzProperty(100), { numRuns: 13, seed: 42 });
  });

  it("is a part of a list, and each case is in one of the parts", () => {
    const drawn = [...fuzzPart(Array.from({ length: 40 }, (_, i) => i))];
    assert.equal(drawn.length, 5);
    assert.deepEqual(drawn, drawn.map((_, i) => drawn[0]! + 8 * i));
  });
});
