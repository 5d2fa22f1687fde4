import type { CacheKey } from "../rewrite/_pass.ts";
import type { RequestScope } from "../rewrite/rules.ts";

/**
 * Returns true if hooks would read the same of a context.
 *
 * @param mayChange whether they may read another caller of the same context next time
 */
export function sameKeys(
  keys: readonly CacheKey[],
  { context, memo }: RequestScope,
  run: object,
  mayChange: boolean,
): boolean {
  for (const { read, value, of, keyOf } of keys) {
    const now = mayChange || memo === undefined || of === undefined || keyOf === undefined
      ? read(context, run)
      // What is bound is frozen, and was perhaps read for another query.
      : keyOf(memo.valueOf(of, context!, run));
    if (!Object.is(now, value)) return false;
  }
  return true;
}
