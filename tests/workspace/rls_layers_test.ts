import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { arrowsOf, assertLayers, assertNoCircle } from "./_layers.ts";

/** The folders of row-level security, and those that each may import from. Arrows point down. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "mod.ts": ["api", "context", "policy", "contract"],
  // What users call with an executor.
  api: ["enforce", "algebra", "context", "policy", "contract"],
  // The policies as those of PostgreSQL.
  native: ["context", "policy", "contract"],
  // Rewriting of queries: filters, checks, masks, functions of the row.
  enforce: ["algebra", "context", "policy", "contract"],
  // What the policies of a table come to for a caller: as SQL, and in memory.
  algebra: ["context", "policy", "contract"],
  // Who is asking.
  context: ["contract"],
  // How policies are written and checked.
  policy: ["contract"],
  // Types and errors.
  contract: [],
};

const arrows = arrowsOf("@kysera/rls");

describe("the folders of row-level security", () => {
  it("are those of the table, and import from the folders below them only, types included", () => {
    assertLayers(arrows, MAY_IMPORT);
  });

  it("have no circle of imports at run time", () => {
    assert.ok(assertNoCircle(arrows) > 50);
  });
});
