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
        <testcase name="outer &gt; inner &gt; one" classname="x"></testcase>
        <testcase name="outer &gt; inner &gt; two" classname="x">
          <failure message="a &lt;testcase&gt;">at &lt;anonymous&gt;</failure>
        </testcase>
        <testcase name="outer &gt; inner &gt; three" classname="x"><skipped/></testcase>
      </testsuite>
    </testsuites>`;
    assert.deepEqual(parseJunit(xml), [
      { name: "leaf", outcome: "passed" },
      { name: "outer > inner > one", outcome: "passed" },
      { name: "outer > inner > two", outcome: "failed" },
      { name: "outer > inner > three", outcome: "skipped" },
    ]);
  });

  it("joins the nested suites that Node and Bun write", () => {
    const xml = `<testsuites>
      <testsuite name="outer [mysql]" tests="2">
        <testsuite name="inner">
          <testcase name="one" time="0.1"/>
          <testcase name="two" failure="1 !== 2 > 0">
            <failure type="testCodeFailure" message="1 !== 2">Error</failure>
          </testcase>
        </testsuite>
        <testcase name="&quot;three&quot;" time="0" />
      </testsuite>
      <testcase name="four"><skipped type="skipped" message="no server"/></testcase>
    </testsuites>`;
    assert.deepEqual(parseJunit(xml), [
      { name: "outer [mysql] > inner > one", outcome: "passed" },
      { name: "outer [mysql] > inner > two", outcome: "failed" },
      { name: 'outer [mysql] > "three"', outcome: "passed" },
      { name: "four", outcome: "skipped" },
    ]);
  });
});
