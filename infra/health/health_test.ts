import { createExecutor, type Plugin } from "@kysera/executor";
import {
  checkDatabaseHealth,
  createHealthHandlers,
  FakeClock,
  getMetrics,
  type HealthCheckOptions,
  HealthMonitor,
  performHealthCheck,
} from "@kysera/infra";
import {
  DummyDriver,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";

/** A database that takes as long to answer as it is told, and fails where it is told. */
function database(clock: FakeClock, behaviour: { latency: number; error?: unknown }) {
  const queries: string[] = [];
  const driver = Object.assign(new DummyDriver(), {
    acquireConnection: () =>
      Promise.resolve({
        async executeQuery({ sql }: { sql: string }) {
          queries.push(sql);
          await new Promise<void>((resolve) => clock.schedule(resolve, behaviour.latency));
          if (behaviour.error !== undefined) throw behaviour.error;
          return { rows: [{ version: "3.50" } as never] };
        },
        async *streamQuery() {},
      }),
  });
  const db = new Kysely<any>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => driver,
      createIntrospector: (kysely) => new SqliteIntrospector(kysely),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  });
  return { db, queries };
}

const lost = Object.assign(new Error("connect ECONNREFUSED db.internal:5432"), {
  code: "ECONNREFUSED",
});

describe("performHealthCheck()", () => {
  const cases: [latency: number, status: string][] = [
    [0, "healthy"],
    [99, "healthy"],
    [100, "degraded"],
    [499, "degraded"],
    [500, "unhealthy"],
    [4_999, "unhealthy"],
  ];
  for (const [latency, status] of cases) {
    it(`finds a database that answers in ${latency} ms ${status}`, async () => {
      const clock = new FakeClock(1_000);
      const { db } = database(clock, { latency });
      const check = performHealthCheck(db, { clock });
      await clock.advance(latency);
      const result = await check;
      assert.equal(result.status, status);
      assert.equal(result.metrics.checkLatency, latency);
      assert.equal(result.errors, undefined);
      assert.deepEqual(result.timestamp, new Date(1_000));
      assert.deepEqual(result.checks, [{
        name: "Database Connection",
        status,
        message: `The database answered in ${latency} ms`,
      }]);
      assert.equal(clock.timers, 0);
    });
  }

  it("does not wait for longer than it may", async () => {
    const clock = new FakeClock();
    const { db } = database(clock, { latency: 60_000 });
    const check = checkOn(db, clock, { timeout: 200 });
    await clock.advance(200);
    const result = await check;
    assert.equal(result.status, "unhealthy");
    assert.deepEqual(result.errors, [
      "Cannot reach the database: it has not answered within 200 ms",
    ]);
  });

  it("tells what failed without what the driver says of hosts, which only the logger gets", async () => {
    const clock = new FakeClock();
    const { db } = database(clock, { latency: 0, error: lost });
    const logged: unknown[] = [];
    const none = () => {};
    const logger = {
      debug: none,
      info: none,
      warn: none,
      error: (_: string, error: unknown) => void logged.push(error),
    };
    const check = checkOn(db, clock, { logger });
    await clock.advance(0);
    const result = await check;
    assert.deepEqual(result.errors, [
      "Cannot connect to the database: the connection was refused or lost",
    ]);
    assert.doesNotMatch(JSON.stringify(result), /internal/);
    assert.deepEqual(logged, [lost]);
  });

  it("finds a pool degraded that callers wait for", async () => {
    const clock = new FakeClock();
    const { db } = database(clock, { latency: 0 });
    const gauges = { total: 5, idle: 0, active: 5, waiting: 2, max: 5 };
    const check = checkOn(db, clock, { pool: { getMetrics: () => gauges } });
    await clock.advance(0);
    const { status, checks, metrics } = await check;
    assert.equal(status, "degraded");
    assert.deepEqual(metrics.poolMetrics, gauges);
    assert.equal(checks[1]!.message, "5 of 5 connections are in use, and 2 callers wait");
  });

  it("takes no harm from a pool that cannot be read", async () => {
    const clock = new FakeClock();
    const { db } = database(clock, { latency: 0 });
    const getMetrics = (): never => {
      throw new Error("no gauges");
    };
    for (const pool of [{ getMetrics }, {}]) {
      const check = checkOn(db, clock, { pool });
      await clock.advance(0);
      const { status, checks } = await check;
      assert.equal(status, "healthy");
      assert.equal(checks[1]!.message, "The pool has no gauges");
    }
  });

  it("takes no harm from a logger that fails", async () => {
    const clock = new FakeClock();
    const { db } = database(clock, { latency: 0, error: lost });
    const fail = (): never => {
      throw new Error("no space left");
    };
    const check = checkOn(db, clock, {
      logger: { debug: fail, info: fail, warn: fail, error: fail },
    });
    await clock.advance(0);
    assert.equal((await check).errors?.length, 1);
  });

  it("respects the limits that it is given", async () => {
    for (const [latency, status] of [[19, "healthy"], [20, "degraded"], [40, "unhealthy"]]) {
      const clock = new FakeClock();
      const { db } = database(clock, { latency: latency as number });
      const check = checkOn(db, clock, { degradedAfter: 20, unhealthyAfter: 40 });
      await clock.advance(latency as number);
      assert.equal((await check).status, status);
    }
    const clock = new FakeClock();
    const { db } = database(clock, { latency: 60 });
    const check = checkOn(db, clock, { unhealthyAfter: 50 });
    await clock.advance(60);
    assert.equal((await check).status, "unhealthy");
  });

  it("goes past plugins, those that refuse raw SQL as well", async () => {
    const clock = new FakeClock();
    const { db, queries } = database(clock, { latency: 0 });
    const strict: Plugin = {
      name: "strict",
      version: "1.0.0",
      rawSql: "deny",
      aroundQuery: () => Promise.reject(new Error("it must not be asked")),
    };
    const executor = await createExecutor(db, [strict]);
    const check = checkOn(executor, clock, { verbose: true });
    await clock.advance(0);
    const { status, metrics } = await check;
    assert.equal(status, "healthy");
    assert.equal(metrics.databaseVersion, "3.50");
    assert.deepEqual(queries, ["select 1", "select sqlite_version() as version"]);
  });

  it("ends with the caller's signal, which is not a finding", async () => {
    const clock = new FakeClock();
    const { db } = database(clock, { latency: 100 });
    const controller = new AbortController();
    const check = checkOn(db, clock, { signal: controller.signal });
    controller.abort("gone");
    await assert.rejects(check, (reason) => reason === "gone");
  });

  it("refuses an option that it does not know, and what is not a database", async () => {
    const { db } = database(new FakeClock(), { latency: 0 });
    await assert.rejects(
      performHealthCheck(db, { timeoutMs: 1 } as HealthCheckOptions),
      /Cannot check the database: there is no option "timeoutMs"/,
    );
    await assert.rejects(
      checkDatabaseHealth({} as Kysely<any>),
      /the first argument is not a datab/,
    );
    await assert.rejects(checkDatabaseHealth(db, 5 as never), /"pool" is 5; give an object/);
    assert.throws(
      () => new HealthMonitor(db, { intervalMs: 1 } as object),
      /there is no option "intervalMs"; the options are "interval"/,
    );
  });
});

