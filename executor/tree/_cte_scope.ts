/** The CTE names that are visible at a place of the query, the nearest first. */
export interface CteScope {
  readonly name: string;
  readonly outer: CteScope | undefined;
}

/** Returns true if a name stands for a CTE here. */
export function isCte(scope: CteScope | undefined, key: string): boolean {
  for (let s = scope; s !== undefined; s = s.outer) if (s.name === key) return true;
  return false;
}
