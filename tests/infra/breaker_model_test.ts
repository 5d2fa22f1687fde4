/** The circuit breaker against a model of it, by random sequences of calls, outcomes and time. */
import { CircuitBreaker, CircuitBreakerError, FakeClock } from "@kysera/infra";
import fc from "fast-check";
import assert from "node:assert/strict";
import { it } from "node:test";
import { fuzzSeed } from "../support/random.ts";

const THRESHOLD = 3;
const RESET = 100;
const PROBE_TIMEOUT = 60;
const PROBES = 2;
const SUCCESSES = 2;

const OUTCOMES = {
  success: undefined,
  outage: Object.assign(new Error("connect"), { code: "ECONNREFUSED" }),
  // The database is well: it answers.
  duplicate: Object.assign(new Error("duplicate"), { code: "23505" }),
  // Says nothing: the call was refused further in.
  refused: new CircuitBreakerError("another circuit is open"),
} as const;
type Outcome = keyof typeof OUTCOMES;

/** A call that runs, and the outcome of its promise. */
interface Running {
  readonly id: number;
  end(outcome: Outcome): void;
  readonly settled: Promise<unknown>;
}

interface Model {
  now: number;
  state: "closed" | "open" | "half-open";
  failures: number;
  openedAt: number;
  successes: number;
  /** Calls on trial, by id, with the time that they began. */
  trials: Map<number, number>;
  /** Calls of which the outcome counts while the breaker is closed. */
  counting: Set<number>;
  running: Set<number>;
  isolations: number;
  next: number;
}

interface Real {
  readonly clock: FakeClock;
  breaker: CircuitBreaker;
  readonly running: Map<number, Running>;
  readonly isolations: { release(): void }[];
}

function enter(model: Model, state: Model["state"]): void {
  model.state = state;
  model.successes = 0;
  model.trials.clear();
  model.counting.clear();
}

function open(model: Model): void {
  enter(model, "open");
  model.openedAt = model.now;
}

/** Whether the model lets a call through. */
function admit(model: Model, id: number): boolean {
  if (model.isolations > 0) return false;
  if (model.state === "open") {
    if (model.now - model.openedAt < RESET) return false;
    enter(model, "half-open");
  }
  if (model.state === "half-open") {
    for (const [trial, startedAt] of model.trials) {
      if (model.now - startedAt >= PROBE_TIMEOUT) model.trials.delete(trial);
    }
    if (model.trials.size >= PROBES) return false;
    model.trials.set(id, model.now);
  } else {
    model.counting.add(id);
  }
  return true;
}

/** What the outcome of a call does to the model. */
function settle(model: Model, id: number, outcome: Outcome): void {
  const matters = model.trials.delete(id) || model.counting.delete(id);
  if (!matters || outcome === "refused") return;
  if (outcome === "outage") {
    model.failures++;
    if (model.state === "half-open" || model.failures >= THRESHOLD) open(model);
  } else if (model.state === "closed") {
    model.failures = 0;
  } else if (++model.successes >= SUCCESSES) {
    model.failures = 0;
    enter(model, "closed");
  }
}

function compare(model: Model, { breaker }: Real): void {
  const { state, failureCount, isolated } = breaker.getState();
  const due = model.state === "open" && model.now - model.openedAt >= RESET;
  assert.equal(state, due ? "half-open" : model.state);
  assert.equal(failureCount, model.failures);
  assert.equal(isolated, model.isolations > 0);
  assert.equal(breaker.isOpen(), model.isolations > 0 || (model.state === "open" && !due));
  assert.equal(breaker.isClosed(), model.isolations === 0 && model.state === "closed");
}

type Command = fc.AsyncCommand<Model, Real>;

