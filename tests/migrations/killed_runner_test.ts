import { createMigrationRunner } from "@kysera/migrations";
import { waitFor } from "@kysera/testing";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect } from "../support/matrix.ts";
import { fuzzRuns } from "../support/random.ts";
import { migrationsFor } from "./_migrations.ts";
import { dump, runChild, shareDatabases } from "./_processes.ts";

/** How long a dead runner counts as alive, in milliseconds. */
const LEASE = 100;

onEveryDialect("a runner that is killed", (dialect) => {
  it("leaves a database that the next one brings to the same end", async () => {
    // A process costs as much as hundreds of queries.
    const count = Math.ceil(fuzzRuns(40) / 4);
    const shared = await shareDatabases(dialect.dialect, count + 1);
    try {
      const task = { dialect: shared.dialect, url: shared.url, lease: LEASE };
      const [undisturbed, ...others] = shared.within;
      const whole = await runChild({ ...task, within: [undisturbed!] });
      assert.equal(whole.code, 0, whole.errors);
      const { statements } = whole.result!;
      const db = await shared.open(undisturbed!);
      const wanted = await dump(db, shared.dialect).finally(() => db.destroy());
      let deaths = 0;
      const start = Math.floor(Math.random() * statements);
      for (const [i, within] of others.entries()) {
        // Spread over the whole run, and not the same ones each time.
        const dieAt = 1 + (start + Math.floor(i * statements / count)) % statements;
        const dies = i % 2 === 0 ? "before" : "after";
        const place = `killed ${dies} statement ${dieAt} of ${statements}`;
        const killed = await runChild({ ...task, within: [within], dieAt, dies });
        // How often it says that it lives depends on how fast it is: it may have come to its end.
        if (killed.result === undefined) deaths++;
        const db = await shared.open(within);
        try {
          const runner = createMigrationRunner(db, migrationsFor(shared.dialect), {
            lease: LEASE,
            lockTimeout: 20_000,
          });
          await runner.up();
          assert.deepEqual(await dump(db, shared.dialect), wanted, place);
          assert.equal((await runner.status()).pending.length, 0, place);
          await waitFor(async () => await runner.lockHolder() === undefined);
        } catch (error) {
          throw new Error(`${place}: ${(error as Error).message}`, { cause: error });
        } finally {
          await db.destroy();
        }
      }
      assert.ok(deaths > 0);
    } finally {
      await shared.close();
    }
  });
}, ["sqlite", "postgres", "mysql"]);
