import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { join } from "node:path";
import { ROOT } from "../workspace.ts";
import { filterOf, repeatCommand } from "./deno.ts";
import type { Item } from "./items.ts";
import { denoCommand } from "./result.ts";

const file: Item = {
  name: "tests/a_test.ts",
  kind: "tests",
  paths: [join(ROOT, "tests", "a_test.ts")],
  options: [],
  size: 0,
};

describe("repeatCommand()", () => {
  const command = `${denoCommand()} task test`;

  it("filters by the outermost title, which is all that Deno goes by", () => {
    assert.equal(
      repeatCommand(file, "", "the copy [sqlite] > answers"),
      `${command} tests/a_test.ts --filter "the copy [sqlite]"`,
    );
    assert.equal(repeatCommand(file, ""), `${command} tests/a_test.ts`);
  });

  it("repeats the random cases", () => {
    assert.equal(
      repeatCommand(file, "KYSERA_FUZZ_SEED=7", "$x"),
      `KYSERA_FUZZ_SEED=7 ${command} tests/a_test.ts --filter '$x'`,
    );
  });

  it("leads to one example", () => {
    const examples: Item = { ...file, kind: "examples", paths: [join(ROOT, "core")] };
    assert.equal(
      repeatCommand(examples, "", "core/README.md#18-41.ts"),
      `${command} core/README.md --filter "#18-41.ts"`,
    );
    assert.equal(
      repeatCommand(examples, "", "file:///a%20b/x.ts#4-8.ts"),
      `${command} "/a b/x.ts" --filter "#4-8.ts"`,
    );
  });
});

describe("filterOf()", () => {
  it("reads a filter as Deno does", () => {
    assert.equal(filterOf([])("anything"), true);
    const titles = ["find() [sqlite]", "save() [sqlite]"];
    assert.deepEqual(titles.map(filterOf(["--filter", "find()"])), [true, false]);
    assert.deepEqual(titles.map(filterOf(["-q", "--filter=/^s.*e/"])), [false, true]);
  });
});
