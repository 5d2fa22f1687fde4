import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { arrowsOf, assertLayers, assertNoCircle, folderOf } from "./_layers.ts";

/** The folders of the executor, and those that each may import from. Arrows point down. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "mod.ts": ["api", "instance", "tree", "contract"],
  api: ["instance", "hooks", "rewrite", "tree", "contract", "dialect"],
  instance: ["run", "hooks", "rewrite", "tree", "contract", "dialect"],
  run: ["tree", "contract", "dialect"],
  hooks: ["rewrite", "tree", "contract", "dialect"],
  rewrite: ["tree", "contract", "dialect"],
  tree: ["contract", "dialect"],
  contract: ["dialect"],
  dialect: [],
};

/** The folders of `rewrite/`, and the files beside them. */
const MAY_IMPORT_IN_REWRITE: Readonly<Record<string, readonly string[]>> = {
  "rewrite/_walk.ts": ["statements", "clauses", "rewrite"],
  statements: ["statements", "clauses", "parts", "rewrite"],
  clauses: ["clauses", "raw", "rewrite"],
  // What the text of raw SQL says.
  raw: ["raw", "rewrite"],
  // What only some executors need: they are reached through these, by dynamic imports.
  parts: ["parts", "clauses", "rewrite"],
  "rewrite/rules.ts": ["parts", "rewrite"],
  // What they have in common with statements: the end of a body, targets, names that are reserved.
  "rewrite/_with.ts": ["clauses", "rewrite"],
  "rewrite/_prescan.ts": ["clauses", "rewrite"],
  "rewrite/_intercept.ts": ["clauses", "rewrite"],
};

const arrows = arrowsOf("@kysera/executor");

const placeInRewrite = (path: string): string => {
  const [, second, third] = path.split("/");
  return third === undefined ? `rewrite/${second}` : second!;
};

describe("the folders of the executor", () => {
  it("are those of the table, and import from the folders below them only, types included", () => {
    assertLayers(arrows, MAY_IMPORT);
  });

  it("have the walk above statements, and statements above clauses", () => {
    const up = arrows.filter(({ from, to }) => {
      if (folderOf(from) !== "rewrite" || folderOf(to) !== "rewrite") return false;
      const target = placeInRewrite(to);
      const allowed = MAY_IMPORT_IN_REWRITE[placeInRewrite(from)] ?? ["rewrite"];
      return !allowed.includes(target.startsWith("rewrite/") ? "rewrite" : target);
    });
    assert.deepEqual(up.map(({ from, to }) => `${from} imports ${to}`), []);
  });

  it("have no circle of imports at run time", () => {
    assert.ok(assertNoCircle(arrows) > 50);
  });
});
