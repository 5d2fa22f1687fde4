import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { arrowsOf, assertLayers, assertNoCircle } from "./_layers.ts";

/** The folders of the audit plugin, and those that each may import from. Arrows point down. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "mod.ts": ["api", "log", "triggers", "contract"],
  api: ["triggers", "log", "write", "strategies", "contract"],
  // Triggers of the database in place of the plugin.
  triggers: ["write", "strategies", "contract"],
  // What is read of the log, and done with it.
  log: ["write", "strategies", "contract", "sql"],
  // Rewriting of queries that write.
  write: ["strategies", "contract", "sql"],
  // A folder for each dialect.
  strategies: ["contract", "sql"],
  contract: ["sql"],
  sql: [],
};
/** What the folder of a dialect may import beside its own files. */
const SHARED: readonly string[] = ["common", "strategy.ts", "trigger_strategy.ts"];
/** The lists of what dialects have, and the file of each dialect that they name. */
const LISTS: ReadonlyMap<string, string> = new Map([
  ["strategies/_strategies.ts", "/strategy.ts"],
  ["strategies/_trigger_strategies.ts", "/_trigger_strategy.ts"],
]);

const arrows = arrowsOf("@kysera/audit");

describe("the folders of the audit plugin", () => {
  it("are those of the table, and import from the folders below them only, types included", () => {
    assertLayers(arrows, MAY_IMPORT);
  });

  it("have no circle of imports at run time", () => {
    assert.ok(assertNoCircle(arrows) > 50);
  });

  it("have a folder for each dialect, which nothing knows but the lists of them", () => {
    const isStrategy = (path: string): boolean => path.startsWith("strategies/");
    const placeOf = (path: string): string => path.split("/")[1]!;
    const wrong = arrows.filter(({ from, to }) => {
      if (!isStrategy(to) || SHARED.includes(placeOf(to))) return false;
      if (LISTS.has(to)) return isStrategy(from);
      const listed = LISTS.get(from);
      if (listed !== undefined) return !to.endsWith(listed);
      return !isStrategy(from) || placeOf(from) !== placeOf(to);
    });
    assert.deepEqual(wrong.map(({ from, to }) => `${from} imports ${to}`), []);
  });
});
