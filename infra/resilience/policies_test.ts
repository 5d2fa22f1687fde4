import {
  bulkhead,
  BulkheadError,
  CircuitBreaker,
  FakeClock,
  fallback,
  type Policy,
  retryPolicy,
  TimeoutError,
  timeoutPolicy,
  withTimeout,
  wrap,
} from "@kysera/infra";
import assert from "node:assert/strict";
import { describe, it } from "node:test";

const forever = (): Promise<never> => new Promise(() => {});

describe("withTimeout()", () => {
  it("ends work that takes too long, and tells it", async () => {
    const clock = new FakeClock();
    let seen: AbortSignal | undefined;
    const result = withTimeout(
      ({ signal }) => {
        seen = signal;
        return forever();
      },
      100,
      { clock, what: "the report" },
    ).catch((error) => error);
    await clock.advance(99);
    assert.equal(seen?.aborted, false);
    await clock.advance(1);
    const error = await result;
    assert.ok(error instanceof TimeoutError);
    assert.equal(error.message, "Cannot finish the report within 100 ms");
    assert.equal(error.timeout, 100);
    assert.equal(seen?.reason, error);
  });

  it("leaves no timer behind, whatever the outcome of the work", async () => {
    const clock = new FakeClock();
    await withTimeout(() => 1, 100, { clock });
    await withTimeout(() => Promise.reject(new Error("x")), 100, { clock }).catch(() => {});
    await withTimeout(
      () => {
        throw new Error("x");
      },
      100,
      { clock },
    ).catch(() => {});
    assert.equal(clock.timers, 0);
  });

  it("ends with the caller's signal", async () => {
    const controller = new AbortController();
    const clock = new FakeClock();
    const result = withTimeout(forever, 100, { clock, signal: controller.signal });
    controller.abort("gone");
    await assert.rejects(result, (error) => error === "gone");
    assert.equal(clock.timers, 0);
  });

  it("refuses times and options that make no sense", async () => {
    await assert.rejects(withTimeout(() => 1, 0), /"timeout" is 0; give a number of ms above 0/);
    await assert.rejects(withTimeout(() => 1, 1, { ms: 1 } as object), /no option "ms"/);
    assert.throws(() => timeoutPolicy(NaN), /"timeout" is NaN/);
  });
});

describe("bulkhead()", () => {
  /** Starts a call that the test ends. */
  function enter(policy: Policy, signal?: AbortSignal) {
    let end: (() => void) | undefined;
    const result = policy.execute(
      () => new Promise<string>((resolve) => end = () => resolve("done")),
      signal === undefined ? {} : { signal },
    ).catch((error) => error);
    return { result, running: () => end !== undefined, end: () => end!() };
  }

  it("runs so many, has so many wait, and refuses the rest", async () => {
    const clock = new FakeClock();
    const policy = bulkhead({ limit: 2, queue: 1 });
    const calls = [1, 2, 3, 4].map(() => enter(policy));
    await clock.settle();
    assert.deepEqual(calls.map((call) => call.running()), [true, true, false, false]);
    assert.deepEqual([policy.running, policy.waiting], [2, 1]);
    const error = await calls[3]!.result;
    assert.ok(error instanceof BulkheadError);
    assert.equal(error.message, "Cannot run the call: 2 run already, and 1 wait");
    calls[0]!.end();
    assert.equal(await calls[0]!.result, "done");
    await clock.settle();
    assert.equal(calls[2]!.running(), true);
    assert.deepEqual([policy.running, policy.waiting], [2, 0]);
    calls[1]!.end();
    calls[2]!.end();
    await clock.settle();
    assert.deepEqual([policy.running, policy.waiting], [0, 0]);
  });

  it("gives the place of one that waits no longer to the next", async () => {
    const clock = new FakeClock();
    const policy = bulkhead({ limit: 1, queue: 3, queueTimeout: 50, clock });
    const first = enter(policy);
    const controller = new AbortController();
    const gone = enter(policy, controller.signal);
    const late = enter(policy);
    await clock.settle();
    controller.abort("gone");
    assert.equal(await gone.result, "gone");
    await clock.advance(50);
    assert.match(String(await late.result), /its turn did not come within 50 ms/);
    const next = enter(policy);
    await clock.settle();
    first.end();
    await clock.settle();
    assert.equal(next.running(), true);
    next.end();
    await clock.settle();
    assert.equal(policy.running, 0);
    assert.equal(clock.timers, 0);
  });

  it("keeps its count where a turn comes together with the end of the waiting", async () => {
    const policy = bulkhead({ limit: 1, queue: 1 });
    const first = enter(policy);
    const controller = new AbortController();
    const second = enter(policy, controller.signal);
    await new FakeClock().settle();
    first.end();
    while (policy.waiting > 0) await Promise.resolve();
    // It has its turn, and has not noticed yet.
    controller.abort("gone");
    assert.equal(await second.result, "gone");
    assert.equal(second.running(), false);
    assert.deepEqual([policy.running, policy.waiting], [0, 0]);
  });

  it("refuses a limit that is missing", () => {
    assert.throws(() => bulkhead({} as { limit: number }), /"limit" is NaN/);
    assert.throws(() => bulkhead({ limit: 1, size: 2 } as { limit: number }), /no option "size"/);
  });
});

