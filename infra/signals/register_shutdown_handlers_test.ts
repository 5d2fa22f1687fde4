import { type DenoSignals, type ProcessSignals, registerShutdownHandlers } from "@kysera/infra";
import {
  DummyDriver,
  Kysely,
  sql,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";

/** Signals that the test sends. */
function signals() {
  const listeners = new Map<string, Set<() => void>>();
  const on = (signal: string, listener: () => void): void => {
    listeners.set(signal, (listeners.get(signal) ?? new Set()).add(listener));
  };
  const off = (signal: string, listener: () => void): void => {
    listeners.get(signal)?.delete(listener);
  };
  return {
    process: { on, off } satisfies ProcessSignals,
    deno: { addSignalListener: on, removeSignalListener: off } satisfies DenoSignals,
    send: (signal: string) => listeners.get(signal)?.forEach((listener) => listener()),
    count: () => [...listeners.values()].reduce((sum, set) => sum + set.size, 0),
  };
}

describe("registerShutdownHandlers()", () => {
  for (const kind of ["process", "deno"] as const) {
    it(`shuts down on a signal of ${kind}, and then listens no longer`, async () => {
      const source = signals();
      const codes: number[] = [];
      let shutdowns = 0;
      registerShutdownHandlers({
        shutdown: () => Promise.resolve(shutdowns++),
      }, { from: source[kind], exit: (code) => codes.push(code) });
      assert.equal(source.count(), 2);
      source.send("SIGTERM");
      await new Promise((resolve) => setTimeout(resolve));
      assert.deepEqual([shutdowns, codes, source.count()], [1, [0], 0]);
    });
  }

  it("ends the program at once on a second signal", () => {
    const source = signals();
    const codes: number[] = [];
    registerShutdownHandlers({ shutdown: () => new Promise(() => {}) }, {
      from: source.process,
      exit: (code) => codes.push(code),
    });
    source.send("SIGINT");
    assert.deepEqual(codes, []);
    source.send("SIGTERM");
    assert.deepEqual(codes, [1]);
  });

  it("says by the exit code that a shutdown failed", async () => {
    const source = signals();
    const codes: number[] = [];
    registerShutdownHandlers({ shutdown: () => Promise.reject(new Error("x")) }, {
      from: source.process,
      signals: ["SIGHUP"],
      exit: (code) => codes.push(code),
    });
    source.send("SIGHUP");
    await new Promise((resolve) => setTimeout(resolve));
    assert.deepEqual(codes, [1]);
  });

  it("closes a database that it is given", async () => {
    const source = signals();
    const log: unknown[] = [];
    let ended!: () => void;
    const end = new Promise<void>((resolve) => ended = resolve);
    const driver = Object.assign(new DummyDriver(), {
      destroy: () => Promise.resolve(log.push("destroy")),
    });
    const db = new Kysely<any>({
      dialect: {
        createAdapter: () => new SqliteAdapter(),
        createDriver: () => driver,
        createIntrospector: (kysely) => new SqliteIntrospector(kysely),
        createQueryCompiler: () => new SqliteQueryCompiler(),
      },
    });
    await sql`select 1`.execute(db);
    registerShutdownHandlers(db, {
      from: source.process,
      timeout: 1_000,
      onShutdown: () => log.push("callback"),
      exit(code) {
        log.push(code);
        ended();
      },
    });
    source.send("SIGTERM");
    await end;
    assert.deepEqual(log, ["callback", "destroy", 0]);
  });

  it("listens no longer when it is told so", () => {
    const source = signals();
    const unregister = registerShutdownHandlers({ shutdown: () => Promise.resolve() }, {
      from: source.deno,
    });
    unregister();
    assert.equal(source.count(), 0);
  });

  it("refuses what makes no sense", () => {
    const shutdown = { shutdown: () => Promise.resolve() };
    const from = signals().process;
    const bad: [unknown, unknown, RegExp][] = [
      [{}, { from }, /the first argument has no shutdown\(\)/],
      [shutdown, {}, /give `process` or `Deno` as "from"/],
      [shutdown, { from: {} }, /"from" is an object; give an object with on\(\), off\(\), or/],
      [shutdown, { from, signals: "SIGTERM" }, /"signals" is "SIGTERM"; give names/],
      [shutdown, { from, timeout: 1 }, /there is no option "timeout"/],
    ];
    for (const [first, options, message] of bad) {
      assert.throws(() => registerShutdownHandlers(first as never, options as never), { message });
    }
  });
});
