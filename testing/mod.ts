/**
 * Databases, factories and faults for tests.
 *
 * @module
 */
export {};
