import assert from "node:assert/strict";
import { it } from "node:test";
import process from "node:process";
import { fuzzRuns, fuzzSeed, runOracle, summary } from "../oracle/run.ts";
import { filteredNames } from "../oracle/schema.ts";
import { onEveryDialect } from "../support/matrix.ts";
import { amongOthers, ownRows } from "./oracle_data.ts";
import { type Pair, PairWorld } from "./oracle_pair.ts";
import { subjects } from "./oracle_subjects.ts";
import type { Subject } from "./oracle_visible.ts";

const { seed, path } = fuzzSeed();
const only = process.env["KYSERA_FUZZ_SUBJECT"];

/** The same handle over the same rows of the caller, among different rows of others. */
function interference({ name, shape, make }: Subject): Pair {
  const mayDiffer: Pair["mayDiffer"] = (table, row) =>
    filteredNames.includes(table) && !shape.reads(row);
  return {
    name,
    sides: [{ name: "among some rows", make }, { name: "among other rows", make }],
    dataOf: (data) => amongOthers(data, mayDiffer),
    mayDiffer,
  };
}

onEveryDialect("rows of others", (dialect) => {
  for (const [i, subject] of subjects.entries()) {
    if (only !== undefined && subject.name !== only) continue;
    const runs = fuzzRuns(dialect.name === "sqlite" ? 300 : dialect.name === "pglite" ? 60 : 150);
    it(`change nothing in ${runs} random queries about ${subject.name}`, {
      timeout: 600_000,
    }, async (t) => {
      const report = await runOracle({
        dialect,
        open: (on) => PairWorld.open(on, interference(subject)),
        file: "tests/rls/oracle_interference_test.ts",
        runs,
        seed: path === undefined ? seed + 100 * i : seed,
        path,
        prepare: ownRows,
      });
      t.diagnostic(summary(report));
      if (path === undefined) assert.ok(report.outcomes.equal / report.runs > 0.7, summary(report));
    });
  }
});
