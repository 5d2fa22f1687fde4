import assert from "node:assert/strict";
import { it } from "node:test";
import { runOracle, summary } from "../oracle/run.ts";
import { onEveryDialect, type TestDialectName } from "../support/matrix.ts";
import { fuzzRuns, fuzzSeed, onlySubject } from "../support/random.ts";
import { ownRows } from "./oracle_data.ts";
import { subjects, variants } from "./oracle_subjects.ts";
import { VisibleWorld } from "./oracle_visible.ts";

const { seed, path } = fuzzSeed();

/** As many as there is time for: a query costs the more the further its database is away. */
function runsOf(dialect: TestDialectName, plain: boolean): number {
  return { sqlite: 200, pglite: 24, postgres: 50, mysql: 40 }[dialect] / (plain ? 1 : 2);
}

onEveryDialect("a copy of the caller's rows", (dialect) => {
  for (const [i, subject] of [...subjects, ...variants].entries()) {
    if (onlySubject !== undefined && subject.name !== onlySubject) continue;
    const runs = fuzzRuns(runsOf(dialect.name, subjects.includes(subject)));
    it(`answers ${runs} random queries as the policies of ${subject.name} do`, {
      timeout: 600_000,
    }, async (t) => {
      const own = path === undefined ? seed + 100 * i : seed;
      const report = await runOracle({
        dialect,
        open: (on) => VisibleWorld.open(on, subject),
        file: "tests/rls/oracle_test.ts",
        runs,
        seed: own,
        path,
        prepare: ownRows,
      });
      t.diagnostic(summary(report));
      if (path !== undefined) return;
      // Queries that no side takes prove nothing; of few there may be some by chance.
      const idle = report.outcomes["failed on both sides"];
      assert.ok(idle < 5 + 0.05 * report.runs, summary(report));
    });
  }
});
