import assert from "node:assert/strict";
import { it } from "node:test";
import { fuzzRuns } from "../support/random.ts";
import { onEveryDialect } from "../support/matrix.ts";
import { migrationsFor } from "./_migrations.ts";
import { runChild, shareDatabases } from "./_processes.ts";

/** How many processes run at once. */
const PROCESSES = 3;
/** How many databases each of them migrates. */
const ROUNDS = Math.ceil(fuzzRuns(50) / 4);

onEveryDialect("runners in processes of their own", (dialect) => {
  it("apply each migration once, and none of them fails", async () => {
    const shared = await shareDatabases(dialect.dialect, ROUNDS);
    try {
      const { url, within } = shared;
      const task = { dialect: shared.dialect, url, within };
      const ended = await Promise.all(Array.from({ length: PROCESSES }, () => runChild(task)));
      for (const { code, errors } of ended) assert.equal(code, 0, errors);
      const names = migrationsFor(shared.dialect).map(({ name }) => name);
      for (const [round, name] of within.entries()) {
        const executed = ended.flatMap(({ result }) => result!.executed[round]!);
        assert.deepEqual(executed.sort(), names, `round ${round}`);
        const db = await shared.open(name);
        try {
          const runs = await db.selectFrom("runs").select("name").orderBy("name").execute();
          assert.deepEqual(runs.map(({ name }) => name.slice(0, 3)), [
            "001",
            "002",
            "003",
            "004",
            "005",
          ]);
        } finally {
          await db.destroy();
        }
      }
    } finally {
      await shared.close();
    }
  });
}, ["sqlite", "postgres", "mysql"]);
