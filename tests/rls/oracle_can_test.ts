import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect } from "../support/matrix.ts";
import { fuzzRuns, fuzzSeed } from "../support/random.ts";
import { compareOnce, createMixed, Draw, type Tally } from "./oracle_can.ts";

onEveryDialect("can()", (dialect) => {
  const runs = fuzzRuns(60);
  it(`agrees with SELECT and DELETE, in ${runs} random policies about columns of all types`, {
    timeout: 600_000,
  }, async (t) => {
    const { seed } = fuzzSeed();
    const { db, close } = await dialect.open({ connections: 1 });
    try {
      const draw = new Draw(seed);
      await createMixed(db, dialect, draw);
      const tally: Tally = { told: 0, untold: 0 };
      for (let run = 0; run < runs; run++) {
        const problem = await compareOnce(db, dialect, draw, tally);
        assert.equal(problem, undefined, `KYSERA_FUZZ_SEED=${seed}, policies ${run}: ${problem}`);
      }
      t.diagnostic(`${tally.told} answers, ${tally.untold} rows that it could not tell`);
      assert.ok(tally.told > tally.untold / 2, JSON.stringify(tally));
    } finally {
      await close();
    }
  });
});
