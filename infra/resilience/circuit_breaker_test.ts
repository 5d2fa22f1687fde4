import { UniqueConstraintError } from "@kysera/core";
import {
  CircuitBreaker,
  CircuitBreakerError,
  type CircuitBreakerOptions,
  FakeClock,
  isOutageError,
  type SavedCircuit,
} from "@kysera/infra";
import assert from "node:assert/strict";
import { describe, it } from "node:test";

const outage = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
const fail = (): Promise<never> => Promise.reject(outage);

async function trip(breaker: CircuitBreaker, times: number): Promise<void> {
  for (let i = 0; i < times; i++) await breaker.execute(fail).catch(() => {});
}

/** A call that the test ends. */
function held(breaker: CircuitBreaker) {
  let resolve!: (value: string) => void;
  let reject!: (error: unknown) => void;
  const result = breaker.execute(() =>
    new Promise<string>((yes, no) => {
      resolve = yes;
      reject = no;
    })
  ).catch((error) => error);
  return { result, resolve: () => resolve("done"), reject: () => reject(outage) };
}

describe("CircuitBreaker", () => {
  it("opens after so many failures in a row, and only in a row", async () => {
    const breaker = new CircuitBreaker({ threshold: 3 });
    await trip(breaker, 2);
    await breaker.execute(() => "done");
    await trip(breaker, 2);
    assert.equal(breaker.isClosed(), true);
    await trip(breaker, 1);
    assert.equal(breaker.isOpen(), true);
  });

  it("is not opened by a database that answers", async () => {
    const breaker = new CircuitBreaker({ threshold: 1 });
    const answers = [
      new UniqueConstraintError("users_email_key", "users", ["email"]),
      Object.assign(new Error("duplicate"), { errno: 1062, code: "ER_DUP_ENTRY" }),
      Object.assign(new Error("deadlock"), { code: "40P01" }),
      Object.assign(new Error("syntax"), { code: "42601" }),
    ];
    for (const error of answers) {
      await assert.rejects(breaker.execute(() => Promise.reject(error)), (e) => e === error);
    }
    assert.equal(breaker.isClosed(), true);
  });

  it("says after how long a call may pass", async () => {
    const clock = new FakeClock();
    const breaker = new CircuitBreaker({ threshold: 1, resetTimeout: 500, name: "main", clock });
    await trip(breaker, 1);
    await clock.advance(200);
    await assert.rejects(breaker.execute(() => 1), (error) => {
      assert.ok(error instanceof CircuitBreakerError);
      assert.equal(error.retryAfter, 300);
      assert.equal(error.retryable, false);
      assert.equal(
        error.message,
        'Cannot run the call: the circuit "main" is open for 300 ms more',
      );
      return true;
    });
    assert.equal(breaker.getState().retryAfter, 300);
  });

  it("is not opened again by a call from before that fails late", async () => {
    const clock = new FakeClock();
    const breaker = new CircuitBreaker({ threshold: 1, resetTimeout: 100, clock });
    const late = held(breaker);
    await trip(breaker, 1);
    await clock.advance(100);
    const probe = held(breaker);
    late.reject();
    await late.result;
    assert.equal(breaker.getState().state, "half-open");
    probe.resolve();
    await probe.result;
    assert.equal(breaker.isClosed(), true);
  });

  it("is not locked by a probe that hangs, whose end no longer matters", async () => {
    const clock = new FakeClock();
    const breaker = new CircuitBreaker({
      threshold: 1,
      resetTimeout: 100,
      probeTimeout: 50,
      clock,
    });
    await trip(breaker, 1);
    await clock.advance(100);
    const hung = held(breaker);
    await assert.rejects(breaker.execute(() => 1), /half open, and 1 on trial/);
    await clock.advance(50);
    assert.equal(await breaker.execute(() => "done"), "done");
    assert.equal(breaker.isClosed(), true);
    hung.reject();
    await hung.result;
    assert.equal(breaker.getState().failureCount, 0);
  });

  it("lets no more calls through on trial than it may, however many come at once", async () => {
    const clock = new FakeClock();
    const breaker = new CircuitBreaker({ threshold: 1, resetTimeout: 100, probes: 2, clock });
    await trip(breaker, 1);
    await clock.advance(100);
    let running = 0;
    const calls = Array.from({ length: 50 }, () =>
      breaker.execute(async () => {
        running++;
        await clock.settle();
      }).catch((error) => error));
    assert.equal(running, 2);
    const results = await Promise.all(calls);
    assert.equal(results.filter((result) => result instanceof CircuitBreakerError).length, 48);
  });

  it("takes nothing from a call that the caller gave up", async () => {
    const breaker = new CircuitBreaker({ threshold: 1 });
    const controller = new AbortController();
    const call = breaker.execute(
      ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(outage))),
      { signal: controller.signal },
    );
    controller.abort();
    await assert.rejects(call, (error) => error === outage);
    assert.equal(breaker.isClosed(), true);
  });

  it("stays open as long as somebody holds it", async () => {
    const breaker = new CircuitBreaker();
    const one = breaker.isolate();
    const other = breaker.isolate();
    one.release();
    one.release();
    await assert.rejects(breaker.execute(() => 1), /the circuit is held open/);
    assert.equal(breaker.isOpen(), true);
    other.release();
    assert.equal(await breaker.execute(() => 1), 1);
  });

  it("goes on in another process where it was, whatever its clock counts from", async () => {
    const clock = new FakeClock(1_700_000_000_000);
    const breaker = new CircuitBreaker({ threshold: 2, resetTimeout: 1_000, clock });
    await trip(breaker, 2);
    await clock.advance(400);
    const state: SavedCircuit = JSON.parse(JSON.stringify(breaker));
    assert.deepEqual(state, { state: "open", failureCount: 2, openedAt: 1_700_000_000_000 });

    const later = new FakeClock(1_700_000_000_700);
    const other = new CircuitBreaker({ resetTimeout: 1_000, clock: later, state });
    assert.equal(other.getState().retryAfter, 300);
    // A clock that is behind does not make it wait for longer than it may.
    const behind = new FakeClock(1_600_000_000_000);
    const third = new CircuitBreaker({ resetTimeout: 1_000, clock: behind, state });
    assert.equal(third.getState().retryAfter, 1_000);
  });

  it("tells listeners, and takes no harm from one that throws", async () => {
    const clock = new FakeClock();
    const seen: unknown[] = [];
    const failed: unknown[] = [];
    const breaker = new CircuitBreaker({
      threshold: 1,
      resetTimeout: 100,
      clock,
      onStateChange: (...states) => seen.push(states),
      logger: {
        debug() {},
        info() {},
        warn() {},
        error: (message) => failed.push(message),
      },
    });
    breaker.on("change", () => {
      throw new Error("listener");
    });
    const off = breaker.on("refused", (error) => seen.push(error.retryAfter));
    breaker.on("failure", (error) => seen.push(error));
    await trip(breaker, 2);
    off();
    await trip(breaker, 1);
    await clock.advance(100);
    await breaker.execute(() => 1);
    assert.deepEqual(seen, [
      outage,
      ["open", "closed"],
      100,
      ["half-open", "open"],
      ["closed", "half-open"],
    ]);
    assert.equal(failed.length, 3);
  });

  it("takes the threshold and the time as numbers", async () => {
    const breaker = new CircuitBreaker(1, 60_000);
    await trip(breaker, 1);
    assert.ok(breaker.getState().retryAfter > 59_000);
  });

  it("refuses an option that it does not know, and values that make no sense", () => {
    const bad: [unknown, RegExp][] = [
      [{ resetTimeMs: 1 }, /there is no option "resetTimeMs"; the options are "threshold"/],
      [{ threshold: 0 }, /"threshold" is 0/],
      [{ resetTimeout: "60s" }, /"resetTimeout" is "60s"/],
      [{ state: { state: "open", failureCount: 1, openedAt: null } }, /Cannot restore/],
      [{ state: { state: "half-open", failureCount: 1, openedAt: 1 } }, /Cannot restore/],
      [null, /the options are not an object/],
    ];
    for (const [options, message] of bad) {
      assert.throws(() => new CircuitBreaker(options as CircuitBreakerOptions), { message });
    }
    assert.throws(() => new CircuitBreaker({}, 5), /give the time as the option/);
  });
});

describe("isOutageError()", () => {
  it("counts what the database does not answer with while it is well", () => {
    assert.equal(isOutageError(outage), true);
    assert.equal(isOutageError({ code: "57P03" }), true);
    assert.equal(isOutageError({ code: "53100" }), true);
    assert.equal(isOutageError({ code: "XX000" }), true);
    assert.equal(isOutageError({ code: "57014" }), true);
    assert.equal(isOutageError(new Error("fetch failed")), true);
    assert.equal(isOutageError({ code: "40001" }), false);
    assert.equal(isOutageError({ code: "23503" }), false);
  });
});
