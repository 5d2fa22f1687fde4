/** How long something took when it was done several times, in ms, exact to a microsecond. */
export interface Times {
  readonly least: number;
  readonly median: number;
  readonly most: number;
}

/** Sums up how long each time took. */
export function sumUpTimes(times: readonly number[]): Times {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (index: number): number => Math.round(sorted[index]! * 1000) / 1000;
  return { least: at(0), median: at(Math.floor(sorted.length / 2)), most: at(sorted.length - 1) };
}