const checkOn = (db: Kysely<any>, clock: FakeClock, options: HealthCheckOptions) =>
  performHealthCheck(db, { clock, ...options });

describe("HealthMonitor", () => {
  it("keeps no program alive while it waits for the next check", async () => {
    const clock = new FakeClock();
    const { db } = database(clock, { latency: 0 });
    const { setTimeout: start } = globalThis;
    const timers: { ms: number | undefined; timer: unknown }[] = [];
    // The runtime's own, watched.
    Object.assign(globalThis, {
      setTimeout: (callback: () => void, ms?: number) => {
        const timer = start(callback, ms);
        timers.push({ ms, timer });
        return timer;
      },
    });
    const monitor = new HealthMonitor(db, { interval: 12_345 });
    try {
      const checked = new Promise<void>((resolve) => monitor.start(() => resolve()));
      await clock.advance(0);
      await checked;
      // The next check is planned when the listeners were told.
      await new Promise((resolve) => start(resolve));
      const waits = timers.filter(({ ms }) => ms !== undefined && ms > 10_000);
      assert.equal(waits.length, 1);
      const { timer } = waits[0]! as { timer: { hasRef(): boolean } };
      assert.equal(timer.hasRef(), false);
    } finally {
      Object.assign(globalThis, { setTimeout: start });
      await monitor.destroy();
      await db.destroy();
    }
  });

  it("gives what one check finds to all who ask while it runs", async () => {
    const clock = new FakeClock();
    const { db, queries } = database(clock, { latency: 10 });
    const monitor = new HealthMonitor(db, { clock });
    const checks = [monitor.checkNow(), monitor.checkNow(), monitor.checkNow()];
    await clock.advance(10);
    const [one, ...others] = await Promise.all(checks);
    assert.deepEqual(others, [one, one]);
    assert.equal(queries.length, 1);
    assert.equal(monitor.getLastCheck(), one);
  });

  it("calls back after every check, and tells listeners when the status changes", async () => {
    const clock = new FakeClock();
    const behaviour: { latency: number; error?: unknown } = { latency: 0 };
    const { db } = database(clock, behaviour);
    const monitor = new HealthMonitor(db, { clock, interval: 1_000 });
    const seen: string[] = [];
    const changed: string[] = [];
    const off = monitor.on("unhealthy", () => changed.push("unhealthy"));
    monitor.on("healthy", () => changed.push("healthy"));
    monitor.start((result) => seen.push(result.status));
    await clock.advance(1_000);
    behaviour.error = lost;
    await clock.advance(2_000);
    delete behaviour.error;
    await clock.advance(1_000);
    monitor.stop();
    await clock.advance(5_000);
    assert.deepEqual(seen, ["healthy", "healthy", "unhealthy", "unhealthy", "healthy"]);
    assert.deepEqual(changed, ["healthy", "unhealthy", "healthy"]);
    off();
    behaviour.error = lost;
    const check = monitor.checkNow();
    await clock.advance(0);
    await check;
    assert.deepEqual(changed, ["healthy", "unhealthy", "healthy"]);
    assert.equal(clock.timers, 0);
  });

  it("is stopped by a signal, and by its end", async () => {
    const clock = new FakeClock();
    const { db } = database(clock, { latency: 0 });
    const controller = new AbortController();
    const one = new HealthMonitor(db, { clock, signal: controller.signal });
    one.start();
    await clock.settle();
    controller.abort();
    assert.equal(one.isRunning(), false);
    one.start();
    assert.equal(one.isRunning(), false);
    const other = new HealthMonitor(db, { clock });
    other.start();
    await clock.advance(0);
    await other[Symbol.asyncDispose]();
    assert.equal(other.isRunning(), false);
    assert.equal(clock.timers, 0);
  });
});

