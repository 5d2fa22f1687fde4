import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { onEveryDialect, postgresVersion, type TestDialectName } from "../support/matrix.ts";
import { fuzzPart, runsAll } from "../support/random.ts";
import { everyRow, keyOf } from "./corpus.ts";
import { staleness } from "./markdown.ts";
import { type CaseResult, runCase } from "./run.ts";
import { BypassWorld } from "./world.ts";

/** Whether the server knows less than the corpus does. */
const isOld = postgresVersion < 15;

const cases = everyRow().flatMap((row) => row.cases.map((bypass) => ({ row, bypass })));
const results = new Map<TestDialectName, Map<string, CaseResult>>();

onEveryDialect("The bypass corpus", (dialect) => {
  const found = new Map<string, CaseResult>();
  let world: BypassWorld | undefined;
  before(async () => {
    world = await BypassWorld.open(dialect);
  });
  after(async () => {
    results.set(dialect.name, found);
    await world?.close();
  });

  for (const { row, bypass } of fuzzPart(cases)) {
    if (bypass.lacks?.[dialect.name] !== undefined) continue;
    it(`lets nothing past by row ${keyOf(row, bypass)}`, async (t) => {
      const result = await runCase(world!, row, bypass);
      if (
        isOld && dialect.name === "postgres" && result.problems.length > 0 &&
        result.problems.every((problem) => problem.includes("syntax error"))
      ) {
        return t.skip(`PostgreSQL ${postgresVersion} has no such statement`);
      }
      found.set(keyOf(row, bypass), result);
      assert.equal(result.problems.length, 0, `\n${result.problems.join("\n")}`);
    });
  }
});

describe("The bypass corpus", () => {
  it("has no two cases of one name in a row", () => {
    const keys = cases.map(({ row, bypass }) => keyOf(row, bypass));
    assert.deepEqual(keys.filter((key, i) => keys.indexOf(key) < i), []);
  });

  // The tests of the installed packages have no documentation beside them.
  const root = join(import.meta.dirname!, "..", "..");
  const skip = !existsSync(join(root, "deno.json"))
    ? "not in the repository"
    : !runsAll()
    ? "only a part of the cases runs"
    : isOld
    ? `not on PostgreSQL ${postgresVersion}`
    : false;
  it("is written down in docs/bypass.md as it is", { skip }, () => {
    const page = readFileSync(join(root, "docs", "bypass.md"), "utf8");
    const stale = staleness(page, results);
    assert.equal(stale, undefined, `Run \`deno task bypass --write\`. ${stale}`);
  });
});
