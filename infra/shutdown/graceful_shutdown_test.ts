import { createExecutor, type Plugin } from "@kysera/executor";
import {
  createGracefulShutdown,
  executeWithShutdown,
  FakeClock,
  gracefulShutdown,
  ShutdownError,
  ShutdownFailedError,
  type ShutdownOptions,
} from "@kysera/infra";
import {
  type DatabaseConnection,
  type Driver,
  DummyDriver,
  Kysely,
  sql,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";

/** A database that notes what happens to it; queries that say so wait for the test. */
function database(log: string[], overrides: Partial<Driver> = {}) {
  let go!: () => void;
  const gone = new Promise<void>((resolve) => go = resolve);
  const connection: DatabaseConnection = {
    async executeQuery(query) {
      log.push(query.sql);
      if (query.sql.includes("slow")) await gone;
      return { rows: [] };
    },
    async *streamQuery(query) {
      log.push(query.sql);
      yield { rows: [1] as never[] };
      await gone;
      yield { rows: [2] as never[] };
    },
  };
  const note = (name: string) => () => {
    log.push(name);
    return Promise.resolve();
  };
  const driver: Driver = Object.assign(new DummyDriver(), {
    acquireConnection: () => Promise.resolve({ ...connection }),
    beginTransaction: note("begin"),
    commitTransaction: note("commit"),
    rollbackTransaction: note("rollback"),
    destroy: note("destroy"),
    ...overrides,
  });
  const db = new Kysely<any>({
    dialect: {
      createAdapter: () => new ManyConnections(),
      createDriver: () => driver,
      createIntrospector: (kysely) => new SqliteIntrospector(kysely),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  });
  return { db, go };
}

class ManyConnections extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

const ask = (db: Kysely<any>, name = "query"): Promise<unknown> =>
  sql`select ${sql.raw(name)}`.execute(db);

function plugin(name: string, log: string[], error?: Error): Plugin {
  return {
    name,
    version: "1.0.0",
    onDestroy() {
      log.push(`destroy ${name}`);
      if (error !== undefined) throw error;
    },
  };
}

describe("createGracefulShutdown()", () => {
  it("says that it is not ready, ends work, runs callbacks, destroys plugins, closes the pool", async () => {
    const clock = new FakeClock();
    const log: string[] = [];
    const { db, go } = database(log);
    const shutdown = createGracefulShutdown<any>(db, {
      clock,
      onShutdown: () => log.push("callback"),
    });
    const executor = shutdown.manage(
      await createExecutor(shutdown.db, [plugin("inner", log)]),
    );
    const outer = shutdown.manage(await createExecutor(executor, [plugin("outer", log)]));
    shutdown.stopping.addEventListener("abort", () => log.push("stopping"));
    const work = ask(outer, "slow");
    await clock.settle();
    assert.equal(shutdown.inFlight, 1);

    const done = shutdown.shutdown();
    assert.equal(shutdown.isShuttingDown, true);
    assert.equal(shutdown.phase, "draining");
    go();
    assert.equal((await done).drained, true);
    await work;
    assert.deepEqual(log, [
      "select slow",
      "stopping",
      "callback",
      "destroy outer",
      "destroy inner",
      "destroy",
    ]);
  });

  it("closes the pool whatever fails before that, and says what did", async () => {
    const log: string[] = [];
    const { db } = database(log);
    const errors = [new Error("callback"), new Error("plugin")] as const;
    const fail = (): never => {
      throw new Error("the logger fails as well");
    };
    const logger = { debug: fail, info: fail, warn: fail, error: fail };
    const shutdown = createGracefulShutdown<any>(db, { logger });
    shutdown.onShutdown(() => Promise.reject(errors[0]));
    shutdown.onShutdown(() => log.push("second callback"));
    const executor = await createExecutor(shutdown.db, [plugin("p", log, errors[1])]);
    shutdown.manage(executor);
    await ask(executor);
    await assert.rejects(shutdown.shutdown(), (error) => {
      assert.ok(error instanceof ShutdownFailedError);
      assert.equal(error.errors[0], errors[0]);
      assert.equal((error.errors[1] as AggregateError).errors[0], errors[1]);
      assert.equal(error.errors.length, 2);
      assert.equal(error.report.drained, true);
      return true;
    });
    assert.deepEqual(log, ["select query", "second callback", "destroy p", "destroy"]);
    assert.equal(shutdown.phase, "closed");
  });

  it("does not wait for ever for a callback, or for the pool", async () => {
    const clock = new FakeClock();
    const log: string[] = [];
    const { db } = database(log, { destroy: () => new Promise(() => {}) });
    const shutdown = createGracefulShutdown<any>(db, {
      clock,
      closeTimeout: 100,
      onShutdown: () => new Promise(() => {}),
    });
    await ask(shutdown.db);
    const done = shutdown.shutdown().catch((error) => error);
    await clock.advance(200);
    const error = await done;
    assert.deepEqual(error.errors.map((one: Error) => one.message), [
      "Cannot finish a callback of the shutdown within 100 ms",
      "Cannot finish closing the pool within 100 ms",
    ]);
    assert.equal(clock.timers, 0);
  });

  it("takes work as long as load balancers have not noticed", async () => {
    const clock = new FakeClock();
    const log: string[] = [];
    const { db } = database(log);
    const shutdown = createGracefulShutdown<any>(db, { clock, readinessDelay: 1_000 });
    const done = shutdown.shutdown();
    await clock.advance(999);
    assert.equal(shutdown.isShuttingDown, true);
    assert.equal(shutdown.phase, "unready");
    await ask(shutdown.db);
    await clock.advance(1);
    await assert.rejects(ask(shutdown.db), ShutdownError);
    await done;
  });

  it("refuses new work of every kind", async () => {
    const log: string[] = [];
    const { db } = database(log);
    const shutdown = createGracefulShutdown<any>(db);
    const executor = await createExecutor(shutdown.db, []);
    await ask(db);
    await shutdown.shutdown();
    log.length = 0;
    const refused = (error: unknown) => error instanceof ShutdownError && !error.begun;
    for (const handle of [shutdown.db, executor, shutdown.db.withSchema("main")]) {
      await assert.rejects(handle.selectFrom("t").selectAll().execute(), refused);
      await assert.rejects(handle.transaction().execute(() => Promise.resolve()), refused);
      await assert.rejects(handle.startTransaction().execute(), refused);
      await assert.rejects(handle.connection().execute(() => Promise.resolve()), refused);
      await assert.rejects(async () => {
        for await (const _ of handle.selectFrom("t").selectAll().stream()) { /* nothing */ }
      }, refused);
    }
    await assert.rejects(shutdown.execute(() => 1), refused);
    assert.deepEqual(log, []);
  });

  it("lets transactions that have begun go on, the nested work of theirs as well", async () => {
    const clock = new FakeClock();
    const log: string[] = [];
    const { db } = database(log);
    const shutdown = createGracefulShutdown<any>(db, { clock });
    const trx = await shutdown.db.startTransaction().execute();
    const done = shutdown.shutdown();
    await ask(trx);
    await ask(trx.withSchema("main"));
    assert.equal(shutdown.phase, "draining");
    await trx.commit().execute();
    assert.equal((await done).drained, true);
    assert.deepEqual(log, ["begin", "select query", "select query", "commit", "destroy"]);
  });

  it("waits for a piece of work as a whole, and takes its queries until it ends", async () => {
    const log: string[] = [];
    const { db } = database(log);
    const shutdown = createGracefulShutdown<any>(db);
    let leaked: Kysely<any> | undefined;
    let done: Promise<unknown> | undefined;
    const result = await shutdown.execute(async ({ db, signal }) => {
      leaked = db;
      await ask(db);
      done = shutdown.shutdown();
      await ask(db);
      await assert.rejects(ask(shutdown.db), ShutdownError);
      assert.equal(signal.aborted, false);
      return "done";
    });
    assert.equal(result, "done");
    await done;
    await assert.rejects(ask(leaked!), ShutdownError);
    assert.deepEqual(log, ["select query", "select query", "destroy"]);
  });

  it("rolls back what is not done in time, and tells who waits", async () => {
    const clock = new FakeClock();
    const log: string[] = [];
    const { db } = database(log);
    const shutdown = createGracefulShutdown<any>(db, { clock, timeout: 100, cancelTimeout: 50 });
    const inside: unknown[] = [];
    const work = shutdown.db.transaction().execute(async (trx) => {
      await ask(trx, "slow").catch((error) => {
        inside.push(error);
        throw error;
      });
    }).catch((error) => error);
    await clock.settle();
    const done = shutdown.shutdown();
    await clock.advance(100);
    const report = await done;
    const error = await work;
    assert.ok(error instanceof ShutdownError && error.begun);
    assert.ok(inside[0] instanceof ShutdownError);
    assert.deepEqual(log, ["begin", "select slow", "rollback", "destroy"]);
    assert.deepEqual(report, { drained: false, cancelled: 1, abandoned: 0, duration: 100 });
  });

  it("ends a stream that is not done in time", async () => {
    const clock = new FakeClock();
    const log: string[] = [];
    const { db, go } = database(log);
    const shutdown = createGracefulShutdown<any>(db, { clock, timeout: 100 });
    const rows: unknown[] = [];
    const reading = (async () => {
      for await (const row of shutdown.db.selectFrom("t").selectAll().stream()) rows.push(row);
    })().catch((error) => error);
    await clock.settle();
    const done = shutdown.shutdown();
    await clock.advance(100);
    assert.ok(await reading instanceof ShutdownError);
    go();
    await clock.settle();
    const report = await done;
    assert.deepEqual([report.cancelled, report.abandoned, rows], [1, 0, [1]]);
  });

  it("cancels statements through the driver, where it can", async () => {
    const clock = new FakeClock();
    const log: string[] = [];
    let cancelled!: () => void;
    const { db } = database(log, {
      acquireConnection: () => {
        const query = new Promise<void>((_, reject) => {
          cancelled = () => reject(new Error("canceled on request"));
        });
        query.catch(() => {});
        const connection = {
          async executeQuery() {
            await query;
            return { rows: [] };
          },
          async *streamQuery() {},
          collectSessionInfo() {
            log.push("session");
            return Promise.resolve();
          },
          cancelQuery(control: (use: () => Promise<void>) => Promise<void>) {
            return control(() => {
              log.push("cancel");
              cancelled();
              return Promise.resolve();
            });
          },
        };
        return Promise.resolve(connection);
      },
    });
    const shutdown = createGracefulShutdown<any>(db, { clock, timeout: 100 });
    const work = ask(shutdown.db).catch((error) => error);
    await clock.settle();
    const first = cancelled;
    const done = shutdown.shutdown();
    await clock.advance(100);
    first();
    const report = await done;
    assert.ok(await work instanceof ShutdownError);
    assert.deepEqual(log, ["session", "cancel", "destroy"]);
    assert.equal(report.abandoned, 0);
  });

  it("counts and closes other databases as well, a replica for one", async () => {
    const clock = new FakeClock();
    const log: string[] = [];
    const { db } = database(log);
    const replicaLog: string[] = [];
    const replica = database(replicaLog);
    const shutdown = createGracefulShutdown<any>(db, { clock });
    const tracked = shutdown.track(replica.db);
    await ask(shutdown.db);
    const work = ask(tracked, "slow");
    await clock.settle();
    const done = shutdown.shutdown();
    await clock.settle();
    assert.equal(shutdown.phase, "draining");
    await assert.rejects(ask(tracked), ShutdownError);
    replica.go();
    await work;
    await done;
    assert.deepEqual(log, ["select query", "destroy"]);
    assert.deepEqual(replicaLog, ["select slow", "destroy"]);
  });

  it("is one shutdown, however often it is asked for, and by await using", async () => {
    const log: string[] = [];
    const { db } = database(log);
    const shutdown = createGracefulShutdown<any>(db);
    await ask(shutdown.db);
    const [one, other] = await Promise.all([shutdown.shutdown(), shutdown.shutdown()]);
    assert.equal(one, other);
    await shutdown[Symbol.asyncDispose]();
    assert.deepEqual(log, ["select query", "destroy"]);
  });

  it("refuses an option that it does not know, and what is not a database", async () => {
    const { db } = database([]);
    assert.throws(
      () => createGracefulShutdown<any>(db, { timeoutMs: 1 } as ShutdownOptions),
      /Cannot prepare a shutdown: there is no option "timeoutMs"; the options are "timeout"/,
    );
    assert.throws(() => createGracefulShutdown({} as Kysely<any>), /the first argument is no/);
    await db.transaction().execute((trx) => {
      assert.throws(() => createGracefulShutdown<any>(trx), /the first argument is not a database/);
      return Promise.resolve();
    });
  });
});

describe("gracefulShutdown()", () => {
  it("destroys the plugins of an executor, and closes the pool", async () => {
    const log: string[] = [];
    const { db } = database(log);
    const executor = await createExecutor(db, [plugin("p", log)]);
    await ask(executor);
    await gracefulShutdown(executor, { onShutdown: () => log.push("callback") });
    assert.deepEqual(log, ["select query", "callback", "destroy p", "destroy"]);
  });
});

describe("executeWithShutdown()", () => {
  it("shuts down when the work is done, and when it fails", async () => {
    const log: string[] = [];
    const one = database(log).db;
    assert.equal(await executeWithShutdown(one, async ({ db }) => (await ask(db), "done")), "done");
    const failure = new Error("work");
    const other = database(log).db;
    await assert.rejects(
      executeWithShutdown(other, async ({ db }) => {
        await ask(db);
        throw failure;
      }),
      (error) => error === failure,
    );
    assert.deepEqual(log, ["select query", "destroy", "select query", "destroy"]);
  });

  it("keeps what the work threw where the shutdown fails as well", async () => {
    const failure = new Error("work");
    const { db } = database([]);
    const onShutdown = () => Promise.reject(new Error("callback"));
    await assert.rejects(
      executeWithShutdown(db, () => Promise.reject(failure), { onShutdown }),
      (error: Error) => error instanceof ShutdownFailedError && error.cause === failure,
    );
  });
});