describe("createHealthHandlers()", () => {
  async function handlers(error?: unknown) {
    const clock = new FakeClock(1_000_000);
    const behaviour: { latency: number; error?: unknown } = { latency: 0, error };
    const { db, queries } = database(clock, behaviour);
    const shutdown = { isShuttingDown: false };
    const monitor = new HealthMonitor(db, { clock });
    const check = monitor.checkNow();
    await clock.advance(0);
    await check;
    const made = createHealthHandlers(monitor, { shutdown, clock });
    const get = async (path: string, method = "GET") => {
      const answer = made.fetch(new Request(`http://localhost${path}`, { method }));
      await clock.advance(0);
      return await answer;
    };
    return { clock, behaviour, queries, shutdown, get, made };
  }

  it("tells liveness from readiness", async () => {
    const well = await handlers();
    assert.equal((await well.get("/livez")).status, 200);
    assert.equal((await well.get("/readyz")).status, 200);
    assert.equal((await well.get("/healthz")).status, 200);
    const away = await handlers(lost);
    // No restart of the program mends the database.
    assert.equal((await away.get("/livez")).status, 200);
    assert.equal((await away.get("/readyz")).status, 503);
    assert.equal((await away.get("/healthz")).status, 503);
  });

  it("is not ready from the beginning of a shutdown, and alive", async () => {
    const { get, shutdown, queries } = await handlers();
    shutdown.isShuttingDown = true;
    assert.equal((await get("/livez")).status, 200);
    const response = await get("/readyz");
    assert.equal(response.status, 503);
    assert.deepEqual(await response.json(), { status: "shutting down" });
    assert.equal((await get("/healthz")).status, 503);
    assert.equal(queries.length, 1);
  });

  it("tells as JSON what was found, which nobody is to keep", async () => {
    const { get } = await handlers();
    const response = await get("/healthz");
    const body = await response.json();
    assert.equal(body.status, "healthy");
    assert.equal(body.checks[0].name, "Database Connection");
    assert.equal(response.headers.get("content-type"), "application/json; charset=utf-8");
    assert.equal(response.headers.get("cache-control"), "no-store");
  });

  it("asks the database once in a while, however many requests come", async () => {
    const { clock, get, queries } = await handlers();
    await Promise.all([get("/readyz"), get("/healthz"), get("/readyz")]);
    assert.equal(queries.length, 1);
    await clock.advance(5_000);
    await Promise.all([get("/readyz"), get("/healthz"), get("/readyz")]);
    assert.equal(queries.length, 2);
  });

  it("answers other paths and methods as HTTP wants it", async () => {
    const { get } = await handlers();
    assert.equal((await get("/")).status, 404);
    const post = await get("/livez", "POST");
    assert.equal(post.status, 405);
    assert.equal(post.headers.get("allow"), "GET, HEAD");
    const head = await get("/readyz", "HEAD");
    assert.equal(head.status, 200);
    assert.equal(await head.text(), "");
  });

  it("can be mounted one by one, whatever they are called with", async () => {
    const { made: { livez, readyz, healthz } } = await handlers();
    const answers = await Promise.all(
      [livez, readyz, healthz].map((handler) => (handler as (context: object) => unknown)({})),
    );
    assert.deepEqual(answers.map((answer) => (answer as Response).status), [200, 200, 200]);
  });
});

