/**
 * Whether SQLite has rolled the transaction back by itself, as it does after some errors (a full
 * disk, `insert or rollback`). It has no code of its own for that.
 */
export function hasNoTransaction(error: unknown): boolean {
  return error instanceof Error && error.message.includes("no transaction is active");
}
