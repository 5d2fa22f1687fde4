import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { ROOT } from "../workspace.ts";
import { knownCodes, withKnownCodes } from "./_errors.ts";

const page = readFileSync(join(ROOT, "website/errors.md"), "utf8");

describe("withKnownCodes()", () => {
  it("finds a section for every code that is thrown, and adds the messages of the sources", () => {
    const completed = withKnownCodes(page);
    for (const { code, description } of knownCodes()) {
      assert.ok(completed.includes(`### ${code} {#${code}}\n\n_${description}_\n`), code);
    }
    assert.match(completed, /### QUERY_TRUNCATE [^\n]*[^#]*- `Cannot truncate table "…"/);
  });

  it("refuses a page that lacks a code, or explains one that nothing throws", () => {
    assert.throws(() => withKnownCodes(page.replace("### RAW_SQL\n", "")), /explain RAW_SQL/);
    assert.throws(() => withKnownCodes(`${page}\n### NOT_A_CODE\n`), /has the code NOT_A_CODE/);
  });
});
