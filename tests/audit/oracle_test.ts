/** See {@link AuditWorld}. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { isTelling, runOracle } from "../oracle/run.ts";
import { onEveryDialect } from "../support/matrix.ts";
import { fuzzRuns, fuzzSeed } from "../support/random.ts";
import { AuditWorld } from "./_oracle.ts";

const RUNS = { sqlite: 800, pglite: 120, postgres: 250, mysql: 200 };

onEveryDialect("random audited writes", (dialect) => {
  it("give what they give on bare Kysely, and a log that gives the tables", async () => {
    const { seed, path } = fuzzSeed();
    const report = await runOracle({
      dialect,
      open: (each) => AuditWorld.open(each),
      file: "tests/audit/oracle_test.ts",
      runs: fuzzRuns(RUNS[dialect.name]),
      seed,
      path,
    });
    if (path !== undefined || !isTelling(report)) return;
    const { outcomes } = report;
    assert.ok(outcomes.equal > outcomes.refused * 3, JSON.stringify(outcomes));
  });
});
