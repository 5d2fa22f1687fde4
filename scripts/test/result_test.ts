import { describe, it } from "node:test";
import assert from "node:assert/strict";
import type { TestCase } from "./junit.ts";
import { quote, type Remains, resultOf, seedOf, totalsOf } from "./result.ts";

const ended = { code: 0, output: "", hung: false, seconds: 1 };

function judge(remains: Partial<Remains>) {
  return resultOf({
    name: "a_test.ts",
    kind: "deno",
    run: ended,
    cases: [],
    limit: 3,
    interrupted: false,
    repeat: () => "",
    ...remains,
  });
}

const passed: TestCase = { name: "outer > a", outcome: "passed", seconds: 0 };

describe("resultOf()", () => {
  it("names the test in which a process was ended, in place of what the runner says of it", () => {
    const { cases, problem } = judge({
      run: {
        code: 130,
        hung: true,
        seconds: 9,
        output: "outer ...\n  a ... ok (1ms)\n  hangs ...",
      },
      cases: [passed, { name: "outer > hangs", outcome: "skipped", seconds: 0 }],
    });
    assert.equal(problem, undefined);
    assert.deepEqual(cases.map(({ name, outcome }) => [name, outcome]), [
      ["outer > a", "passed"],
      ["outer > hangs", "failed"],
    ]);
    assert.match(cases[1]!.error!, /^It did not end within 3 s, .*`--limit SECONDS`/);
  });

  it("says where a process was ended that does not tell its tests", () => {
    const run = { code: 130, hung: true, seconds: 9, output: "▶ outer\n  ✔ a (1ms)\n" };
    assert.match(judge({ kind: "node", run }).problem!, /^Nothing went on for 3 s after "a",/);
    assert.match(judge({ run: { ...run, output: "" } }).problem!, /before the first test ended/);
  });

  it("says that a test took too long, whichever way its runner puts it", () => {
    for (
      const error of [
        "Error: test timed out after 3000ms\n    at x",
        "Error [ERR_TEST_FAILURE]: test timed out after 3000ms",
        "test timed out",
      ]
    ) {
      const { cases } = judge({ cases: [{ name: "a", outcome: "failed", seconds: 3.001, error }] });
      assert.match(cases[0]!.error!, /^It did not end within 3 s\./);
    }
  });

  it("tells of a process that failed without a test that did", () => {
    assert.equal(
      judge({ run: { ...ended, code: 3 }, cases: [passed] }).problem,
      "It ended with 3, and no test of it failed",
    );
    const failed: TestCase = { name: "b", outcome: "failed", seconds: 0 };
    assert.equal(judge({ run: { ...ended, code: 1 }, cases: [failed] }).problem, undefined);
  });

  it("tells of promises that were rejected outside of tests, and of what was interrupted", () => {
    assert.match(judge({ notes: [{ rejection: "Error: late" }] }).problem!, /Error: late$/);
    const interrupted = judge({ run: { ...ended, code: 130 }, interrupted: true });
    assert.match(interrupted.problem!, /running when the run was ended/);
  });

  it("gives skipped tests the reason that was noted", () => {
    const skipped: TestCase = { name: "outer > a > b", outcome: "skipped", seconds: 0 };
    const { cases } = judge({
      cases: [passed, skipped, { ...skipped, name: "c", reason: "own" }],
      notes: [{ skipped: "b", reason: "no server" }, { skipped: "c", reason: "other" }],
    });
    assert.deepEqual(cases.map(({ reason }) => reason), [undefined, "no server", "own"]);
  });
});

describe("totalsOf()", () => {
  it("counts what went wrong beside the tests as a failure", () => {
    const results = [judge({ cases: [passed] }), judge({ run: { ...ended, code: 1 } })];
    assert.deepEqual(totalsOf(results), { passed: 1, failed: 1, skipped: 0 });
  });
});

describe("seedOf()", () => {
  it("finds what a file says of its random cases", () => {
    const output = "x\nRandom cases: KYSERA_FUZZ_SEED=7 KYSERA_TEST_SCALE=full\ny";
    assert.equal(seedOf(output), "KYSERA_FUZZ_SEED=7 KYSERA_TEST_SCALE=full");
    assert.equal(seedOf("KYSERA_FUZZ_SEED=7"), "");
  });
});

describe("quote()", () => {
  it("writes words as a shell reads them", () => {
    assert.equal(quote("tests/a_test.ts"), "tests/a_test.ts");
    assert.equal(quote("find() [sqlite]"), '"find() [sqlite]"');
    assert.equal(quote("it's $1 `x`"), `'it'\\''s $1 \`x\`'`);
  });
});
