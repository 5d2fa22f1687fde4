import { QueryRefusedError, RawSqlError } from "@kysera/executor";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { reportOf } from "./_report.ts";

describe("reportOf()", () => {
  it("names the page that explains what the execution layer refuses", () => {
    const error = new RawSqlError("it names a table");
    const { message, hint } = reportOf(error);
    assert.equal(message, error.message);
    assert.equal(hint?.endsWith(` See ${error.docs}`), true);
    const refused = new QueryRefusedError("Cannot read the column", "COLUMN_DENIED");
    assert.equal(reportOf(refused).hint, `See ${refused.docs}`);
    assert.equal(reportOf(new TypeError("x is undefined")).hint, undefined);
  });
});
