/**
 * Whether a value is a transaction of Kysely, an executor's, or a context of one: all of them say so
 * by the same property. One that has ended is still inside as far as its handle can tell.
 */
export function isOpenTransaction(value: unknown): boolean {
  return typeof value === "object" && value !== null &&
    (value as { readonly isTransaction?: unknown }).isTransaction === true;
}
