import { CheckConstraintError, SerializationError } from "@kysera/core";
import {
  createRetryWrapper,
  FakeClock,
  isTransientError,
  RetryBudget,
  RetryInTransactionError,
  type RetryOptions,
  retryPolicy,
  withRetry,
} from "@kysera/infra";
import assert from "node:assert/strict";
import { describe, it } from "node:test";

const deadlock = Object.assign(new Error("deadlock detected"), { code: "40P01" });

/** Fails so many times, and then is done. */
function failing(times: number, error: unknown = deadlock) {
  const calls: unknown[] = [];
  const fn = (context: unknown): string => {
    calls.push(context);
    if (calls.length <= times) throw error;
    return "done";
  };
  return { calls, fn };
}

const now: RetryOptions = { delayMs: 0 };

describe("withRetry()", () => {
  it("runs again what failed for a reason that passes", async () => {
    const { calls, fn } = failing(2);
    assert.equal(await withRetry(fn, now), "done");
    assert.equal(calls.length, 3);
  });

  it("throws the last error as it is", async () => {
    const { calls, fn } = failing(9);
    await assert.rejects(withRetry(fn, { ...now, maxAttempts: 4 }), (error) => error === deadlock);
    assert.equal(calls.length, 4);
  });

  it("does not run again what will fail again, or what nobody knows", async () => {
    for (const error of [new CheckConstraintError("c", "t"), new TypeError("x is undefined")]) {
      const { calls, fn } = failing(1, error);
      await assert.rejects(withRetry(fn, now), (thrown) => thrown === error);
      assert.equal(calls.length, 1);
    }
  });

  it("asks shouldRetry() where it is given", async () => {
    const { calls, fn } = failing(1, new TypeError("fetch failed"));
    assert.equal(await withRetry(fn, { ...now, shouldRetry: (_, n) => n < 2 }), "done");
    assert.equal(calls.length, 2);
  });

  it("goes on where onRetry() throws or rejects", async () => {
    for (
      const onRetry of [
        () => {
          throw new Error("the client for metrics is down");
        },
        () => Promise.reject(new Error("the client for metrics is down")),
      ]
    ) {
      const { calls, fn } = failing(2);
      assert.equal(await withRetry(fn, { ...now, onRetry }), "done");
      assert.equal(calls.length, 3);
      const always = failing(9);
      await assert.rejects(
        withRetry(always.fn, { ...now, onRetry }),
        (error) => error === deadlock,
      );
    }
  });

  it("tells each attempt where it stands, and onRetry() what comes", async () => {
    const clock = new FakeClock();
    const { calls, fn } = failing(2);
    const told: unknown[] = [];
    const result = withRetry(fn, {
      clock,
      jitter: "none",
      delayMs: 100,
      onRetry: (...args) => told.push(args),
    });
    await clock.advance(300);
    assert.equal(await result, "done");
    assert.deepEqual(told, [[1, deadlock, 100], [2, deadlock, 200]]);
    assert.deepEqual(
      calls.map((call) => {
        const { signal: _, ...rest } = call as { signal: AbortSignal };
        return rest;
      }),
      [
        { attempt: 1, maxAttempts: 3, elapsed: 0, previousError: undefined },
        { attempt: 2, maxAttempts: 3, elapsed: 100, previousError: deadlock },
        { attempt: 3, maxAttempts: 3, elapsed: 300, previousError: deadlock },
      ],
    );
  });

  it("takes true and false for the two kinds of backoff", async () => {
    for (const [backoff, delays] of [[true, [10, 20, 40]], [false, [10, 10, 10]]] as const) {
      const clock = new FakeClock();
      const told: number[] = [];
      const result = withRetry(failing(3).fn, {
        clock,
        backoff,
        jitter: "none",
        delayMs: 10,
        maxAttempts: 4,
        onRetry: (_, __, delay) => told.push(delay),
      });
      await clock.advance(100);
      await result;
      assert.deepEqual(told, delays);
    }
  });

  it("ends as soon as the signal is aborted, also where the work does not look at it", async () => {
    const controller = new AbortController();
    const reason = new Error("the caller has gone");
    let retried = 0;
    const result = withRetry(() => new Promise(() => {}), {
      signal: controller.signal,
      shouldRetry: () => true,
      onRetry: () => void retried++,
    });
    controller.abort(reason);
    await assert.rejects(result, (error) => error === reason);
    assert.equal(retried, 0);
    const { calls, fn } = failing(0);
    await assert.rejects(withRetry(fn, { signal: controller.signal }), (e) => e === reason);
    assert.equal(calls.length, 0);
  });

  it("refuses a transaction, and a context of one", async () => {
    const { calls, fn } = failing(0);
    for (const db of [{ isTransaction: true }, { db: {}, isTransaction: true }]) {
      await assert.rejects(withRetry(fn, { db }), RetryInTransactionError);
    }
    assert.equal(calls.length, 0);
    assert.equal(await withRetry(fn, { db: { isTransaction: false } }), "done");
  });

  it("respects a budget that calls share", async () => {
    const clock = new FakeClock();
    const budget = new RetryBudget({ ratio: 0, perSecond: 1, max: 2, clock });
    const options = { ...now, budget, maxAttempts: 10 };
    const { calls, fn } = failing(9);
    const result = withRetry(fn, { ...options, clock });
    const ended = assert.rejects(result, (error) => error === deadlock);
    await clock.advance(0);
    await ended;
    assert.equal(calls.length, 3);
    await clock.advance(1_000);
    assert.equal(budget.available, 1);
  });

  it("refuses an option that it does not know, and values that make no sense", async () => {
    const bad: [object, RegExp][] = [
      [{ retries: 3 }, /there is no option "retries"; the options are "maxAttempts"/],
      [{ maxAttempts: 0 }, /"maxAttempts" is 0; give a whole number from 1/],
      [{ delayMs: -1 }, /"delayMs" is -1/],
      [{ backoff: "linear" }, /"backoff" is "linear"; give true or false, or give "exponential"/],
      [{ jitter: "half" }, /"jitter" is "half"/],
      [{ dialect: "oracle" }, /"dialect" is "oracle"/],
      [{ clock: {} }, /"clock" is an object; give an object with now\(\)/],
      [{ budget: 3 }, /"budget" is 3/],
      [{ signal: {} }, /give an AbortSignal/],
    ];
    for (const [options, message] of bad) {
      await assert.rejects(withRetry(() => 1, options as RetryOptions), {
        name: "BadRequestError",
        message,
      });
      assert.throws(() => retryPolicy(options as RetryOptions), { message });
      assert.throws(() => createRetryWrapper(() => 1, options as RetryOptions), { message });
    }
    await assert.rejects(withRetry("work" as never), /is not a function/);
  });
});

