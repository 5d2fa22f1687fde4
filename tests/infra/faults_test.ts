/**
 * Real faults: servers that are killed and started again under load, sessions that are ended, a pool
 * without a free connection. What was acknowledged is there afterwards, what failed is classified.
 */
import { parseDatabaseError } from "@kysera/core";
import {
  CircuitBreaker,
  CircuitBreakerError,
  createGracefulShutdown,
  HealthMonitor,
  isTransientError,
  RefusedError,
  withRetry,
} from "@kysera/infra";
import { Kysely, MysqlDialect, PostgresDialect, sql } from "kysely";
import assert from "node:assert/strict";
import type { EventEmitter } from "node:events";
import { after, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startMariadb, startPostgres, type TestServer, whyNoServer } from "./_servers.ts";

interface Database {
  ledger: { id: string; worker: number };
}

interface Kind {
  readonly name: "postgres" | "mariadb";
  readonly dialect: "postgres" | "mysql";
  start(): Promise<TestServer>;
  connect(server: TestServer, max: number): Promise<{ db: Kysely<Database>; pool: object }>;
}

const KINDS: readonly Kind[] = [
  {
    name: "postgres",
    dialect: "postgres",
    start: startPostgres,
    async connect(server, max) {
      const { default: pg } = await import("pg");
      const pool = new pg.Pool({
        connectionString: server.url,
        max,
        connectionTimeoutMillis: 500,
      });
      pool.on("error", () => {});
      // pg says on a connection in use, too, that its session was ended.
      pool.on("connect", (client: EventEmitter) => client.on("error", () => {}));
      return { db: new Kysely({ dialect: new PostgresDialect({ pool }) }), pool };
    },
  },
  {
    name: "mariadb",
    dialect: "mysql",
    start: startMariadb,
    async connect(server, max) {
      const { default: mysql } = await import("mysql2");
      const pool = mysql.createPool({
        uri: server.url,
        connectionLimit: max,
        connectTimeout: 1_000,
      });
      return { db: new Kysely({ dialect: new MysqlDialect({ pool }) }), pool };
    },
  },
];

/** How a run went. */
interface Run {
  requests: number;
  readonly acknowledged: Set<string>;
  readonly failures: Map<string, number>;
  readonly unclassified: unknown[];
}

/** Workers that write rows until they are told to stop, each through retries and one breaker. */
function load(
  db: Kysely<Database>,
  kind: Kind,
  breaker: CircuitBreaker,
): { run: Run; stop(): Promise<void> } {
  const run: Run = {
    requests: 0,
    acknowledged: new Set(),
    failures: new Map(),
    unclassified: [],
  };
  let running = true;
  const note = (error: unknown): void => {
    const known = parseDatabaseError(error, kind.dialect);
    const name = error instanceof RefusedError ? error.name : `${known.name} ${known.code}`;
    run.failures.set(name, (run.failures.get(name) ?? 0) + 1);
    if (known.code === "DB_UNKNOWN") run.unclassified.push(error);
  };
  const work = async (worker: number): Promise<void> => {
    for (let n = 0; running; n++) {
      const id = `${worker}-${n}`;
      run.requests++;
      try {
        // The same row again is no second row: the work may happen twice.
        await withRetry(() =>
          breaker.execute(() =>
            db.transaction().execute(async (trx) => {
              const there = await trx.selectFrom("ledger").select("id").where("id", "=", id)
                .executeTakeFirst();
              if (there === undefined) {
                await trx.insertInto("ledger").values({ id, worker }).execute();
              }
            }).catch((error) => {
              note(error);
              throw error;
            })
          ), { maxAttempts: 8, delayMs: 50, maxDelayMs: 400, dialect: kind.dialect });
        run.acknowledged.add(id);
      } catch (error) {
        if (error instanceof CircuitBreakerError) note(error);
      }
      await sleep(2);
    }
  };
  const workers = [1, 2, 3, 4].map(work);
  return {
    run,
    async stop() {
      running = false;
      await Promise.all(workers);
    },
  };
}

