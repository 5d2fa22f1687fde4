import { afterEach, describe, it } from "node:test";
import assert from "node:assert/strict";
import process from "node:process";
import type { TestCase } from "./junit.ts";
import { describeDialects, dialectOutcomes, missingDialects } from "./dialects.ts";

const cases: TestCase[] = [
  { name: "find() [sqlite] > finds", outcome: "passed", seconds: 0 },
  { name: "find() [sqlite] > fails", outcome: "failed", seconds: 0 },
  { name: "find() [pglite] > finds", outcome: "skipped", seconds: 0 },
  { name: "find() [postgres] > finds", outcome: "passed", seconds: 0 },
  { name: "find() [mysql: KYSERA_TEST_MYSQL_URL is not set]", outcome: "skipped", seconds: 0 },
];

describe("dialectOutcomes()", () => {
  it("goes by the tests that ran, and gives the reason where none did", () => {
    assert.deepEqual(dialectOutcomes(cases), [
      { dialect: "sqlite", tests: 2, reasons: [] },
      { dialect: "pglite", tests: 0, reasons: [] },
      { dialect: "postgres", tests: 1, reasons: [] },
      { dialect: "mysql", tests: 0, reasons: ["KYSERA_TEST_MYSQL_URL is not set"] },
    ]);
  });
});

describe("describeDialects()", () => {
  it("has a line for each dialect", () => {
    assert.equal(
      describeDialects(dialectOutcomes(cases)),
      `  sqlite    2 tests
  pglite    no tests
  postgres  1 tests
  mysql     skipped: KYSERA_TEST_MYSQL_URL is not set`,
    );
  });
});

describe("missingDialects()", () => {
  const before = process.env["KYSERA_REQUIRE_ALL_DIALECTS"];
  afterEach(() => {
    if (before === undefined) delete process.env["KYSERA_REQUIRE_ALL_DIALECTS"];
    else process.env["KYSERA_REQUIRE_ALL_DIALECTS"] = before;
  });

  it("names the dialects without a test, when all are demanded", () => {
    process.env["KYSERA_REQUIRE_ALL_DIALECTS"] = "1";
    assert.deepEqual(missingDialects(dialectOutcomes(cases)), ["pglite", "mysql"]);
    process.env["KYSERA_REQUIRE_ALL_DIALECTS"] = "";
    assert.deepEqual(missingDialects(dialectOutcomes(cases)), []);
  });
});
