/** Retries against a model of them: several calls at once that share a budget. */
import { FakeClock, RetryBudget, type RetryOptions, withRetry } from "@kysera/infra";
import fc from "fast-check";
import assert from "node:assert/strict";
import { it } from "node:test";
import { fuzzSeed } from "../support/random.ts";

const TRANSIENT = Object.assign(new Error("deadlock detected"), { code: "40P01" });
const PERMANENT = Object.assign(new Error("duplicate key"), { code: "23505" });
const ABORTED = new Error("the caller has gone");
const OUTCOMES = { success: undefined, transient: TRANSIENT, permanent: PERMANENT } as const;
type Outcome = keyof typeof OUTCOMES;

const BUDGET = { ratio: 0.5, perSecond: 2, max: 3 };

interface Settings {
  readonly maxAttempts: number;
  readonly delayMs: number;
  readonly maxDelayMs: number;
  readonly deadlineMs: number;
  readonly backoff: "exponential" | "constant";
  readonly jitter: "full" | "decorrelated" | "none";
  readonly chance: number;
}

/** A call as the model sees it. */
interface ModelCall {
  readonly settings: Settings;
  readonly startedAt: number;
  attempt: number;
  delay: number;
  state: "running" | "waiting" | "done";
  dueAt: number;
  result: unknown;
}

interface Model {
  now: number;
  tokens: number;
  tokensAt: number;
  readonly calls: ModelCall[];
}

/** A call as it is. */
interface RealCall {
  attempts: number;
  end: ((outcome: Outcome) => void) | undefined;
  readonly controller: AbortController;
  result: unknown;
}

interface Real {
  readonly clock: FakeClock;
  readonly budget: RetryBudget;
  readonly calls: RealCall[];
}

function available(model: Model): number {
  const earned = (model.now - model.tokensAt) * BUDGET.perSecond / 1000;
  return Math.min(BUDGET.max, model.tokens + earned);
}

function setTokens(model: Model, tokens: number): void {
  model.tokens = Math.min(BUDGET.max, tokens);
  model.tokensAt = model.now;
}

function nextDelay({ settings, attempt, delay }: ModelCall): number {
  const { delayMs, maxDelayMs, chance } = settings;
  if (settings.jitter === "decorrelated") {
    return Math.min(maxDelayMs, delayMs + chance * (Math.max(delayMs, delay * 3) - delayMs));
  }
  let bound = delayMs;
  if (settings.backoff === "exponential") { for (let i = 1; i < attempt; i++) bound *= 2; }
  return Math.min(bound, maxDelayMs) * (settings.jitter === "full" ? chance : 1);
}

function endAttempt(model: Model, call: ModelCall, outcome: Outcome): void {
  const finish = (): void => {
    call.state = "done";
    call.result = OUTCOMES[outcome] ?? "done";
  };
  if (outcome !== "transient" || call.attempt >= call.settings.maxAttempts) return finish();
  call.delay = nextDelay(call);
  if (model.now - call.startedAt + call.delay > call.settings.deadlineMs) return finish();
  if (available(model) < 1) return finish();
  setTokens(model, available(model) - 1);
  call.state = "waiting";
  call.dueAt = model.now + call.delay;
}

function compare(model: Model, real: Real): void {
  assert.ok(Math.abs(real.budget.available - available(model)) < 1e-9);
  for (const [index, call] of model.calls.entries()) {
    const { attempts, end, result } = real.calls[index]!;
    const seen = { attempts, running: end !== undefined, result };
    assert.deepEqual(seen, {
      attempts: call.attempt,
      running: call.state === "running",
      result: call.state === "done" ? call.result : undefined,
    });
  }
}

type Command = fc.AsyncCommand<Model, Real>;