async function missing(db: Kysely<Database>, run: Run): Promise<string[]> {
  const read = () => db.selectFrom("ledger").select("id").execute();
  // The pool may still have sessions that were ended, one for each of its connections.
  const rows = await withRetry(read, { maxAttempts: 10, delayMs: 1, shouldRetry: () => true });
  const there = new Set(rows.map((row) => row.id));
  return [...run.acknowledged].filter((id) => !there.has(id));
}

function report(title: string, run: Run): void {
  const failures = [...run.failures].map(([name, count]) => `${name}: ${count}`).join(", ");
  console.log(
    `${title}: ${run.requests} requests, ${run.acknowledged.size} acknowledged; ` +
      `failed attempts: ${failures || "none"}`,
  );
}

for (const kind of KINDS) {
  const skip = whyNoServer(kind.name);
  describe(`faults of ${kind.name}${skip === undefined ? "" : ` (${skip})`}`, {
    skip: skip ?? false,
  }, () => {
    let server: TestServer;
    let db: Kysely<Database>;
    let pool: object;

    let started: Promise<void> | undefined;
    const start = async (): Promise<void> => {
      server = await kind.start();
      ({ db, pool } = await kind.connect(server, 4));
      await sql`create table ledger (id varchar(40) primary key, worker int not null)`.execute(db);
    };

    /** Not in a hook: some runners give those no more than five seconds. */
    const test = (title: string, body: () => Promise<void>): void => {
      it(title, async () => {
        await (started ??= start());
        await body();
      });
    };

    after(async () => {
      await db?.destroy().catch(() => {});
      await server?.remove();
    });

    test("loses nothing that was acknowledged when the server is killed twice under load", async () => {
      const states: string[] = [];
      const breaker = new CircuitBreaker({
        threshold: 5,
        resetTimeout: 100,
        onStateChange: (state) => states.push(state),
      });
      const monitor = new HealthMonitor(db, { interval: 50, timeout: 1_000, pool });
      const seen: string[] = [];
      for (const status of ["healthy", "degraded", "unhealthy"] as const) {
        monitor.on(status, () => seen.push(status));
      }
      monitor.start();
      const { run, stop } = load(db, kind, breaker);
      for (let round = 0; round < 2; round++) {
        await more(run, 20);
        const known = states.length;
        await server.kill();
        await until(() => states.slice(known).includes("open") && seen.includes("unhealthy"));
        await server.restart();
      }
      await more(run, 20);
      await stop();
      await withRetry(() => db.selectFrom("ledger").select("id").limit(1).execute(), {
        delayMs: 50,
      });
      await until(async () => (await monitor.checkNow()).status === "healthy");
      await monitor.destroy();

      report(`${kind.name} killed twice`, run);
      assert.deepEqual(await missing(db, run), []);
      assert.deepEqual(run.unclassified, [], "errors that nothing is known about");
      assert.ok([...run.failures.keys()].some((name) => name.startsWith("ConnectionError")));
      assert.ok(states.includes("open") && states.at(-1) === "closed", states.join(", "));
      assert.ok(seen.includes("healthy") && seen.includes("unhealthy"), seen.join(", "));
    });

    test("loses nothing that was acknowledged when sessions are ended under load", async () => {
      const { db: admin } = await kind.connect(server, 1);
      await db.deleteFrom("ledger").execute();
      const breaker = new CircuitBreaker({ threshold: 50, resetTimeout: 50 });
      const { run, stop } = load(db, kind, breaker);
      for (let round = 0; round < 6; round++) {
        await more(run, 5);
        await endSessions(admin, kind);
      }
      await until(async () => {
        if (run.failures.size > 0) return true;
        await endSessions(admin, kind);
        return false;
      });
      await stop();
      await admin.destroy();

      report(`${kind.name} sessions ended`, run);
      assert.deepEqual(await missing(db, run), []);
      assert.deepEqual(run.unclassified, []);
    });

    test("tells a pool without a free connection from a database that is away", async () => {
      const small = await kind.connect(server, 1);
      const held = Promise.withResolvers<void>();
      const released = Promise.withResolvers<void>();
      const holding = small.db.connection().execute(async (connection) => {
        await sql`select 1`.execute(connection);
        held.resolve();
        await released.promise;
      });
      await held.promise;
      const waiting = small.db.selectFrom("ledger").select("id").execute();
      waiting.catch(() => {});
      const monitor = new HealthMonitor(small.db, { timeout: 200, pool: small.pool });
      const { status, metrics } = await monitor.checkNow();
      assert.equal(status, "unhealthy");
      assert.equal(metrics.poolMetrics?.active, 1);
      assert.ok(metrics.poolMetrics!.waiting >= 1);
      if (kind.name === "postgres") {
        const error = await waiting.then(() => undefined, (reason) => reason);
        assert.equal(parseDatabaseError(error, "postgres").code, "DB_POOL_EXHAUSTED");
        assert.equal(isTransientError(error), true);
      }
      released.resolve();
      await holding;
      await waiting.catch(() => {});
      // The query of the check that timed out is still to be answered.
      await until(async () => (await monitor.checkNow()).status === "healthy");
      await small.db.destroy();
    });

    test("drains a service under load, and loses nothing that was acknowledged", async () => {
      const { db: own } = await kind.connect(server, 4);
      await db.deleteFrom("ledger").execute();
      const shutdown = createGracefulShutdown(own, { timeout: 5_000 });
      const { run, stop } = load(shutdown.db, kind, new CircuitBreaker());
      await more(run, 20);
      const result = await shutdown.shutdown();
      await until(() => run.failures.size > 0);
      await stop();
      report(`${kind.name} shut down`, run);
      assert.equal(result.drained, true);
      assert.equal(result.abandoned, 0);
      assert.deepEqual([...run.failures.keys()], ["ShutdownError"]);
      assert.deepEqual(await missing(db, run), []);
      const rows = await db.selectFrom("ledger").select("id").execute();
      assert.equal(rows.length, run.acknowledged.size);
    });

    test("cancels a statement that does not end in time", async () => {
      const { db: own } = await kind.connect(server, 2);
      const shutdown = createGracefulShutdown(own, { timeout: 100, cancelTimeout: 3_000 });
      const canCancel = "$extendTables" in own;
      const time = canCancel ? 20 : 1;
      const slow = kind.name === "postgres"
        ? sql`select pg_sleep(${sql.lit(time)})`
        : sql`select sleep(${sql.lit(time)})`;
      // A connection is there, so that the statement is sent at once.
      await sql`select 1`.execute(shutdown.db);
      const running = slow.execute(shutdown.db).catch((error) => error);
      await until(() => shutdown.inFlight === 1);
      const result = await shutdown.shutdown();
      assert.equal((await running).name, "ShutdownError");
      assert.equal(result.drained, false);
      assert.equal(result.cancelled, 1);
      assert.equal(result.abandoned, 0);
      assert.ok(result.duration < 3_000, `${result.duration} ms`);
    });
  });
}

/** Waits until so many more writes are acknowledged. */
async function more(run: Run, count: number): Promise<void> {
  const enough = run.acknowledged.size + count;
  await until(() => run.acknowledged.size >= enough);
}

async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!await condition()) {
    assert.ok(Date.now() < deadline, "it does not come true");
    await sleep(10);
  }
}

/** Ends every session but the one that asks. */
async function endSessions(admin: Kysely<Database>, kind: Kind): Promise<void> {
  if (kind.name === "postgres") {
    await sql`select pg_terminate_backend(pid) from pg_stat_activity
      where pid <> pg_backend_pid() and backend_type = 'client backend'`.execute(admin);
    return;
  }
  const { rows } = await sql<{ id: number }>`select id from information_schema.processlist
    where user = 'kysera' and id <> connection_id()`.execute(admin);
  for (const { id } of rows) {
    // It may have ended in the meantime.
    await sql`kill ${sql.lit(Number(id))}`.execute(admin).catch(() => {});
  }
}
