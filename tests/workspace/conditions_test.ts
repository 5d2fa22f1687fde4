import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { it } from "node:test";
import { outcomesOf, TASKS } from "../../bench/conditions/_judge.ts";
import { mustRun } from "../../scripts/run.ts";
import { ROOT } from "../../scripts/workspace.ts";

it("the page of conditions says of Kysera what its program finds", async () => {
  const output = await mustRun([
    ...[process.execPath, "run", "-A", "--no-check", "--no-lock"],
    ...["--config", join(ROOT, "deno.json")],
    join(ROOT, "bench/conditions/programs/kysera.mjs"),
  ]);
  const outcomes = outcomesOf(output);
  const words = { holds: "yes", leaks: "**no**", refused: "refused" };
  const found = Object.entries(TASKS).map(([task, { title }]) =>
    [title, words[outcomes[task]!.verdict]] as const
  );
  const page = readFileSync(join(ROOT, "docs/conditions-compared.md"), "utf8");
  const said = found.map(([title]) => {
    const row = page.split("\n").find((line) => line.startsWith(`| ${title} `));
    return [title, row?.split("|")[2]?.trim()] as const;
  });
  assert.deepEqual(found, said);
  assert.ok(found.every(([, word]) => word !== words.leaks));
});

it("outcomesOf() tells a hidden row that was read from one that was changed", () => {
  const books = [{ id: 2, title: "Gone", deleted_at: "2026-01-01" }];
  const judge = (found: object) => outcomesOf(`RESULT ${JSON.stringify(found)}`);
  assert.equal(judge({ list: { value: ["Emma"], books } })["list"]!.verdict, "holds");
  assert.equal(judge({ list: { value: ["Emma", "Gone"], books } })["list"]!.verdict, "leaks");
  assert.equal(judge({ raw: { error: "no", books } })["raw"]!.verdict, "refused");
  const changed = [{ ...books[0], title: "New" }];
  assert.equal(judge({ update: { value: 3, books: changed } })["update"]!.verdict, "leaks");
  assert.equal(judge({ delete: { error: "no", books: [] } })["delete"]!.verdict, "leaks");
});
