import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  BadRequestError,
  detectDialect,
  DIALECTS,
  type DialectSource,
  MAX_PARAMETERS,
} from "@kysera/core";
import {
  type DialectAdapter,
  DummyDriver,
  Kysely,
  MssqlAdapter,
  MysqlAdapter,
  PostgresAdapter,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";

function kyselyOf(adapter: DialectAdapter): Kysely<object> {
  return new Kysely<object>({
    dialect: {
      createAdapter: () => adapter,
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  });
}

describe("detectDialect()", () => {
  const adapters = {
    postgres: new PostgresAdapter(),
    mysql: new MysqlAdapter(),
    sqlite: new SqliteAdapter(),
    mssql: new MssqlAdapter(),
  };
  for (const [dialect, adapter] of Object.entries(adapters)) {
    it(`knows ${dialect}, in a transaction as well, and by the adapter alone`, async () => {
      const db = kyselyOf(adapter);
      assert.equal(detectDialect(db), dialect);
      assert.equal(detectDialect(adapter), dialect);
      await db.transaction().execute((trx) => {
        assert.equal(detectDialect(trx), dialect);
        return Promise.resolve();
      });
    });
  }

  it("takes an adapter that does not say what it supports for one of MySQL", () => {
    const adapter = { ...new MysqlAdapter(), supportsTransactionalDdl: false };
    assert.equal(detectDialect(adapter as unknown as DialectAdapter), "mysql");
  });

  it("refuses what is not a Kysely", () => {
    for (const value of [null, undefined, {}, "postgres", () => {}, { getExecutor: 1 }]) {
      assert.throws(() => detectDialect(value as DialectSource), BadRequestError);
    }
  });
});

describe("DIALECTS", () => {
  it("has each of them once", () => {
    assert.deepEqual(DIALECTS, ["postgres", "mysql", "sqlite", "mssql"]);
    // The type of this says that no member is missing.
    assert.deepEqual(Object.keys(MAX_PARAMETERS), DIALECTS);
  });
});
