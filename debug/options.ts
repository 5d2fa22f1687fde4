import { assertKnownOptions, type KyseraLogger } from "@kysera/core";
import type { Warning, WarningKind } from "./detect/warning.ts";
import type { QueryRecord } from "./query_record.ts";

/** Options of `withDebug` and `debugPlugin`. An option that is not one of these is an error. */
export interface DebugOptions {
  /** Whether each query is logged, at `debug`. Default `true`. */
  readonly logQueries?: boolean | undefined;
  /** The same, by its older name. */
  readonly logQuery?: boolean | undefined;
  /** Whether parameters are kept and logged. Default `false`: they are neither. */
  readonly logParams?: boolean | undefined;
  /**
   * Columns whose values are never shown, whatever `logParams` says. With it, a parameter is shown only
   * where its column is known from the query and not one of these, under whichever alias. `users.email`
   * hides `email` of every table. A column that is near to a name which no column has is not shown
   * either, and the logger is told that the name may be misspelt.
   */
  readonly redact?: readonly string[] | undefined;
  /** From how many milliseconds on a query is slow: it is logged at `warn`. Default 100. */
  readonly slowQueryThreshold?: number | undefined;
  /** Called with each slow query. What it throws is logged, and changes nothing. */
  readonly onSlowQuery?: ((query: QueryRecord) => void) | undefined;
  /**
   * Whether a slow query is asked how it was run, outside of transactions: `true` for `EXPLAIN`,
   * `"analyze"` for one that runs a SELECT again and measures it; a write is never run again.
   * Default `false`.
   */
  readonly explainSlow?: boolean | "analyze" | undefined;
  /** What is warned of: all, or these. Default `false`: nothing. */
  readonly warnings?: boolean | readonly WarningKind[] | undefined;
  /** Called with each warning, which is logged at `warn` as well. */
  readonly onWarning?: ((warning: Warning) => void) | undefined;
  /** From how many runs of one query with other values on it is an N+1. Default 5. */
  readonly nPlusOneThreshold?: number | undefined;
  /** For how many milliseconds runs are looked back at. Default 1,000. */
  readonly window?: number | undefined;
  /** Where it is logged. Default the console. */
  readonly logger?: KyseraLogger | undefined;
  /** How many of the last queries are kept for `getMetrics`. Default 1,000. */
  readonly maxMetrics?: number | undefined;
  /** The clock, in milliseconds. Default `performance.now`. */
  readonly now?: (() => number) | undefined;
}

const OPTIONS: readonly (keyof DebugOptions)[] = [
  "logQueries",
  "logQuery",
  "logParams",
  "redact",
  "slowQueryThreshold",
  "onSlowQuery",
  "explainSlow",
  "warnings",
  "onWarning",
  "nPlusOneThreshold",
  "window",
  "logger",
  "maxMetrics",
  "now",
];

/** Throws if there is an unknown option. */
export function assertOptions(options: DebugOptions): void {
  assertKnownOptions(options, OPTIONS, { action: "debug queries", makeError: TypeError });
  const { redact } = options;
  const isName = (name: unknown): boolean => typeof name === "string" && /[^.\s]$/.test(name);
  if (redact === undefined || (Array.isArray(redact) && redact.every(isName))) return;
  throw new TypeError(
    'Cannot debug queries: the option "redact" is a list of columns, such as ["password"] or ' +
      '["users.email"]',
  );
}
