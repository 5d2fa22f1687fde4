// The mark by which Kysely 0.29 knows that there is nothing left to roll back. Kysely 0.28 has no
// such error, so the class cannot be imported.
const ABORTED = Symbol.for("kysely.AbortedTransactionError");

/**
 * The error for a commit that the database answered with a rollback.
 *
 * @param cause What the driver threw, if it threw.
 */
export function abortedTransactionError(cause?: unknown): Error {
  const error = new Error(
    "Cannot commit: the database rolled the transaction back because an earlier statement failed",
    cause === undefined ? undefined : { cause },
  );
  return Object.assign(error, { code: "25P02", [ABORTED]: true });
}