const settings: fc.Arbitrary<Settings> = fc.record({
  maxAttempts: fc.integer({ min: 1, max: 5 }),
  delayMs: fc.constantFrom(0, 10, 100),
  maxDelayMs: fc.constantFrom(50, 1_000),
  deadlineMs: fc.constantFrom(0, 120, 10_000),
  backoff: fc.constantFrom("exponential" as const, "constant" as const),
  jitter: fc.constantFrom("full" as const, "decorrelated" as const, "none" as const),
  chance: fc.constantFrom(0, 0.25, 0.5, 0.999),
});

const start = settings.map((settings): Command => ({
  check: (model) => model.calls.length < 6,
  async run(model, real) {
    setTokens(model, available(model) + BUDGET.ratio);
    model.calls.push({
      settings,
      startedAt: model.now,
      attempt: 1,
      delay: 0,
      state: "running",
      dueAt: Infinity,
      result: undefined,
    });
    const { chance, ...options } = settings;
    const call: RealCall = {
      attempts: 0,
      end: undefined,
      controller: new AbortController(),
      result: undefined,
    };
    real.calls.push(call);
    const given: RetryOptions = {
      ...options,
      random: () => chance,
      clock: real.clock,
      budget: real.budget,
      signal: call.controller.signal,
    };
    withRetry(({ attempt }) => {
      call.attempts++;
      assert.equal(attempt, call.attempts);
      return new Promise<string>((resolve, reject) => {
        call.end = (outcome) => {
          call.end = undefined;
          if (outcome === "success") resolve("done");
          else reject(OUTCOMES[outcome]);
        };
      });
    }, given).then((value) => call.result = value, (error) => call.result = error);
    await real.clock.settle();
    compare(model, real);
  },
  toString: () => `start(${JSON.stringify(settings)})`,
}));

const end = fc.record({
  which: fc.nat(),
  outcome: fc.constantFrom<Outcome>("success", "transient", "transient", "transient", "permanent"),
}).map(({ which, outcome }): Command => ({
  check: (model) => model.calls.some((call) => call.state === "running"),
  async run(model, real) {
    const running = model.calls.filter((call) => call.state === "running");
    const call = running[which % running.length]!;
    endAttempt(model, call, outcome);
    real.calls[model.calls.indexOf(call)]!.end!(outcome);
    await real.clock.settle();
    // A wait of nothing is a timer all the same.
    compare(model, real);
  },
  toString: () => `end(${which}, ${outcome})`,
}));

const wait = fc.constantFrom(0, 10, 25, 100, 1_000).map((ms): Command => ({
  check: () => true,
  async run(model, real) {
    model.now += ms;
    for (const call of model.calls) {
      if (call.state !== "waiting" || call.dueAt > model.now) continue;
      call.state = "running";
      call.attempt++;
    }
    await real.clock.advance(ms);
    compare(model, real);
  },
  toString: () => `wait(${ms})`,
}));

const abort = fc.nat().map((which): Command => ({
  check: (model) => model.calls.some((call) => call.state !== "done"),
  async run(model, real) {
    const open = model.calls.filter((call) => call.state !== "done");
    const call = open[which % open.length]!;
    call.state = "done";
    call.result = ABORTED;
    const realCall = real.calls[model.calls.indexOf(call)]!;
    realCall.controller.abort(ABORTED);
    realCall.end = undefined;
    await real.clock.settle();
    compare(model, real);
  },
  toString: () => `abort(${which})`,
}));

it("withRetry() does what its model does, whatever comes in whatever order", async () => {
  const commands = fc.commands([start, end, end, end, wait, wait, abort], {
    maxCommands: 50,
    size: "max",
  });
  await fc.assert(
    fc.asyncProperty(commands, async (sequence) => {
      const setup = () => {
        const clock = new FakeClock();
        const budget = new RetryBudget({ ...BUDGET, clock });
        return {
          model: { now: 0, tokens: BUDGET.max, tokensAt: 0, calls: [] },
          real: { clock, budget, calls: [] },
        };
      };
      await fc.asyncModelRun(setup, sequence);
    }),
    { numRuns: 400, seed: fuzzSeed().seed },
  );
});
