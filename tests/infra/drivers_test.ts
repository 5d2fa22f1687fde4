/** Health, pools, retries, breakers and shutdown on the real drivers. */
import { parseDatabaseError, UniqueConstraintError } from "@kysera/core";
import { createExecutor } from "@kysera/executor";
import {
  checkDatabaseHealth,
  CircuitBreaker,
  createGracefulShutdown,
  createMetricsPool,
  createRetryWrapper,
  getPoolMetrics,
  performHealthCheck,
  RetryInTransactionError,
  ShutdownError,
  withRetry,
} from "@kysera/infra";
import { Kysely, MysqlDialect, PostgresDialect, sql } from "kysely";
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import process from "node:process";
import { matrix, onEveryDialect } from "../support/matrix.ts";

const VERSIONS = {
  sqlite: /^3\./,
  pglite: /^PostgreSQL/,
  postgres: /^PostgreSQL/,
  mysql: /^\d+\./,
};

onEveryDialect("infrastructure", (dialect) => {
  async function withDatabase(run: (db: Kysely<any>) => Promise<void>): Promise<void> {
    const { db, close } = await dialect.open();
    try {
      await run(db);
    } finally {
      await close();
    }
  }

  it("checks a database, and an executor that lets no raw SQL through", () =>
    withDatabase(async (db) => {
      const executor = await createExecutor(db, [], { rawSql: "deny" });
      for (const handle of [db, executor]) {
        const { checks, errors } = await checkDatabaseHealth(handle);
        assert.equal(errors, undefined);
        assert.equal(checks[0]!.name, "Database Connection");
      }
      const { metrics } = await performHealthCheck(db, { verbose: true });
      assert.match(metrics.databaseVersion!, VERSIONS[dialect.name]);
    }));

  it("refuses to retry inside a transaction, and retries round one", () =>
    withDatabase(async (db) => {
      await sql`create table t (id int not null primary key)`.execute(db);
      const insert = createRetryWrapper(
        (db: Kysely<any>, id: number) => db.insertInto("t").values({ id }).execute(),
        { delayMs: 0 },
      );
      await db.transaction().execute(async (trx) => {
        await assert.rejects(insert(trx, 1), RetryInTransactionError);
        await assert.rejects(withRetry(() => 1, { db: trx }), RetryInTransactionError);
      });
      const trx = await db.startTransaction().execute();
      await assert.rejects(insert(trx, 1), RetryInTransactionError);
      await trx.rollback().execute();
      const executor = await createExecutor(db, []);
      await executor.transaction().execute(async (trx) => {
        await assert.rejects(insert(trx, 1), RetryInTransactionError);
      });

      let attempts = 0;
      await withRetry(({ attempt }) =>
        db.transaction().execute(async (trx) => {
          attempts++;
          await trx.insertInto("t").values({ id: attempt }).execute();
          if (attempt === 1) throw Object.assign(new Error("lost"), { code: "ECONNRESET" });
        }), { db, delayMs: 0 });
      assert.equal(attempts, 2);
      assert.deepEqual(await db.selectFrom("t").selectAll().execute(), [{ id: 2 }]);
    }));

  it("does not open a circuit for what the database refuses", () =>
    withDatabase(async (db) => {
      await sql`create table t (id int not null primary key)`.execute(db);
      const breaker = new CircuitBreaker({ threshold: 1 });
      const insert = () => breaker.execute(() => db.insertInto("t").values({ id: 1 }).execute());
      await insert();
      const error = await insert().catch((reason) => reason);
      assert.ok(parseDatabaseError(error, dialect.dialect) instanceof UniqueConstraintError);
      await assert.rejects(breaker.execute(() => sql`select from where`.execute(db)));
      assert.equal(breaker.isClosed(), true);
    }));

  it("shuts down an executor in use: what has begun ends, what comes is refused", async () => {
    const { db, close } = await dialect.open();
    await sql`create table t (id int not null primary key)`.execute(db);
    const shutdown = createGracefulShutdown<any>(db);
    const executor = shutdown.manage(await createExecutor(shutdown.db, []));
    let done: Promise<unknown> | undefined;
    await executor.transaction().execute(async (trx) => {
      await trx.insertInto("t").values({ id: 1 }).execute();
      done = shutdown.shutdown();
      await trx.insertInto("t").values({ id: 2 }).execute();
      // A database of one connection cannot be asked meanwhile, and need not be: it is refused first.
      await assert.rejects(executor.selectFrom("t").selectAll().execute(), ShutdownError);
      const rows = await trx.selectFrom("t").select("id").orderBy("id").execute();
      assert.deepEqual(rows, [{ id: 1 }, { id: 2 }]);
    });
    await done;
    await assert.rejects(executor.selectFrom("t").selectAll().execute());
    await close();
  });
});

