import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PluginHooks } from "../contract/plugin.ts";
import { ALL_PARTS } from "../rewrite/parts/all_parts.ts";
import { loadParts } from "../rewrite/parts/load_parts.ts";
import type { PartName, RewriteParts } from "../rewrite/parts/parts.ts";
import { neededParts, PluginSet } from "./_plugin_set.ts";

const HOOKS: readonly (readonly [PluginHooks & { interceptQuery?: unknown }, PartName])[] = [
  [{ stamp: () => ({ set: {} }) }, "assign"],
  [{ check: () => undefined }, "check"],
  [{ mask: () => undefined }, "mask"],
  [{ interceptQuery: () => undefined }, "intercept"],
];

function setOf(hooks: PluginHooks, rawSql: "allow" | "deny", parts: RewriteParts): PluginSet {
  return new PluginSet({
    plugins: [],
    hooks: [{ plugin: "test", hooks }],
    dialect: "postgres",
    rawSql,
    tableFunctions: new Set(),
    parts,
  });
}

describe("PluginSet", () => {
  it("has the parts that the hooks and the treatment of raw SQL ask for, and no others", () => {
    for (const [hooks, part] of HOOKS) {
      assert.deepEqual(Object.keys(setOf(hooks, "allow", ALL_PARTS).parts), [part]);
    }
    assert.deepEqual(Object.keys(setOf({}, "deny", ALL_PARTS).parts), ["raw"]);
    assert.deepEqual(Object.keys(setOf({ filter: () => undefined }, "allow", ALL_PARTS).parts), []);
  });

  it("is refused without a part that it needs: rows would not be guarded", () => {
    for (const [hooks, part] of HOOKS) {
      assert.throws(() => setOf(hooks, "allow", {}), new RegExp(`rules for "${part}"`));
    }
    assert.throws(() => setOf({}, "deny", {}), /rules for "raw"/);
  });

  it("has the parts of both where two are put together", () => {
    const both = setOf(HOOKS[0]![0], "allow", ALL_PARTS).with(setOf({}, "deny", ALL_PARTS));
    assert.deepEqual(Object.keys(both.parts).sort(), ["assign", "raw"]);
  });
});

describe("loadParts()", () => {
  it("loads the parts that createExecutorSync() has", async () => {
    const names = Object.keys(ALL_PARTS) as PartName[];
    assert.deepEqual(await loadParts(names), ALL_PARTS);
    const needed = neededParts({
      hooks: [{ plugin: "test", hooks: HOOKS[1]![0] }],
      rawSql: "deny",
    });
    assert.deepEqual(Object.keys(await loadParts(needed)).sort(), ["check", "raw"]);
  });
});
