import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { cellsOnPage, RUNTIME_ROWS, RUNTIMES_PAGE, runtimesPage } from "../../scripts/runtimes.ts";

describe("docs/runtimes.md", () => {
  it("is what `deno task runtimes` writes of its cells", () => {
    const cells = RUNTIME_ROWS.map((row) => cellsOnPage(row) ?? []);
    assert.equal(readFileSync(RUNTIMES_PAGE, "utf8"), runtimesPage(cells));
  });

  for (const row of RUNTIME_ROWS) {
    it(`says what ${row.database} does on ${row.runtime}`, {
      skip: row.skip ?? false,
      timeout: 120_000,
    }, async () => {
      assert.deepEqual(cellsOnPage(row), await row.run());
    });
  }
});
