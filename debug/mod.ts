/**
 * Query logs, profiles, detectors and traces.
 *
 * @module
 */
export {};