describe("createRetryWrapper()", () => {
  it("gives the function's arguments to every attempt", async () => {
    const seen: unknown[] = [];
    const add = createRetryWrapper((a: number, b: number) => {
      seen.push([a, b]);
      if (seen.length === 1) throw deadlock;
      return a + b;
    }, now);
    assert.equal(await add(1, 2), 3);
    assert.deepEqual(seen, [[1, 2], [1, 2]]);
  });

  it("refuses to be called with a transaction", async () => {
    const find = createRetryWrapper((_: object, id: number) => id, now);
    await assert.rejects(find({ isTransaction: true }, 1), RetryInTransactionError);
    assert.equal(await find({ isTransaction: false }, 1), 1);
  });
});

describe("isTransientError()", () => {
  it("knows the codes of every database", () => {
    const transient: object[] = [
      deadlock,
      { code: "40001" },
      { code: "57P01" },
      { code: "ECONNRESET" },
      { code: "ER_LOCK_DEADLOCK", errno: 1213, sqlState: "40001" },
      { code: "ERR_SQLITE_ERROR", errcode: 5 },
      { number: 1205, code: "EREQUEST" },
      new SerializationError({ retryable: true }),
      new Error("wrapped", { cause: deadlock }),
    ];
    for (const fields of transient) {
      assert.equal(isTransientError(fields), true, JSON.stringify(fields));
    }
    const permanent = [{ code: "23505" }, { errno: 1062, code: "ER_DUP_ENTRY" }, new Error("x"), 1];
    for (const fields of permanent) {
      assert.equal(isTransientError(fields), false, JSON.stringify(fields));
    }
  });

  it("looks at one database's codes alone where it is told which", () => {
    assert.equal(isTransientError(deadlock, "postgres"), true);
    assert.equal(isTransientError(deadlock, "sqlite"), false);
  });
});
