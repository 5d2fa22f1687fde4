import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect } from "../support/matrix.ts";
import { fuzzRuns, fuzzSeed, onlySubject } from "../support/random.ts";
import { runOracle, summary } from "./run.ts";
import { plain, variants } from "./subjects.ts";

const { seed, path } = fuzzSeed();

onEveryDialect("the visible copy", (dialect) => {
  for (const [i, subject] of [plain, ...variants].entries()) {
    if (onlySubject !== undefined && subject.name !== onlySubject) continue;
    const runs = fuzzRuns(subject === plain ? 2000 : dialect.name === "sqlite" ? 500 : 200);
    it(`answers ${runs} random queries as the database behind ${subject.name} does`, {
      timeout: 600_000,
    }, async (t) => {
      // Each has queries of its own; only a path is about one seed.
      const own = path === undefined ? seed + 100 * i : seed;
      const report = await runOracle({ dialect, subject, runs, seed: own, path });
      t.diagnostic(summary(report));
      if (path !== undefined) return;
      // Queries that no side takes prove nothing: the generator must not lose its way.
      assert.ok(report.outcomes["failed on both sides"] < 5 + 0.03 * report.runs, summary(report));
      assert.ok(report.outcomes["refused"] < 5 + 0.15 * report.runs, summary(report));
    });
  }
});
