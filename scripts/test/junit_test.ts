import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { parseJunit } from "./junit.ts";

describe("parseJunit()", () => {
  it("leaves out the describe blocks that Deno lists beside their tests", () => {
    const xml = `<testsuites name="deno test" tests="4">
      <testsuite name="./a_test.ts">
        <testcase name="outer" classname="./a_test.ts" time="0.010" line="2" col="1">
          <failure message="1 test step failed">1 test step failed.</failure>
        </testcase>
        <testcase name="leaf" classname="./a_test.ts"></testcase>
      </testsuite>
      <testsuite name="ext:deno_node/testing.ts">
        <testcase name="outer &gt; inner" classname="x"></testcase>
        <testcase name="outer &gt; inner &gt; one" classname="x" time="1.500"></testcase>
        <testcase name="outer &gt; inner &gt; two" classname="x">
          <failure message="Uncaught Error: a &lt;testcase&gt;">Error: a &lt;testcase&gt;
    at &lt;anonymous&gt;</failure>
        </testcase>
        <testcase name="outer &gt; inner &gt; three" classname="x"><skipped/></testcase>
      </testsuite>
    </testsuites>`;
    assert.deepEqual(parseJunit(xml), [
      { name: "leaf", outcome: "passed", seconds: 0 },
      { name: "outer > inner > one", outcome: "passed", seconds: 1.5 },
      {
        name: "outer > inner > two",
        outcome: "failed",
        seconds: 0,
        error: "Error: a <testcase>\n    at <anonymous>",
      },
      { name: "outer > inner > three", outcome: "skipped", seconds: 0 },
    ]);
  });

  it("reports a describe block that failed by itself", () => {
    const xml = `<testsuites name="deno test" tests="4">
      <testcase name="outer" classname="./a_test.ts" time="0.010">
        <failure message="Uncaught Error: before">Error: before</failure>
      </testcase>
      <testcase name="outer &gt; one" classname="x" time="0.000"></testcase>
      <testcase name="ended" classname="./a_test.ts"><error message="Cancelled"/></testcase>
      <testcase name="ended &gt; two" classname="x"><skipped/></testcase>
    </testsuites>`;
    assert.deepEqual(parseJunit(xml), [
      { name: "outer", outcome: "failed", seconds: 0.01, error: "Error: before" },
      { name: "outer > one", outcome: "passed", seconds: 0 },
      { name: "ended > two", outcome: "skipped", seconds: 0 },
    ]);
  });

  it("joins the nested suites that Node writes", () => {
    const xml = `<testsuites>
      <testsuite name="outer [mysql]" tests="2">
        <testsuite name="inner">
          <testcase name="one" time="0.1"/>
          <testcase name="two" failure="1 !== 2 > 0">
            <failure type="testCodeFailure" message="1 !== 2">
Error
    at a_test.ts
            </failure>
          </testcase>
        </testsuite>
        <testcase name="&quot;three&quot;" time="0" />
      </testsuite>
      <testcase name="four"><skipped type="skipped" message="no server"/></testcase>
    </testsuites>`;
    assert.deepEqual(parseJunit(xml), [
      { name: "outer [mysql] > inner > one", outcome: "passed", seconds: 0.1 },
      {
        name: "outer [mysql] > inner > two",
        outcome: "failed",
        seconds: 0,
        error: "Error\n    at a_test.ts",
      },
      { name: 'outer [mysql] > "three"', outcome: "passed", seconds: 0 },
      { name: "four", outcome: "skipped", seconds: 0, reason: "no server" },
    ]);
  });

  it("leaves out the files that Bun takes for suites", () => {
    const xml = `<testsuites name="bun test">
      <testsuite name="a_test.ts" file="a_test.ts">
        <testsuite name="outer" file="a_test.ts" line="3">
          <testcase name="one" file="a_test.ts"><failure type="E" message="it&apos;s&#10;no"/></testcase>
        </testsuite>
      </testsuite>
    </testsuites>`;
    assert.deepEqual(parseJunit(xml), [
      { name: "outer > one", outcome: "failed", seconds: 0, error: "it's\nno" },
    ]);
  });
});
