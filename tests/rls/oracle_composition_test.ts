import assert from "node:assert/strict";
import { it } from "node:test";
import { isTelling, runOracle, summary } from "../oracle/run.ts";
import { onEveryDialect, type TestDialect } from "../support/matrix.ts";
import { fuzzRuns, fuzzSeed, onlySubject } from "../support/random.ts";
import { ownRows } from "./oracle_data.ts";
import { pairs } from "./oracle_composition.ts";
import { type Pair, PairWorld } from "./oracle_pair.ts";

const { seed, path } = fuzzSeed();
/** All of them where databases are cheap, else another few of them each time. */
function pairsOf(dialect: TestDialect): readonly Pair[] {
  if (onlySubject !== undefined) return pairs.filter(({ name }) => name === onlySubject);
  if (dialect.name === "sqlite") return pairs;
  const first = 5 + seed % (pairs.length - 6);
  return [...pairs.slice(0, 5), ...pairs.slice(first, first + 2)];
}

onEveryDialect("four plugins together", (dialect) => {
  for (const [i, each] of pairsOf(dialect).entries()) {
    const runs = fuzzRuns(dialect.name === "pglite" ? 20 : 30);
    it(`do the same ${each.name}, in ${runs} random queries`, { timeout: 600_000 }, async (t) => {
      const report = await runOracle({
        dialect,
        open: (on) => PairWorld.open(on, each),
        file: "tests/rls/oracle_composition_test.ts",
        runs,
        seed: path === undefined ? seed + 100 * i : seed,
        path,
        prepare: ownRows,
      });
      t.diagnostic(summary(report));
      if (path === undefined) {
        const least = isTelling(report) ? 0.6 : 0.3;
        assert.ok(report.outcomes.equal / report.runs > least, summary(report));
      }
    });
  }
});