describe("getMetrics()", () => {
  const clock = new FakeClock(10_000_000);
  const queries = Array.from({ length: 100 }, (_, index) => ({
    sql: "select 1",
    duration: index + 1,
    timestamp: 10_000_000 - index * 1_000,
  }));
  const db = { getMetrics: () => queries };

  it("tells how long the queries of a period took", () => {
    const { queries } = getMetrics(db, { clock, period: "1h", slowQueryThreshold: 91 });
    assert.deepEqual(queries, {
      total: 100,
      avgDuration: 50.5,
      minDuration: 1,
      maxDuration: 100,
      p95Duration: 95,
      p99Duration: 99,
      slowCount: 10,
    });
  });

  it("looks back no further than the period", () => {
    assert.equal(getMetrics(db, { clock, period: "10s" }).queries?.total, 11);
    assert.equal(getMetrics(db, { clock, period: 5_000 }).queries?.total, 6);
    assert.equal(getMetrics({ getMetrics: () => [] }, { clock }).queries, undefined);
  });

  it("refuses periods that are none, and a database that remembers nothing", () => {
    assert.throws(() => getMetrics(db, { period: "1 hour" }), /"period" is "1 hour"; give/);
    assert.throws(() => getMetrics({}), /the database remembers no queries; give one that with/);
  });
});
