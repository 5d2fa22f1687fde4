import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { ROOT } from "../../scripts/workspace.ts";

const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");

describe("ARCHITECTURE.md", () => {
  it("names files and folders that are there", () => {
    const paths = [
      ...read("ARCHITECTURE.md").matchAll(/`((?:executor|core|plugins|tests|scripts)\/[\w./]+)`/g),
    ]
      .map(([, path]) => path!);
    assert.ok(paths.length > 20);
    assert.deepEqual(paths.filter((path) => !existsSync(join(ROOT, path))), []);
  });

  it("asks for three files at most", () => {
    const rows = read("ARCHITECTURE.md").split("## Where do I change")[1]!.split("\n")
      .filter((line) => /^\| (?:a|an|Kysely)/.test(line));
    assert.equal(rows.length, 8);
    for (const row of rows) {
      const [, , changes] = row.split("|");
      const files = changes!.match(/`[^`]+`|where it is (?:called|read|thrown)/g) ?? [];
      assert.ok(files.length <= 3, row);
    }
  });
});

describe("executor/README.md", () => {
  it("draws the walk of a query by functions that are where it says", () => {
    const drawn = [...read("executor/README.md").matchAll(/^ *([a-z]+\/[\w/]+\.ts) +(\w+)/gm)];
    assert.ok(drawn.length >= 18, `${drawn.length} lines`);
    const wrong = drawn.filter(([, path, name]) => {
      const file = join("executor", path!);
      return !existsSync(join(ROOT, file)) ||
        !new RegExp(`(?:function|class) ${name}\\b|^  ${name}[<(]`, "m").test(read(file));
    });
    assert.deepEqual(wrong.map(([line]) => line), []);
  });

  it("explains its words before it uses them", () => {
    const [top] = read("executor/README.md").split("## ");
    for (const word of ["executor instance", "request scope", "reference", "predicate"]) {
      assert.match(top!, new RegExp(`^\\| ${word} +\\|`, "m"));
    }
  });
});
