/**
 * Timestamps: columns that say when a row was made and last changed, and by whom.
 *
 * @module
 */
export {};
