import {
  bindContext,
  createExecutor,
  createExecutorSync,
  ExecutorError,
  getContext,
  getPlugins,
  getRawDb,
  isKyseraExecutor,
  PluginValidationError,
  wrapTransaction,
} from "@kysera/executor";
import type { Plugin } from "@kysera/executor";
import { ControlledTransaction, type Kysely, Transaction } from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dummy } from "../../tests/executor/dummy.ts";

const hide: Plugin = {
  name: "hide",
  version: "1.0.0",
  appliesTo: ({ name }) => name === "users",
  filter: (users, { eb }) => eb(users.column("deleted_at"), "is", null),
};
const FILTERED = `select * from "users" where "users"."deleted_at" is null`;
const users = (db: Kysely<any>): string => db.selectFrom("users").selectAll().compile().sql;

async function inTransaction(
  db: Kysely<any>,
  body: (trx: Transaction<any>) => void | Promise<void>,
): Promise<void> {
  await db.transaction().execute(async (trx) => await body(trx));
}

describe("wrapTransaction()", () => {
  it("gives the same transaction with the plugins in it", async () => {
    await inTransaction(dummy(), (trx) => {
      const wrapped = wrapTransaction(trx, [hide]);
      assert.ok(wrapped instanceof Transaction);
      assert.equal(wrapped.isTransaction, true);
      assert.equal(users(wrapped), FILTERED);
      assert.equal(users(trx), `select * from "users"`);
      assert.ok(isKyseraExecutor(wrapped));
      assert.deepEqual(getPlugins(wrapped), [hide]);
    });
  });

  it("has the markers of an executor", async () => {
    await inTransaction(dummy(), (trx) => {
      const wrapped = wrapTransaction(trx, [hide]);
      assert.equal(wrapped.__kysera, true);
      assert.deepEqual(wrapped.__plugins, [hide]);
      assert.equal(wrapped.__rawDb.isTransaction, true);
      assert.equal(isKyseraExecutor(wrapped.__rawDb), false);
    });
  });

  it("takes the plugins of an executor as they are, with its context", async () => {
    const db = dummy();
    let starts = 0;
    const late: Plugin = {
      name: "late",
      version: "1.0.0",
      setup: () => {
        starts++;
        return Promise.resolve({ appliesTo: hide.appliesTo!, filter: hide.filter! });
      },
    };
    const executor = bindContext(await createExecutor(db, [late]), { tenant: 1 });
    await inTransaction(db, (trx) => {
      const wrapped = wrapTransaction(trx, executor);
      assert.equal(users(wrapped), FILTERED);
      assert.deepEqual(getContext(wrapped), { tenant: 1 });
      assert.equal(starts, 1);
    });
  });

  it("gives a raw transaction back that is inside the transaction, not the database", async () => {
    const db = dummy();
    await inTransaction(db, (trx) => {
      for (
        const wrapped of [
          wrapTransaction(trx, [hide]),
          wrapTransaction(trx, createExecutorSync(db, [hide])),
        ]
      ) {
        const raw: Transaction<any> = getRawDb(wrapped);
        assert.equal(raw.isTransaction, true);
        assert.equal(users(raw), `select * from "users"`);
        assert.equal(wrapped.__rawDb.isTransaction, true);
      }
    });
  });

  it("wraps a controlled transaction, which can then be ended by the wrapped one", async () => {
    const trx = await dummy().startTransaction().execute();
    const wrapped = wrapTransaction(trx, [hide]);
    assert.ok(wrapped instanceof ControlledTransaction);
    assert.equal(users(wrapped), FILTERED);
    const controlled = wrapped as ControlledTransaction<any>;
    assert.equal(users(await controlled.savepoint("a").execute()), FILTERED);
    await controlled.commit().execute();
    assert.equal(controlled.isCommitted, true);
    await assert.rejects(wrapped.selectFrom("users").selectAll().execute(), /commit/);
  });

  it("applies a plugin once to the transaction of an executor that has it", async () => {
    const executor = createExecutorSync(dummy(), [hide]);
    await inTransaction(executor, (trx) => {
      assert.equal(users(wrapTransaction(trx, [hide])), FILTERED);
      assert.equal(users(wrapTransaction(trx, executor)), FILTERED);
      assert.equal(users(wrapTransaction(trx, [])), FILTERED);
    });
  });

  it("keeps the plugins that the transaction has when it is given another executor", async () => {
    const other: Plugin = {
      ...hide,
      name: "other",
      filter: (users, { eb }) => eb(users.column("team"), "=", 1),
    };
    const db = dummy();
    await inTransaction(createExecutorSync(db, [hide]), (trx) => {
      const sql = users(wrapTransaction(trx, createExecutorSync(db, [other])));
      assert.match(sql, /"deleted_at" is null/);
      assert.match(sql, /"team" = \$1/);
    });
  });

  it("calls no onInit, and refuses a plugin that has to wait", async () => {
    await inTransaction(dummy(), (trx) => {
      let calls = 0;
      wrapTransaction(trx, [{ ...hide, onInit: () => void calls++ }]);
      assert.equal(calls, 0);
      assert.throws(
        () => wrapTransaction(trx, [{ ...hide, setup: () => Promise.resolve({}) }]),
        PluginValidationError,
      );
    });
  });

  it("refuses what validatePlugins() refuses", async () => {
    await inTransaction(dummy(), (trx) => {
      for (const plugins of [[hide, hide], undefined, null, 5, {}, [{}]]) {
        assert.throws(
          () => wrapTransaction(trx, plugins as Plugin[]),
          PluginValidationError,
          `it took ${JSON.stringify(plugins)}`,
        );
      }
    });
  });

  it("refuses a plain Kysely in place of the plugins: it has none", async () => {
    await inTransaction(dummy(), (trx) => {
      assert.throws(() => wrapTransaction(trx, dummy()), ExecutorError);
    });
  });

  it("refuses what is not a transaction, and says what is one", () => {
    const values = [dummy(), createExecutorSync(dummy(), []), undefined, null, {}];
    for (const value of [...values, { isTransaction: true }]) {
      assert.throws(
        () => wrapTransaction(value as Transaction<any>, [hide]),
        (error) => error instanceof ExecutorError && /Cannot (wrap|create)/.test(error.message),
        `it took ${value}`,
      );
    }
    assert.throws(
      () => wrapTransaction(dummy() as Transaction<any>, [hide]),
      (error) =>
        error instanceof ExecutorError && error.code === "NOT_A_TRANSACTION" &&
        /transaction\(\)\.execute\(\)/.test(error.message),
    );
  });
});
