/**
 * Row-level security: policies that every query of an executor keeps to.
 *
 * @module
 */
export {};