const call = fc.constant<Command>({
  check: () => true,
  async run(model, real) {
    const id = model.next++;
    const passes = admit(model, id);
    let end: ((outcome: Outcome) => void) | undefined;
    const promise = real.breaker.execute(() =>
      new Promise((resolve, reject) => {
        end = (outcome) => outcome === "success" ? resolve(1) : reject(OUTCOMES[outcome]);
      })
    );
    const settled = promise.catch((error) => error);
    assert.equal(end !== undefined, passes, passes ? "should pass" : "should be refused");
    if (passes) {
      model.running.add(id);
      real.running.set(id, { id, end: end!, settled });
    } else {
      assert.ok(await settled instanceof CircuitBreakerError);
    }
    compare(model, real);
  },
  toString: () => "call",
});

const end = fc.record({
  which: fc.nat(),
  outcome: fc.constantFrom<Outcome>("success", "outage", "outage", "duplicate", "refused"),
}).map(({ which, outcome }): Command => ({
  check: (model) => model.running.size > 0,
  async run(model, real) {
    const ids = [...model.running];
    const id = ids[which % ids.length]!;
    model.running.delete(id);
    settle(model, id, outcome);
    const running = real.running.get(id)!;
    running.end(outcome);
    assert.equal(await running.settled, outcome === "success" ? 1 : OUTCOMES[outcome]);
    compare(model, real);
  },
  toString: () => `end(${which}, ${outcome})`,
}));

const wait = fc.constantFrom(1, 30, 60, 99, 100, 250).map((ms): Command => ({
  check: () => true,
  async run(model, real) {
    model.now += ms;
    await real.clock.advance(ms);
    compare(model, real);
  },
  toString: () => `wait(${ms})`,
}));

const other = fc.constantFrom<Command>(
  {
    check: () => true,
    run(model, real) {
      if (model.state !== "closed") enter(model, "closed");
      model.failures = 0;
      real.breaker.reset();
      compare(model, real);
      return Promise.resolve();
    },
    toString: () => "reset",
  },
  {
    check: () => true,
    run(model, real) {
      open(model);
      real.breaker.forceOpen();
      compare(model, real);
      return Promise.resolve();
    },
    toString: () => "forceOpen",
  },
  {
    check: () => true,
    run(model, real) {
      model.isolations++;
      real.isolations.push(real.breaker.isolate());
      compare(model, real);
      return Promise.resolve();
    },
    toString: () => "isolate",
  },
  {
    check: (model) => model.isolations > 0,
    run(model, real) {
      model.isolations--;
      const isolation = real.isolations.pop()!;
      isolation.release();
      isolation.release();
      compare(model, real);
      return Promise.resolve();
    },
    toString: () => "release",
  },
  {
    // Another process goes on where this one was; what runs here is lost to it.
    check: (model) => model.isolations === 0,
    run(model, real) {
      const state = model.state;
      enter(model, state === "closed" ? "closed" : "open");
      const saved = JSON.parse(JSON.stringify(real.breaker));
      real.breaker = makeBreaker(real.clock, saved);
      compare(model, real);
      return Promise.resolve();
    },
    toString: () => "save and restore",
  },
);

function makeBreaker(
  clock: FakeClock,
  state?: ReturnType<CircuitBreaker["toJSON"]>,
): CircuitBreaker {
  return new CircuitBreaker({
    threshold: THRESHOLD,
    resetTimeout: RESET,
    probeTimeout: PROBE_TIMEOUT,
    probes: PROBES,
    successThreshold: SUCCESSES,
    clock,
    ...state === undefined ? {} : { state },
  });
}

it("CircuitBreaker does what its model does, whatever comes in whatever order", async () => {
  const commands = fc.commands([call, call, end, end, wait, other], {
    maxCommands: 60,
    size: "max",
  });
  await fc.assert(
    fc.asyncProperty(commands, async (sequence) => {
      const clock = new FakeClock(1_000_000);
      const setup = () => ({
        model: {
          now: 0,
          state: "closed" as const,
          failures: 0,
          openedAt: 0,
          successes: 0,
          trials: new Map(),
          counting: new Set<number>(),
          running: new Set<number>(),
          isolations: 0,
          next: 0,
        },
        real: { clock, breaker: makeBreaker(clock), running: new Map(), isolations: [] },
      });
      await fc.asyncModelRun(setup, sequence);
    }),
    { numRuns: 1_000, seed: fuzzSeed().seed },
  );
});
