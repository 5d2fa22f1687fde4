/**
 * Audit: one entry for every row that an executor changes, in the transaction that changes it.
 *
 * @module
 */
export {};
