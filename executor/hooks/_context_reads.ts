import type { Attributes } from "../contract/plugin.ts";
import type { CacheKey } from "../rewrite/_pass.ts";
import type { DeferredParameter } from "../tree/_deferred_parameter.ts";

/** A deferred parameter, and what was read for it. */
export type ReadParameter = readonly [parameter: DeferredParameter<unknown>, value: unknown];

/** What changes by itself within this time, in ms, is not taken for a sign of another caller. */
const VOLATILE_WITHIN = 3;

interface Read {
  read(context: Attributes | undefined, run: object): unknown;
  readonly value: unknown;
}

/**
 * What hooks have read of a caller who may be another one when the query runs: a compiled query is
 * compared by it, and by nothing else of a context.
 */
export class ContextReads {
  readonly #reads: readonly Read[];

  constructor(keys: readonly CacheKey[], parameters: readonly ReadParameter[]) {
    this.#reads = [
      ...keys,
      ...parameters.map(([parameter, value]) => ({
        read: (context: Attributes | undefined, run: object) => parameter.read(context, run),
        value,
      })),
    ];
  }

  /**
   * Returns true if hooks would read the same now. A value that changes from call to call while
   * nothing else runs (a clock, a request id) says nothing about who the caller is.
   *
   * @param run stands for the run of the query that is to begin
   */
  isSameFor(context: Attributes | undefined, run: object): boolean {
    let other = this.#reads
      .map((each) => ({ each, now: each.read(context, run) }))
      .filter(({ each, now }) => !isSame(each.value, now));
    const start = performance.now();
    while (other.length > 0 && performance.now() - start < VOLATILE_WITHIN) {
      const again = {};
      other = other.filter(({ each, now }) => isSame(each.read(context, again), now));
    }
    return other.length === 0;
  }
}

/** Returns true for equal values; lists, dates, bytes and plain objects are equal by what they hold. */
function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const prototype: unknown = Object.getPrototypeOf(a);
  if (prototype !== Object.getPrototypeOf(b)) return false;
  if (a instanceof Date) return a.getTime() === (b as Date).getTime();
  const isData = Array.isArray(a) || ArrayBuffer.isView(a) || prototype === Object.prototype ||
    prototype === null;
  if (!isData) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length &&
    keys.every((key) =>
      Object.hasOwn(b, key) && isSame(a[key as keyof typeof a], b[key as keyof typeof b])
    );
}
