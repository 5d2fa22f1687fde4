import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { table } from "./_table.ts";

describe("table()", () => {
  it("puts numbers to the right, and counts what a letter takes of a line", () => {
    assert.equal(
      table(["name", "rows"], [["users", 5], ["日本", 12], [null, 100n]]),
      ["name   rows", "users     5", "日本     12", "        100"].join("\n"),
    );
  });

  it("lets no value steer the terminal", () => {
    assert.equal(table(["a"], [["\u001b[2J\nx\u009b"]]), "a\n?[2J x?");
  });
});
