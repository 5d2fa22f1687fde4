import type { Attributes } from "../contract/plugin.ts";
import type { CacheKey } from "../rewrite/_pass.ts";

/** Contexts that were found to give the same for a list of keys; each is frozen. */
const SAME: WeakMap<readonly CacheKey[], WeakSet<object>> = new WeakMap();

/**
 * Returns true if hooks would read the same of a context.
 *
 * @param mayChange whether they may read another caller of the same context next time
 */
export function sameKeys(
  keys: readonly CacheKey[],
  context: Attributes | undefined,
  run: object,
  mayChange: boolean,
): boolean {
  if (keys.length === 0) return true;
  if (mayChange) return keys.every(({ read, value }) => Object.is(read(context, run), value));
  let same = SAME.get(keys);
  if (context !== undefined && same?.has(context) === true) return true;
  for (const { read, value } of keys) if (!Object.is(read(context, run), value)) return false;
  if (context !== undefined) {
    if (same === undefined) SAME.set(keys, same = new WeakSet());
    same.add(context);
  }
  return true;
}
