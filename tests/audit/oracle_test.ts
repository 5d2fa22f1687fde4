/** See {@link AuditWorld}. */
import process from "node:process";
import assert from "node:assert/strict";
import { it } from "node:test";
import { runOracle } from "../oracle/run.ts";
import { onEveryDialect } from "../support/matrix.ts";
import { AuditWorld } from "./_oracle.ts";

const RUNS = { sqlite: 800, pglite: 120, postgres: 250, mysql: 200 };

onEveryDialect("random audited writes", (dialect) => {
  it("give what they give on bare Kysely, and a log that gives the tables", async () => {
    const seed = Number(process.env["KYSERA_FUZZ_SEED"] ?? 20_261_122);
    const { outcomes } = await runOracle({
      dialect,
      open: (each) => AuditWorld.open(each),
      file: "tests/audit/oracle_test.ts",
      runs: Number(process.env["KYSERA_FUZZ_RUNS"] ?? RUNS[dialect.name]),
      seed,
      path: process.env["KYSERA_FUZZ_PATH"],
    });
    assert.ok(outcomes.equal > outcomes.refused * 3, JSON.stringify(outcomes));
  });
});
