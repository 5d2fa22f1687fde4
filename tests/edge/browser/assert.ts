/**
 * What stands in a browser for `node:assert/strict`: as much of it as the tests use.
 *
 * @module
 */
type Check = RegExp | (new (...args: any[]) => unknown) | ((error: any) => unknown) | object;

class AssertionError extends Error {
  override readonly name = "AssertionError";
}

function fail(message?: string): never {
  throw new AssertionError(message ?? "Failed");
}

function ok(value: unknown, message?: string): void {
  if (!value) fail(message ?? `${show(value)} is not true`);
}

function equal(actual: unknown, expected: unknown, message?: string): void {
  if (!Object.is(actual, expected)) {
    fail(`${message ?? ""} ${show(actual)} is not ${show(expected)}`);
  }
}

function notEqual(actual: unknown, expected: unknown, message?: string): void {
  if (Object.is(actual, expected)) fail(message ?? `it is ${show(actual)}`);
}

function deepEqual(actual: unknown, expected: unknown, message?: string): void {
  if (!same(actual, expected)) {
    fail(`${message ?? ""} ${show(actual)} is not deeply ${show(expected)}`);
  }
}

function notDeepEqual(actual: unknown, expected: unknown, message?: string): void {
  if (same(actual, expected)) fail(message ?? `it is ${show(actual)}`);
}

function match(text: string, pattern: RegExp, message?: string): void {
  if (!pattern.test(text)) fail(message ?? `${show(text)} does not match ${pattern}`);
}

function doesNotMatch(text: string, pattern: RegExp, message?: string): void {
  if (pattern.test(text)) fail(message ?? `${show(text)} matches ${pattern}`);
}

function throws(run: () => unknown, check?: Check | string, message?: string): void {
  let error: unknown;
  try {
    run();
  } catch (thrown) {
    error = thrown;
    return mustPass(error, check, message);
  }
  fail(message ?? "Missing expected exception");
}

async function rejects(
  run: PromiseLike<unknown> | (() => PromiseLike<unknown>),
  check?: Check | string,
  message?: string,
): Promise<void> {
  try {
    await (typeof run === "function" ? run() : run);
  } catch (error) {
    return mustPass(error, check, message);
  }
  fail(typeof check === "string" ? check : message ?? "Missing expected rejection");
}

async function doesNotReject(
  run: PromiseLike<unknown> | (() => PromiseLike<unknown>),
): Promise<void> {
  await (typeof run === "function" ? run() : run);
}

function mustPass(error: unknown, check: Check | string | undefined, message?: string): void {
  if (check === undefined || typeof check === "string") return;
  if (check instanceof RegExp) {
    if (check.test(String(error))) return;
  } else if (typeof check === "function") {
    const isClass = check.prototype !== undefined &&
      (check === Error || check.prototype instanceof Error);
    if (isClass) {
      if (error instanceof (check as new () => unknown)) return;
      throw error;
    }
    if ((check as (error: unknown) => unknown)(error) === true) return;
  } else {
    const entries = Object.entries(check);
    const told = error as Readonly<Record<string, unknown>>;
    if (
      entries.every(([key, value]) =>
        value instanceof RegExp ? value.test(String(told[key])) : same(told[key], value)
      )
    ) return;
  }
  fail(`${message ?? ""} another error than expected: ${String(error)}`);
}

function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (a instanceof Date) return a.getTime() === (b as Date).getTime();
  if (a instanceof RegExp) return String(a) === String(b);
  if (a instanceof Set) {
    const others = [...b as Set<unknown>];
    return a.size === others.length &&
      [...a].every((each) => others.some((one) => same(each, one)));
  }
  if (a instanceof Map) {
    const other = b as Map<unknown, unknown>;
    return a.size === other.size &&
      [...a].every(([key, value]) => other.has(key) && same(value, other.get(key)));
  }
  if (a instanceof Error && (a.message !== (b as Error).message || a.name !== (b as Error).name)) {
    return false;
  }
  const [keys, others] = [Object.keys(a), Object.keys(b)];
  return keys.length === others.length && keys.every((key) =>
    Object.hasOwn(b, key) &&
    same((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key])
  );
}

function show(value: unknown): string {
  try {
    return JSON.stringify(value, (_, each) => typeof each === "bigint" ? `${each}n` : each) ??
      String(value);
  } catch {
    return String(value);
  }
}

const assert: object = Object.assign(ok, {
  AssertionError,
  deepEqual,
  doesNotMatch,
  doesNotReject,
  equal,
  fail,
  match,
  notDeepEqual,
  notEqual,
  ok,
  rejects,
  strictEqual: equal,
  deepStrictEqual: deepEqual,
  throws,
});

export default assert;
