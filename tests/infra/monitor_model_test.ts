/** The health monitor against a model of it, on a database that answers when the test says so. */
import { FakeClock, type HealthCheckResult, HealthMonitor, type HealthStatus } from "@kysera/infra";
import fc from "fast-check";
import assert from "node:assert/strict";
import { it } from "node:test";
import { fuzzSeed } from "../support/random.ts";
import { type Dummy, dummyDatabase } from "./_dummy.ts";

const INTERVAL = 1_000;
const TIMEOUT = 700;
const GIVE_UP = 6 * TIMEOUT;

interface Model {
  now: number;
  running: boolean;
  /** When the next check begins by itself. */
  tickAt: number;
  /** When the check that runs began. */
  checkAt: number | undefined;
  /** Whether it began while the monitor ran, and whether that is to schedule the next one. */
  checkRan: boolean;
  tickedAt: number | undefined;
  /** The queries that were not answered, with the time that they began; the last is the probe's. */
  queries: number[];
  /** When the last query began, as long as it was not answered. */
  probeAt: number | undefined;
  last: HealthStatus | undefined;
  /** Every check that listeners are to hear of, with whether the status was new. */
  readonly heard: string[];
}

interface Real {
  readonly clock: FakeClock;
  readonly dummy: Dummy;
  readonly monitor: HealthMonitor;
  readonly heard: string[];
}

function finish(model: Model, status: HealthStatus): void {
  const silent = model.checkRan && !model.running;
  const fresh = status !== model.last;
  model.checkAt = undefined;
  model.last = status;
  if (!silent) {
    if (fresh) model.heard.push(status);
    model.heard.push(`check ${status}`);
  }
  if (model.tickedAt !== undefined && model.running) {
    model.tickAt = Math.max(model.tickedAt + INTERVAL, model.now);
  }
  model.tickedAt = undefined;
}

function check(model: Model): void {
  if (model.checkAt !== undefined) return;
  model.checkRan = model.running;
  if (model.probeAt !== undefined && model.now - model.probeAt < GIVE_UP) {
    finish(model, "unhealthy");
    return;
  }
  model.checkAt = model.now;
  model.probeAt = model.now;
  model.queries.push(model.now);
}

function tick(model: Model): void {
  model.tickAt = Infinity;
  model.tickedAt = model.now;
  check(model);
}

function advance(model: Model, ms: number): void {
  const end = model.now + ms;
  while (true) {
    const timeoutAt = model.checkAt === undefined ? Infinity : model.checkAt + TIMEOUT;
    const next = Math.min(timeoutAt, model.tickAt);
    if (next > end) break;
    model.now = next;
    // At one time, what was scheduled first comes first: while a check runs that somebody asked for, the
    // next one by itself was scheduled before.
    if (model.tickAt === next) tick(model);
    else finish(model, "unhealthy");
  }
  model.now = end;
}

function answer(model: Model, which: number, failed: boolean): void {
  const [startedAt] = model.queries.splice(which, 1);
  if (startedAt !== model.probeAt) return;
  model.probeAt = undefined;
  if (model.checkAt === undefined) return;
  const latency = model.now - startedAt!;
  finish(
    model,
    failed || latency >= 500 ? "unhealthy" : latency >= 100 ? "degraded" : "healthy",
  );
}

async function compare(model: Model, { clock, dummy, monitor, heard }: Real): Promise<void> {
  await clock.settle();
  assert.deepEqual(heard, model.heard);
  assert.equal(dummy.pending.length, model.queries.length, "queries that wait");
  assert.equal(monitor.isRunning(), model.running);
  assert.equal(monitor.getLastCheck()?.status, model.last);
}

type Command = fc.AsyncCommand<Model, Real>;

function command(
  name: string,
  onModel: (model: Model) => void,
  onReal: (real: Real) => unknown,
  check: (model: Model) => boolean = () => true,
): Command {
  return {
    check,
    async run(model, real) {
      await onReal(real);
      onModel(model);
      await compare(model, real);
    },
    toString: () => name,
  };
}

const start = fc.constant(command("start", (model) => {
  if (model.running) return;
  model.running = true;
  tick(model);
}, ({ monitor }) => monitor.start()));

// A check that ends between stop and start is told of, by whoever wants to know: left out here.
const stop = fc.constant(command(
  "stop",
  (model) => {
    model.running = false;
    model.tickAt = Infinity;
  },
  ({ monitor }) => monitor.stop(),
  (model) => model.checkAt === undefined,
));

const checkNow = fc.constant(command("checkNow", check, ({ monitor }) => {
  monitor.checkNow();
}));

const wait = fc.constantFrom(1, 50, 120, 400, 700, 1_000, 5_000).map((ms) =>
  command(`wait(${ms})`, (model) => advance(model, ms), ({ clock }) => clock.advance(ms))
);

const settle = fc.record({ which: fc.nat(), failed: fc.boolean() }).map(({ which, failed }) => {
  const at = (list: readonly unknown[]): number => which % list.length;
  return command(
    `answer(${which}, ${failed ? "failed" : "well"})`,
    (model) => answer(model, at(model.queries), failed),
    ({ dummy }) => {
      const query = dummy.pending[at(dummy.pending)]!;
      if (failed) query.fail(Object.assign(new Error("connect"), { code: "ECONNREFUSED" }));
      else query.answer();
    },
    (model) => model.queries.length > 0,
  );
});

it("HealthMonitor does what its model does, whatever comes in whatever order", async () => {
  const commands = fc.commands([start, stop, checkNow, wait, wait, settle, settle], {
    maxCommands: 50,
    size: "max",
  });
  await fc.assert(
    fc.asyncProperty(commands, async (sequence) => {
      const setup = () => {
        const clock = new FakeClock();
        const dummy = dummyDatabase();
        const monitor = new HealthMonitor(dummy.db, {
          interval: INTERVAL,
          timeout: TIMEOUT,
          clock,
        });
        const heard: string[] = [];
        for (const event of ["healthy", "degraded", "unhealthy"] as const) {
          monitor.on(event, () => {
            heard.push(event);
            throw new Error("a listener that fails changes nothing");
          });
        }
        monitor.on("check", (result: HealthCheckResult) => {
          heard.push(`check ${result.status}`);
          return Promise.reject(new Error("nor does one that fails later"));
        });
        const model: Model = {
          now: 0,
          running: false,
          tickAt: Infinity,
          checkAt: undefined,
          checkRan: false,
          tickedAt: undefined,
          queries: [],
          probeAt: undefined,
          last: undefined,
          heard: [],
        };
        return { model, real: { clock, dummy, monitor, heard } };
      };
      await fc.asyncModelRun(setup, sequence);
    }),
    { numRuns: 300, seed: fuzzSeed().seed },
  );
});
