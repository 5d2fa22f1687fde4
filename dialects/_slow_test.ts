/** For hooks and tests that start a PGlite: Bun gives up after 5 seconds otherwise. */
export const SLOW = { timeout: 60_000 };
