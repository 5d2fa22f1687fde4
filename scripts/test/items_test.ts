import { after, before, describe, it } from "node:test";
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../workspace.ts";
import { describeLeft, drawItems, itemsOf } from "./items.ts";

describe("itemsOf()", () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), "kysera-items-"));
    mkdirSync(join(directory, "inner"));
    mkdirSync(join(directory, "node_modules"));
    for (
      const file of [
        "a_test.ts",
        "b.test.mjs",
        "inner/test.ts",
        "no_tests.ts",
        "page.md",
        "node_modules/c_test.ts",
      ]
    ) writeFileSync(join(directory, file), "");
  });
  after(() => rmSync(directory, { recursive: true }));

  it("lists the tests of a folder, its examples, and their types", () => {
    assert.deepEqual(itemsOf([directory], true).map(({ name, kind }) => [name, kind]), [
      [join(directory, "a_test.ts"), "tests"],
      [join(directory, "b.test.mjs"), "tests"],
      [join(directory, "inner", "test.ts"), "tests"],
      [`examples of ${directory}`, "examples"],
      ["types of what is chosen", "types"],
    ]);
  });

  it("runs the examples of a file that is not a test", () => {
    const [item, ...more] = itemsOf([join(directory, "page.md")], false);
    assert.deepEqual(more, []);
    assert.equal(item!.kind, "examples");
    assert.deepEqual(item!.options, ["--doc"]);
  });

  it("takes patterns, and nothing that is not there", () => {
    const names = itemsOf([join(directory, "*_test.ts")], false).map(({ name }) => name);
    assert.deepEqual(names, [join(directory, "a_test.ts")]);
    assert.throws(() => itemsOf(["nowhere/"], false), /no file or folder "nowhere\/"/);
    assert.throws(() => itemsOf(["nowhere/*_test.ts"], false), /no file or folder/);
  });

  it("lists every test of the repository once, the examples of every package, and one for types", () => {
    const items = itemsOf([], true);
    const names = items.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    assert.ok(names.includes("scripts/test/items_test.ts"));
    assert.ok(names.includes("tests/npm/smoke_test.mjs"));
    assert.ok(names.includes("examples of plugins/audit"));
    assert.ok(names.includes("examples of everything else"));
    assert.equal(names.at(-1), "types");
    const rest = items.find(({ name }) => name === "examples of everything else")!;
    const ignored = rest.options.find((option) => option.startsWith("--ignore="))!.split(/[=,]/);
    for (const path of ["npm", ".tmp", "core", "tests/npm/smoke_test.mjs"]) {
      assert.ok(ignored.includes(join(ROOT, path)), path);
    }
    assert.deepEqual(
      names.filter((name) => name.startsWith(".tmp") || name.startsWith("npm/")),
      [],
    );
  });
});

describe("drawItems()", () => {
  it("leaves out a part of what takes long, with each seed another one, and nothing else", () => {
    const items = itemsOf([], true);
    const names = (of: readonly { readonly name: string }[]): string[] =>
      of.map(({ name }) => name);
    const long = items.filter(({ kind, name }) =>
      kind === "examples" || /^(?:cli\/commands|tests\/edge|tests\/migrations)\//.test(name)
    );
    assert.ok(long.length > 50);
    const everLeft = new Set<string>();
    const everDrawn = new Set<string>();
    for (let seed = 0; seed < 60; seed++) {
      const { drawn, left } = drawItems(items, seed);
      assert.deepEqual([...names(drawn), ...left].sort(), names(items).sort());
      assert.ok(left.every((name) => names(long).includes(name)));
      left.forEach((name) => everLeft.add(name));
      drawn.forEach(({ name }) => everDrawn.add(name));
    }
    assert.deepEqual([...everLeft].sort(), names(long).sort());
    assert.deepEqual([...everDrawn].sort(), names(items).sort());
  });
});

describe("describeLeft()", () => {
  it("counts the files of a folder, and names what else is left out", () => {
    const left = ["cli/commands/a_test.ts", "examples of core", "cli/commands/b/c_test.ts"];
    assert.equal(describeLeft(left), "2 of cli/commands, examples of core");
    assert.equal(describeLeft([]), "");
  });
});