describe("the gauges of pools", () => {
  const skipOf = (name: string): string | false =>
    matrix.find((dialect) => dialect.name === name)!.skip ?? false;

  it("are those of pg", { skip: skipOf("postgres") }, async () => {
    const { default: pg } = await import("pg");
    const pool = createMetricsPool(
      new pg.Pool({ connectionString: process.env["KYSERA_TEST_POSTGRES_URL"]!, max: 2 }),
    );
    const db = new Kysely<any>({ dialect: new PostgresDialect({ pool }) });
    assert.deepEqual(pool.getMetrics(), { total: 0, idle: 0, active: 0, waiting: 0, max: 2 });
    await inUse(db, () => {
      assert.deepEqual(pool.getMetrics(), { total: 1, idle: 0, active: 1, waiting: 0, max: 2 });
    });
    const { metrics, checks } = await checkDatabaseHealth(db, pool);
    assert.equal(metrics.poolMetrics?.max, 2);
    assert.equal(checks.length, 2);
    await db.destroy();
  });

  it(
    "are those of mysql2, with callbacks and with promises",
    { skip: skipOf("mysql") },
    async () => {
      const { default: mysql } = await import("mysql2");
      const pool = mysql.createPool({
        uri: process.env["KYSERA_TEST_MYSQL_URL"]!,
        connectionLimit: 2,
      });
      const measured = createMetricsPool(pool);
      const db = new Kysely<any>({ dialect: new MysqlDialect({ pool: measured }) });
      await inUse(db, () => {
        assert.deepEqual(measured.getMetrics(), {
          total: 1,
          idle: 0,
          active: 1,
          waiting: 0,
          max: 2,
        });
        assert.deepEqual(getPoolMetrics(pool.promise()), measured.getMetrics());
      });
      assert.equal(measured.getMetrics().idle, 1);
      await db.destroy();
    },
  );

  it("are those of PGlite", { skip: skipOf("pglite") }, async () => {
    const { PGlite } = await import("@electric-sql/pglite");
    // Starting from a file that the runner of the tests makes takes a fraction of the time.
    const file = process.env["KYSERA_TEST_PGLITE_DATA"];
    const pglite = new PGlite(
      file ? { loadDataDir: new Blob([new Uint8Array(await readFile(file))]) } : {},
    );
    assert.equal(getPoolMetrics(pglite)?.total, 0);
    await pglite.waitReady;
    assert.deepEqual(getPoolMetrics(pglite), { total: 1, idle: 1, active: 0, waiting: 0, max: 1 });
    await pglite.exec("begin");
    assert.equal(getPoolMetrics(pglite)?.active, 1);
    await pglite.exec("rollback");
    await pglite.close();
    assert.equal(getPoolMetrics(pglite)?.total, 0);
  });

  it("are those of node:sqlite", { skip: skipOf("sqlite") }, async () => {
    const { DatabaseSync } = await import("node:sqlite");
    const database = new DatabaseSync(":memory:");
    if (!("isTransaction" in database)) return;
    database.exec("begin");
    assert.deepEqual(getPoolMetrics(database), {
      total: 1,
      idle: 0,
      active: 1,
      waiting: 0,
      max: 1,
    });
    database.exec("rollback");
    assert.equal(getPoolMetrics(database)?.idle, 1);
    database.close();
    assert.equal(getPoolMetrics(database)?.total, 0);
  });

  async function inUse(db: Kysely<any>, look: () => void): Promise<void> {
    await db.connection().execute(async (connection) => {
      await sql`select 1`.execute(connection);
      look();
    });
  }
});
