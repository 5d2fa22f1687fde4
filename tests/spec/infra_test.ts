/** The specification's samples on health checks and resilience, as they are written. */
import {
  checkDatabaseHealth,
  CircuitBreaker,
  CircuitBreakerError,
  HealthMonitor,
  withRetry,
} from "@kysera/infra";
import { type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect } from "../support/matrix.ts";

interface Database {
  users: { id: number; name: string };
}

onEveryDialect("specification: health checks and resilience", (dialect) => {
  async function withUsers(run: (db: Kysely<Database>) => Promise<void>): Promise<void> {
    const { db, close }: { db: Kysely<Database>; close(): Promise<void> } = await dialect.open();
    try {
      await sql`create table users (id int not null primary key, name varchar(20))`.execute(db);
      await sql`insert into users values (1, 'Ada')`.execute(db);
      await run(db);
    } finally {
      await close();
    }
  }

  it("checks a database's health", () =>
    withUsers(async (db) => {
      const pool = { getMetrics: () => ({ total: 1, idle: 1, active: 0, waiting: 0 }) };

      // Simple health check
      const health = await checkDatabaseHealth(db, pool);
      // { status: 'healthy', checks: [...], metrics: {...} }
      assert.ok(["healthy", "degraded"].includes(health.status));
      assert.equal(health.checks.length, 2);
      assert.equal(health.metrics.poolMetrics?.total, 1);
    }));

  it("monitors a database", () =>
    withUsers(async (db) => {
      const alerts: unknown[] = [];
      const alertOps = (result: unknown) => alerts.push(result);

      // Continuous monitoring
      const monitor = new HealthMonitor(db, { interval: 30000 });
      monitor.on("unhealthy", (result) => alertOps(result));
      monitor.start();

      assert.notEqual((await monitor.checkNow()).status, "unhealthy");
      assert.equal(monitor.isRunning(), true);
      assert.deepEqual(alerts, []);
      monitor.stop();
      await monitor.destroy();
    }));

  it("retries with exponential backoff", () =>
    withUsers(async (db) => {
      // Retry with exponential backoff
      const result = await withRetry(() => db.selectFrom("users").selectAll().execute(), {
        maxAttempts: 3,
        backoff: "exponential",
      });
      assert.deepEqual(result, [{ id: 1, name: "Ada" }]);
    }));

  it("breaks the circuit of calls that fail", async () => {
    let calls = 0;
    const fetchExternalData = (): Promise<string> => {
      calls++;
      return calls === 1 ? Promise.resolve("data") : Promise.reject(new TypeError("fetch failed"));
    };

    // Circuit breaker for external calls
    const breaker = new CircuitBreaker({ threshold: 5, resetTimeout: 60000 });
    const data = await breaker.execute(() => fetchExternalData());
    assert.equal(data, "data");

    for (let i = 0; i < 5; i++) {
      await assert.rejects(breaker.execute(() => fetchExternalData()), TypeError);
    }
    await assert.rejects(breaker.execute(() => fetchExternalData()), CircuitBreakerError);
    assert.equal(calls, 6);
  });
});
