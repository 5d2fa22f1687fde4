/**
 * The schema of SARIF 2.1.0, as its editors publish it.
 *
 * @module
 */
import Ajv from "ajv-draft-04";
import schema from "@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json" with { type: "json" };
import assert from "node:assert/strict";

// One of its patterns is a regular expression only where those are read without Unicode.
const validate = new Ajv.default({
  allErrors: true,
  strict: false,
  unicodeRegExp: false,
  validateFormats: false,
}).compile(schema);

/** Asserts that a log is one of SARIF, and that its results name the rules that they are of. */
export function assertSarif(log: any): void {
  assert.ok(validate(log), JSON.stringify(validate.errors, null, 2));
  assert.equal(log.version, "2.1.0");
  // The schema tells the compiler of a log that may have no runs.
  const runs = log.runs as any[];
  for (const { tool: { driver }, results } of runs) {
    assert.equal(new Set(driver.rules.map(({ id }: any) => id)).size, driver.rules.length);
    assert.ok(URL.canParse(driver.informationUri));
    for (const { ruleId, ruleIndex } of results) assert.equal(driver.rules[ruleIndex].id, ruleId);
  }
}
