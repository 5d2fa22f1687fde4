/** See {@link AuditWorld}. */
import assert from "node:assert/strict";
import { it } from "node:test";
import type { AuditOptions } from "@kysera/audit";
import type { Plugin } from "@kysera/executor";
import { isTelling, runOracle } from "../oracle/run.ts";
import { compiling } from "../oracle/subjects.ts";
import { onEveryDialect } from "../support/matrix.ts";
import { fuzzRuns, fuzzSeed, onlySubject } from "../support/random.ts";
import { AuditWorld, CALLER } from "./_oracle.ts";

const RUNS = { sqlite: 800, pglite: 120, postgres: 250, mysql: 200 };

/** What stands beside audit, and which part of the runs is about it. */
const SUBJECTS: readonly (readonly [
  name: string,
  more: () => readonly Plugin[],
  part: number,
  options?: AuditOptions,
])[] = [
  ["audit", () => [], 1],
  ["audit by triggers", () => [], 1 / 2, { mode: "trigger", getUserId: () => CALLER }],
  ["audit beside hooks that compile queries", () => [compiling(false)], 1 / 8],
  ["audit beside stable hooks that compile queries", () => [compiling(true)], 1 / 8],
];

onEveryDialect("random audited writes", (dialect) => {
  for (const [i, [name, more, part, options]] of SUBJECTS.entries()) {
    if (onlySubject !== undefined && onlySubject !== name) continue;
    it(`give what they give on bare Kysely, and a log that gives the tables: ${name}`, async () => {
      const { seed, path } = fuzzSeed();
      const report = await runOracle({
        dialect,
        open: (each) => AuditWorld.open(each, name, more(), options),
        file: "tests/audit/oracle_test.ts",
        runs: fuzzRuns(Math.ceil(RUNS[dialect.name] * part)),
        seed: path === undefined ? seed + 100 * i : seed,
        path,
      });
      if (path !== undefined || !isTelling(report)) return;
      const { outcomes } = report;
      assert.ok(outcomes.equal > outcomes.refused * 3, JSON.stringify(outcomes));
    });
  }
});
