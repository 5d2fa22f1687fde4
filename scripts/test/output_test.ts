import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { isProgress, lastTest, remainingOutput, runningTest } from "./output.ts";

const BEGUN = `running 2 tests from ./a_test.ts
first ... ok (1ms)
outer [sqlite] ...
  passes ... ok (1ms)
  inner ...
    fails ... FAILED (1ms)
    hangs ...
------- output -------
before it ...`;

describe("runningTest()", () => {
  it("names the test that Deno has begun, by the titles around it", () => {
    assert.equal(runningTest("deno", BEGUN), "outer [sqlite] > inner > hangs");
  });

  it("names the describe block where a hook is running", () => {
    assert.equal(
      runningTest("deno", "outer ...\n  inner ...\n    a ... ok (1ms)\n  inner ... ok (1ms)\n"),
      "outer",
    );
  });

  it("names nothing before the first test and after the last", () => {
    assert.equal(runningTest("deno", "Check file:///a_test.ts\n"), undefined);
    assert.equal(runningTest("deno", "a ...\n  b ... ok (1ms)\na ... ok (1ms)\n"), undefined);
  });

  it("names nothing on runtimes that do not tell what they begin", () => {
    assert.equal(runningTest("node", "▶ outer\n  ✔ passes (1.2ms)\n"), undefined);
  });
});

describe("lastTest()", () => {
  it("names the test that ended last on every runtime", () => {
    assert.equal(lastTest("deno", BEGUN), "fails");
    assert.equal(lastTest("node", "▶ outer\n  ✔ a (b) (1.2ms)\n  ﹣ c (1ms) # why\nx"), "c");
    assert.equal(lastTest("bun", "(pass) outer > a [0.77ms]\n(skip) outer > b\n"), "outer > b");
    assert.equal(lastTest("bun", "bun test v1.4.5\n"), undefined);
  });
});

describe("isProgress()", () => {
  it("goes by tests that ended well: one that failed may have hung", () => {
    for (
      const [kind, good, bad] of [
        ["deno", "  a ... ok (1ms)", "  a ... FAILED (1s)"],
        ["deno", "a ... ignored (0ms)", "a ..."],
        ["node", "  ✔ a (1ms)", "  ✖ a (1ms)"],
        ["bun", "(pass) a [1ms]", "(fail) a [1ms]"],
      ] as const
    ) {
      assert.equal(isProgress(kind, good), true, good);
      assert.equal(isProgress(kind, bad), false, bad);
    }
  });
});

describe("remainingOutput()", () => {
  const output = `------- pre-test output -------
said first
----- pre-test output end -----
running 2 tests from ./a_test.ts
outer ...
  fails ...
------- output -------
said by it
----- output end -----
  fails ... FAILED (1ms)
outer ... FAILED (due to 1 failed step) (1ms)

 ERRORS 

outer ... fails => ext:deno_node/testing.ts:1:2
error: Error: no
    at a_test.ts:1:1

./a_test.ts (uncaught error)
error: (in promise) Error: other

 FAILURES 

outer ... fails => ext:deno_node/testing.ts:1:2

FAILED | 0 passed | 1 failed (16ms)
`;

  it("leaves what Deno's tests print, and errors that are not reported elsewhere", () => {
    assert.equal(
      remainingOutput("deno", output, new Set(["outer > fails"])),
      "said first\n\nsaid by it\n\n./a_test.ts (uncaught error)\nerror: (in promise) Error: other",
    );
    assert.match(remainingOutput("deno", output, new Set()), /error: Error: no/);
  });

  it("leaves what Node's tests print", () => {
    const text = "said\n▶ outer\n  ✔ a (1ms)\n  ✖ b (1ms)\n▶ outer (2ms)\nℹ tests 2\n\n" +
      "✖ failing tests:\n\ntest at a_test.ts:1:1\n✖ b (1ms)\n  Error: no\n";
    assert.equal(remainingOutput("node", text, new Set()), "said\n  ✖ b (1ms)");
  });

  it("leaves the errors that Bun prints where they happen", () => {
    const text = "bun test v1.4.5 (a77)\n\na_test.ts:\n(pass) a [1ms]\nerror: no\n" +
      "(fail) b [1ms]\n\n 1 pass\n 1 fail\nRan 2 tests across 1 file. [2ms]\n";
    assert.equal(remainingOutput("bun", text, new Set()), "a_test.ts:\nerror: no\n(fail) b [1ms]");
  });
});
