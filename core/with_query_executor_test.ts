import { isKysely, withQueryExecutor } from "@kysera/core";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  CamelCasePlugin,
  ControlledTransaction,
  DummyDriver,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  Transaction,
} from "kysely";

const db = new Kysely<{ users: { id: number } }>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
});

describe("withQueryExecutor()", () => {
  it("puts the query executor into an instance of the same class", async () => {
    const assertSame = (given: Kysely<any>, type: new (...args: any[]) => unknown): void => {
      const plugin = new CamelCasePlugin();
      const same = withQueryExecutor(given, given.getExecutor().withPlugin(plugin));
      assert.deepEqual(same.getExecutor().plugins, [plugin]);
      assert.deepEqual(given.getExecutor().plugins, []);
      assert.ok(same instanceof type);
      assert.equal(same.isTransaction, given.isTransaction);
    };
    assertSame(db, Kysely);
    await db.transaction().execute((trx) => Promise.resolve(assertSame(trx, Transaction)));
    const trx = await db.startTransaction().execute();
    try {
      assertSame(trx, ControlledTransaction);
    } finally {
      await trx.rollback().execute();
    }
  });

  it("changes nothing of the instance that is given", () => {
    const before = db.getExecutor();
    withQueryExecutor(db, before.withoutPlugins());
    assert.equal(db.getExecutor(), before);
    assert.deepEqual(Object.getOwnPropertyNames(before).includes("withPlugin"), false);
  });
});

describe("isKysely()", () => {
  it("is true for a database and a transaction, and false for everything else", async () => {
    assert.equal(isKysely(db), true);
    await db.transaction().execute((trx) => Promise.resolve(assert.equal(isKysely(trx), true)));
    for (
      const value of [
        null,
        undefined,
        {},
        "db",
        () => db,
        { getExecutor: () => ({}) },
        Kysely,
      ]
    ) {
      assert.equal(isKysely(value), false);
    }
  });
});
