import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BadRequestError, detectDialect, type DialectSource } from "@kysera/core";
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
    it(`knows ${dialect}, and in a transaction as well`, async () => {
      const db = kyselyOf(adapter);
      assert.equal(detectDialect(db), dialect);
      await db.transaction().execute((trx) => {
        assert.equal(detectDialect(trx), dialect);
        return Promise.resolve();
      });
    });
  }

  it("refuses what is no Kysely", () => {
    for (const value of [null, undefined, {}, "postgres"]) {
      assert.throws(() => detectDialect(value as DialectSource), BadRequestError);
    }
  });
});
