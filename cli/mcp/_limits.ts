import type { Settings } from "../config/_settings.ts";

/** How much a tool gives, and how long it takes for it. */
export interface Limits {
  /** The most rows that are returned, or changed. */
  readonly maxRows: number;
  /** How long a query can take, in milliseconds. */
  readonly timeout: number;
}

/** The most letters that the rows of a result have as JSON. */
export const MAX_LETTERS = 500_000;

/** Returns the limits of the configuration. */
export function limitsOf({ mcp }: Settings): Limits {
  return { maxRows: mcp.maxRows ?? 100, timeout: mcp.timeout ?? 5000 };
}
