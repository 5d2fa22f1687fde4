import assert from "node:assert/strict";
import { dirname, join, relative } from "node:path";
import { describe, it } from "node:test";
import { importsOf, parseSource, sourceFiles } from "../../scripts/source.ts";
import { members } from "../../scripts/workspace.ts";

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
  statements: ["statements", "clauses", "rewrite"],
  clauses: ["clauses", "raw", "rewrite"],
  // What the text of raw SQL says.
  raw: ["raw", "rewrite"],
  // What they have in common with statements: the end of a body, targets, names that are reserved.
  "rewrite/_with.ts": ["clauses", "rewrite"],
  "rewrite/_prescan.ts": ["clauses", "rewrite"],
  "rewrite/_intercept.ts": ["clauses", "rewrite"],
};

const executor = members().find(({ name }) => name === "@kysera/executor")!;

interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

const arrows: readonly Arrow[] = sourceFiles(executor).flatMap((file) =>
  importsOf(parseSource(file))
    .filter(({ specifier }) => specifier.startsWith("."))
    .map(({ specifier, typeOnly }) => ({
      from: relative(executor.dir, file),
      to: relative(executor.dir, join(dirname(file), specifier)),
      typeOnly,
    }))
);

const folderOf = (path: string): string => path.split("/")[0]!;
const placeInRewrite = (path: string): string => {
  const [, second, third] = path.split("/");
  return third === undefined ? `rewrite/${second}` : second!;
};

describe("the folders of the executor", () => {
  it("are those of the table", () => {
    const found = new Set(arrows.flatMap(({ from, to }) => [folderOf(from), folderOf(to)]));
    assert.deepEqual([...found].sort(), Object.keys(MAY_IMPORT).sort());
  });

  it("import from the folders below them only, types included", () => {
    const up = arrows.filter(({ from, to }) =>
      folderOf(from) !== folderOf(to) && !MAY_IMPORT[folderOf(from)]!.includes(folderOf(to))
    );
    assert.deepEqual(up.map(({ from, to }) => `${from} imports ${to}`), []);
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
    const values = new Map<string, string[]>();
    for (const { from, to, typeOnly } of arrows) {
      if (!typeOnly) values.set(from, [...values.get(from) ?? [], to]);
    }
    const done = new Set<string>();
    const path: string[] = [];
    const walk = (file: string): void => {
      const start = path.indexOf(file);
      assert.equal(start, -1, `a circle: ${[...path.slice(start), file].join(" -> ")}`);
      if (done.has(file)) return;
      path.push(file);
      for (const next of values.get(file) ?? []) walk(next);
      path.pop();
      done.add(file);
    };
    for (const file of values.keys()) walk(file);
    assert.ok(done.size > 50);
  });
});
