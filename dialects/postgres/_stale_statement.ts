/**
 * Classes of SQLSTATE that a statement can fail with because it was prepared before the schema or the
 * session changed. A prepared statement keeps the types of its parameters: where `int` became
 * `bigint`, a value is still read as `int` (22003).
 *
 * | class | such as                                                                        |
 * | ----- | ------------------------------------------------------------------------------ |
 * | 22    | a value that does not fit the type that the parameter had                      |
 * | 42    | a type that the column has now no operator for; 42P05, a name of another session |
 * | 26    | the statement is gone: `DISCARD ALL`, or another session behind a pooler       |
 */
const CLASSES: ReadonlySet<string> = new Set(["22", "26", "42"]);

/** Whether an error may be one of the preparation, and not of the statement. */
export function mayBeStale(error: unknown): boolean {
  const code = field(error, "code");
  if (code === undefined || code.length !== 5) return false;
  return CLASSES.has(code.slice(0, 2)) || isStale(error);
}

/** Whether nothing is wrong with the statement itself: prepared again it runs. */
export function isStale(error: unknown): boolean {
  const code = field(error, "code");
  // "cached plan must not change result type"
  if (code === "0A000") return field(error, "routine") === "RevalidateCachedQuery";
  return code === "26000" || code === "42P05";
}

/** Whether nothing runs any more in the open transaction. */
export function isInFailedTransaction(error: unknown): boolean {
  return field(error, "code") === "25P02";
}

function field(error: unknown, name: string): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const value = (error as Record<string, unknown>)[name];
  return typeof value === "string" ? value : undefined;
}
