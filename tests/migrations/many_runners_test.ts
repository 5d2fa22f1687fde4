import { it } from "node:test";
import { fuzzRuns, runsAll } from "../support/random.ts";
import { onEveryDialect } from "../support/matrix.ts";
import { assertOnce, shareDatabases } from "./_processes.ts";

/** How many databases are migrated in all. */
const ROUNDS = fuzzRuns(50);
/** How many processes run at once, and how many databases each of them migrates. */
const RUNS: readonly { readonly processes: number; readonly rounds: number }[] = runsAll()
  ? [2, 3, 4, 5, 6, 7, 8].map((processes) => ({ processes, rounds: Math.ceil(ROUNDS / 7) }))
  : [{ processes: 3, rounds: Math.ceil(ROUNDS / 2) }];

onEveryDialect("runners in processes of their own", (dialect) => {
  for (const { processes, rounds } of RUNS) {
    it(`apply each migration once, and none of them fails: ${processes} at once`, async () => {
      const shared = await shareDatabases(dialect.dialect, rounds);
      try {
        const { url, within } = shared;
        await assertOnce(shared, { dialect: shared.dialect, url, within }, processes);
      } finally {
        await shared.close();
      }
    });
  }
}, ["sqlite", "postgres", "mysql"]);
