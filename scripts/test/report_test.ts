import { describe, it } from "node:test";
import assert from "node:assert/strict";
import type { TestCase } from "./junit.ts";
import {
  describeFailure,
  describeSkipped,
  describeSlowest,
  formatSeconds,
  lineOf,
  Reporter,
} from "./report.ts";
import type { ItemResult } from "./result.ts";

function result(name: string, cases: readonly TestCase[], more: Partial<ItemResult> = {}) {
  const repeat = (test?: string) => `repeat ${name}${test === undefined ? "" : ` ${test}`}`;
  return { name, cases, seconds: 1.23, output: "", repeat, ...more };
}

const passed: TestCase = { name: "a", outcome: "passed", seconds: 0 };
const failed: TestCase = {
  name: "b > c",
  outcome: "failed",
  seconds: 0,
  error: "Error: no\n at x",
};
const skipped: TestCase = { name: "d", outcome: "skipped", seconds: 0, reason: "no server" };

describe("lineOf()", () => {
  it("has the count, the name, the outcome and the time in columns", () => {
    const all = [passed, passed];
    assert.equal(
      lineOf(result("tests/a_test.ts", all), 12, 310, 18),
      "   12/310  tests/a_test.ts     2 passed    1.2 s",
    );
    assert.equal(
      lineOf(result("a", [passed, failed, skipped]), 1, 9, 1),
      "  1/9  a  1 passed, 1 failed, 1 skipped  1.2 s  FAILED",
    );
    assert.equal(lineOf(result("a", [skipped]), 1, 9, 1), "  1/9  a  1 skipped   1.2 s");
    assert.equal(lineOf(result("a", []), 1, 9, 1), "  1/9  a  no tests    1.2 s");
  });

  it("tells of a failure beside the tests", () => {
    assert.match(
      lineOf(result("a", [], { problem: "It ended with 3" }), 1, 1, 1),
      /1 failed .*FAILED/,
    );
  });
});

describe("describeFailure()", () => {
  it("has the error, the command that repeats the test, and what was printed", () => {
    assert.equal(
      describeFailure(result("a_test.ts", [passed, failed], { output: "said" })),
      `FAILED a_test.ts
  b > c
    Error: no
     at x
  Repeat: repeat a_test.ts b > c

  a_test.ts printed:
    said`,
    );
  });

  it("has what went wrong beside the tests", () => {
    assert.equal(
      describeFailure(result("a_test.ts", [passed], { problem: "It ended with 3" })),
      "FAILED a_test.ts\n    It ended with 3\n  Repeat: repeat a_test.ts",
    );
  });

  it("says nothing where nothing failed", () => {
    assert.equal(describeFailure(result("a", [passed, skipped], { output: "said" })), "");
  });
});

describe("describeSkipped()", () => {
  it("has the tests by their reasons, the commonest first", () => {
    const other: TestCase = { name: "e", outcome: "skipped", seconds: 0 };
    const results = ["w", "x", "y", "z"].map((name) => result(name, [skipped, passed]));
    assert.equal(
      describeSkipped([result("a", [other]), ...results]),
      "Skipped: 5\n     4  no server (w, x, y and 1 more)\n     1  no reason is given (a)",
    );
    assert.equal(describeSkipped([result("a", [passed])]), "");
  });
});

describe("describeSlowest()", () => {
  it("has the ten that took longest", () => {
    const results = Array.from({ length: 12 }, (_, i) => result(`f${i}`, [], { seconds: i * 20 }));
    const lines = describeSlowest(results).split("\n");
    assert.equal(lines.length, 11);
    assert.deepEqual(lines.slice(0, 2), ["Slowest:", "  3 min 40 s  f11"]);
    assert.equal(lines.at(-1), "   40.0 s  f2");
  });
});

describe("formatSeconds()", () => {
  it("changes to minutes where seconds are hard to read", () => {
    assert.deepEqual([0.04, 1.25, 99.94, 99.96, 187].map(formatSeconds), [
      "0.0 s",
      "1.3 s",
      "99.9 s",
      "1 min 40 s",
      "3 min 7 s",
    ]);
  });
});

describe("Reporter", () => {
  it("counts, and says nothing of what a filter leaves empty but at the end", () => {
    const printed: string[] = [];
    const reporter = new Reporter((text) => printed.push(text));
    reporter.begin(["a", "b", "c"]);
    reporter.add(result("a", [passed]), true);
    reporter.add(result("b", []), true);
    reporter.add(result("c", [failed]), true);
    assert.deepEqual(printed.map((line) => line.trim().split("  ")[0]), ["1/3", "3/3"]);
    assert.deepEqual(reporter.end(), { passed: 1, failed: 1, skipped: 0 });
    const text = printed.join("\n");
    assert.ok(text.includes("1 more have no such test"));
    assert.ok(text.indexOf("FAILED c") < text.indexOf("Slowest:"));
    assert.ok(text.indexOf("Slowest:") < text.indexOf("Dialects:"));
  });
});
