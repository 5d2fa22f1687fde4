/** How many names are suggested at the most. */
const MOST = 3;

/**
 * Returns the names that somebody who wrote another one may have meant, by edit distance.
 *
 * @param name what was written
 * @param known the names that exist
 * @returns at most three of them, the nearest first; letter case does not count
 *
 * @example
 * ```ts
 * import { nearNames } from "@kysera/core";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(nearNames("usres", ["users", "posts", "uses"]), ["uses", "users"]);
 * assert.deepEqual(nearNames("elsewhere", ["users", "posts"]), []);
 * ```
 */
export function nearNames(name: string, known: Iterable<string>): string[] {
  const wanted = name.toLowerCase();
  // A third of the letters, or two; but a name with no letter in common is not near.
  const most = Math.min(Math.max(2, Math.floor(wanted.length / 3)), wanted.length - 1);
  return [...new Set(known)]
    .map((candidate) => ({ candidate, distance: distance(wanted, candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= most)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, MOST)
    .map(({ candidate }) => candidate);
}

/**
 * Returns the suggestion that ends an error message about an unknown name.
 *
 * @param name what was written
 * @param known the names that exist
 * @returns ` (did you mean "users"?)`, or an empty string where no name is near
 *
 * @example
 * ```ts
 * import { didYouMean } from "@kysera/core";
 * import assert from "node:assert/strict";
 *
 * assert.equal(didYouMean("user", ["users", "posts"]), ' (did you mean "users"?)');
 * assert.equal(didYouMean("elsewhere", ["users", "posts"]), "");
 * ```
 */
export function didYouMean(name: string, known: Iterable<string>): string {
  const near = nearNames(name, known).map((candidate) => `"${candidate}"`);
  return near.length === 0 ? "" : ` (did you mean ${near.join(" or ")}?)`;
}

/** The Levenshtein distance: how many letters are inserted, deleted or replaced. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