describe("fallback()", () => {
  it("answers in the place of work that failed", async () => {
    const error = new Error("x");
    const policy = fallback((reason) => ({ reason }));
    assert.deepEqual(await policy.execute(() => Promise.reject(error)), { reason: error });
    assert.equal(await policy.execute(() => 1), 1);
  });

  it("leaves the errors that it is not for", async () => {
    const policy = fallback(() => 0, { when: (error) => error instanceof TypeError });
    await assert.rejects(policy.execute(() => Promise.reject(new RangeError("x"))), RangeError);
    const controller = new AbortController();
    const call = fallback(() => 0).execute(({ signal }) => {
      controller.abort("gone");
      throw signal.reason;
    }, { signal: controller.signal });
    await assert.rejects(call, (reason) => reason === "gone");
  });
});

describe("wrap()", () => {
  it("runs the first policy outermost", async () => {
    const log: string[] = [];
    const named = (name: string): Policy => ({
      async execute(fn, call = {}) {
        log.push(name);
        return await fn({ signal: call.signal! });
      },
    });
    assert.equal(await wrap(named("a"), named("b"), named("c")).execute(() => 1), 1);
    assert.deepEqual(log, ["a", "b", "c"]);
    assert.equal(await wrap().execute(() => 2), 2);
  });

  it("hands the signal of each policy on to the next, and to the work", async () => {
    const clock = new FakeClock();
    const controller = new AbortController();
    let seen: AbortSignal | undefined;
    const result = wrap(timeoutPolicy(100, { clock }), bulkhead({ limit: 1 })).execute(
      ({ signal }) => {
        seen = signal;
        return forever();
      },
      { signal: controller.signal },
    ).catch((error) => error);
    await clock.settle();
    controller.abort("gone");
    assert.equal(await result, "gone");
    assert.equal(seen?.reason, "gone");
  });

  it("stops to retry when the circuit opens", async () => {
    const clock = new FakeClock();
    let attempts = 0;
    const policy = wrap(
      fallback(() => "from the cache"),
      retryPolicy({ maxAttempts: 10, clock, delayMs: 1 }),
      new CircuitBreaker({ threshold: 3, clock }),
    );
    const result = policy.execute(() => {
      attempts++;
      throw Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
    });
    await clock.advance(100);
    assert.equal(await result, "from the cache");
    assert.equal(attempts, 3);
  });

  it("refuses what is not a policy", () => {
    assert.throws(() => wrap({} as Policy), /one of them has no execute\(\)/);
  });
});
