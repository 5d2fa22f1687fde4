import assert from "node:assert/strict";
import { it } from "node:test";
import { runOracle, summary } from "../oracle/run.ts";
import { onEveryDialect } from "../support/matrix.ts";
import { fuzzRuns, fuzzSeed, onlySubject } from "../support/random.ts";
import { ownRows } from "./oracle_data.ts";
import { NativeWorld } from "./oracle_native.ts";
import { subjects } from "./oracle_subjects.ts";

const { seed, path } = fuzzSeed();

onEveryDialect("the policies of PostgreSQL", (dialect) => {
  for (const [i, subject] of subjects.entries()) {
    if (onlySubject !== undefined && subject.name !== onlySubject) continue;
    const runs = fuzzRuns(dialect.name === "pglite" ? 24 : 100);
    it(`and rewriting agree on ${runs} random queries about ${subject.name}`, {
      timeout: 600_000,
    }, async (t) => {
      const report = await runOracle({
        dialect,
        open: (on) => NativeWorld.open(on, subject),
        file: "tests/rls/oracle_native_test.ts",
        runs,
        seed: path === undefined ? seed + 100 * i : seed,
        path,
        prepare: ownRows,
      });
      t.diagnostic(summary(report));
      if (path !== undefined) return;
      const idle = report.outcomes["failed on both sides"];
      assert.ok(idle < 5 + 0.05 * report.runs, summary(report));
    });
  }
}, ["pglite", "postgres"]);
