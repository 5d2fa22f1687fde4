import assert from "node:assert/strict";
import { it } from "node:test";
import { isTelling, runOracle, summary } from "../oracle/run.ts";
import { onEveryDialect } from "../support/matrix.ts";
import { fuzzRuns, fuzzSeed, onlySubject } from "../support/random.ts";
import { ownRows } from "./oracle_data.ts";
import { interference } from "./oracle_interference.ts";
import { PairWorld } from "./oracle_pair.ts";
import { subjects } from "./oracle_subjects.ts";

const { seed, path } = fuzzSeed();

onEveryDialect("rows of others", (dialect) => {
  for (const [i, subject] of subjects.entries()) {
    if (onlySubject !== undefined && subject.name !== onlySubject) continue;
    const runs = fuzzRuns(dialect.name === "sqlite" ? 120 : dialect.name === "pglite" ? 20 : 40);
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
      if (path === undefined) {
        const least = isTelling(report) ? 0.7 : 0.3;
        assert.ok(report.outcomes.equal / report.runs > least, summary(report));
      }
    });
  }
});
