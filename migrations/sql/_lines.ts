const LINES: WeakMap<object, number> = new WeakMap();

/** Notes in which line of its file the statement begins that an error is about. */
export function noteLine(error: unknown, line: number): void {
  if (typeof error === "object" && error !== null) LINES.set(error, line);
}

/** Returns the line that was noted with an error. */
export function lineOf(error: unknown): number | undefined {
  return typeof error === "object" && error !== null ? LINES.get(error) : undefined;
}
