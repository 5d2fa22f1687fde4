import { type FaultPlan, faultyDialect, forEachFault, InjectedFaultError } from "@kysera/testing";
import type { Kysely } from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { onEveryDialect, type TestDialect } from "../support/matrix.ts";

interface Database {
  accounts: { id: number; balance: number };
}

async function open(dialect: TestDialect, plan: FaultPlan) {
  let armed = false;
  const test = await dialect.open({
    wrap: (real) => faultyDialect(real, (call) => armed ? plan(call) : undefined),
  });
  const db = test.db as Kysely<Database>;
  await db.schema.createTable("accounts")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("balance", "integer", (column) => column.notNull())
    .execute();
  await db.insertInto("accounts").values([{ id: 1, balance: 10 }, { id: 2, balance: 0 }]).execute();
  return {
    db,
    close: test.close,
    async under<T>(work: () => Promise<T>): Promise<unknown> {
      armed = true;
      const [outcome] = await Promise.allSettled([work()]);
      armed = false;
      return outcome.status === "rejected" ? outcome.reason : undefined;
    },
    balances: () =>
      db.selectFrom("accounts").select("balance").orderBy("id").execute()
        .then((rows) => rows.map(({ balance }) => balance)),
  };
}

const spend = (db: Kysely<Database>) =>
  db.updateTable("accounts").set({ balance: 0 }).where("id", "=", 1).execute();

onEveryDialect("faultyDialect()", (dialect) => {
  it("refuses a query before the database sees it", async () => {
    const { db, under, balances, close } = await open(dialect, () => ({ how: "fail" }));
    const error = await under(() => spend(db));
    assert.ok(error instanceof InjectedFaultError);
    assert.deepEqual(await balances(), [10, 0]);
    await close();
  });

  it("rolls back where a connection is cut before COMMIT", async () => {
    const world = await open(dialect, ({ kind }) => kind === "commit" ? { how: "cut" } : undefined);
    const error = await world.under(() => world.db.transaction().execute((trx) => spend(trx)));
    assert.equal((error as InjectedFaultError).code, "ECONNRESET");
    assert.deepEqual(await world.balances(), [10, 0]);
    await world.close();
  });

  it("has committed where a connection is cut behind COMMIT", async () => {
    const world = await open(
      dialect,
      ({ kind }) => kind === "commit" ? { how: "cut", when: "after" } : undefined,
    );
    const error = await world.under(() => world.db.transaction().execute((trx) => spend(trx)));
    assert.ok(error instanceof InjectedFaultError);
    assert.deepEqual(await world.balances(), [0, 0]);
    await world.close();
  });

  it("leaves a transaction as a failed statement of the database does", async () => {
    let queries = 0;
    const world = await open(
      dialect,
      ({ kind }) => kind === "query" && ++queries === 1 ? { how: "fail" } : undefined,
    );
    const error = await world.under(() =>
      world.db.transaction().execute(async (trx) => {
        await spend(trx).catch(() => {});
        await spend(trx);
      })
    );
    // PostgreSQL takes nothing more in a transaction that failed; the others go on.
    assert.equal(error !== undefined, dialect.dialect === "postgres");
    assert.deepEqual(await world.balances(), dialect.dialect === "postgres" ? [10, 0] : [0, 0]);
    await world.close();
  });

  it("waits where it is told to", async () => {
    const world = await open(
      dialect,
      ({ kind }) => kind === "query" ? { how: "delay", ms: 30 } : undefined,
    );
    const start = performance.now();
    assert.equal(await world.under(() => spend(world.db)), undefined);
    assert.ok(performance.now() - start >= 29);
    await world.close();
  });
});

onEveryDialect("forEachFault()", (dialect) => {
  async function scenario(
    faults: Parameters<Parameters<typeof forEachFault>[0]>[0],
    sound: boolean,
  ) {
    const test = await dialect.open({ wrap: (real) => faults.wrap(real) });
    const db = test.db as Kysely<Database>;
    try {
      await db.schema.createTable("accounts").addColumn("id", "integer")
        .addColumn("balance", "integer").execute();
      await db.insertInto("accounts").values([{ id: 1, balance: 10 }, { id: 2, balance: 0 }])
        .execute();
      const move = async (trx: Kysely<Database>) => {
        await spend(trx);
        await trx.updateTable("accounts").set({ balance: 10 }).where("id", "=", 2).execute();
      };
      await faults.during(() => sound ? db.transaction().execute(move) : move(db));
      const rows = await db.selectFrom("accounts").select("balance").execute();
      assert.equal(rows.reduce((sum, { balance }) => sum + balance, 0), 10);
    } finally {
      await test.close();
    }
  }

  it("tries every call of a transaction, which holds", async () => {
    const report = await forEachFault((faults) => scenario(faults, true));
    // begin, two updates, commit; and taking a connection, where there are several
    const { calls, runs } = report;
    assert.ok(calls === 5 || (calls === 4 && dialect.name === "sqlite"), `${calls} calls`);
    assert.equal(runs, 1 + 3 * calls);
  });

  it("finds work that is not atomic", async () => {
    await assert.rejects(forEachFault((faults) => scenario(faults, false)), {
      message: /^The scenario does not hold where .* driver call \d/,
    });
  });
});

describe("forEachFault()", () => {
  it("refuses a scenario without calls", async () => {
    await assert.rejects(forEachFault(async () => {}), { message: /made no driver call/ });
  });

  it("refuses an option that is unknown", async () => {
    await assert.rejects(forEachFault(async () => {}, { fault: [] } as object), {
      message: /no option "fault"/,
    });
  });
});
