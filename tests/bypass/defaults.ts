import type { BypassCase } from "./case.ts";

/** Cases that have something in common, which each of them may still say otherwise. */
export function withDefaults(
  defaults: Partial<BypassCase>,
  cases: readonly BypassCase[],
): readonly BypassCase[] {
  return cases.map((bypass) => ({ ...defaults, ...bypass }));
}
