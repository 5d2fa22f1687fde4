import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { arrowsOf, assertNoCircle } from "./_layers.ts";

const arrows = arrowsOf("@kysera/repository");

describe("the files of repositories", () => {
  it("have no circle of imports at run time", () => {
    assert.ok(assertNoCircle(arrows) > 50);
  });

  it("need relations only where a repository is put together", () => {
    const isRelations = (path: string): boolean => path.startsWith("relations/");
    const users = arrows.filter(({ from, to, typeOnly }) =>
      isRelations(to) && !isRelations(from) && !typeOnly
    );
    assert.deepEqual([...new Set(users.map(({ from }) => from))].sort(), [
      "_build.ts",
      "create_repository.ts",
      "mod.ts",
    ]);
  });

  it("run one query of related rows in one place, on a table with its plans", () => {
    const loading = arrows.filter(({ to }) => to === "relations/_load.ts").map(({ from }) => from);
    assert.deepEqual(loading.sort(), ["relations/_load_rows.ts", "relations/_methods.ts"]);
  });
});
