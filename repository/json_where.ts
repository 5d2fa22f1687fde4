/** A scalar of JSON. */
export type JsonScalar = string | number | bigint | boolean | null;

/**
 * Comparisons of what stands in a column of JSON, at a path; several are joined by AND. A value is
 * compared with one of its own kind: the number 10 is not the text `"10"`. With an array of PostgreSQL
 * only `arrayContains`, `arrayOverlaps` and `arrayContainedBy` are known, without a path.
 */
export interface JsonComparison {
  /** Keys of objects, and places in lists from 0. Default: the whole column. */
  readonly path?: readonly (string | number)[];
  /** Equal; `null`: there is nothing, or JSON's null. Objects and lists on PostgreSQL only. */
  readonly eq?: unknown;
  /** There is another value; `null`: there is a value. */
  readonly ne?: unknown;
  /** Greater. */
  readonly gt?: string | number | bigint;
  /** Greater or equal. */
  readonly gte?: string | number | bigint;
  /** Less. */
  readonly lt?: string | number | bigint;
  /** Less or equal. */
  readonly lte?: string | number | bigint;
  /** One of a list. */
  readonly in?: readonly unknown[];
  /** There is a value, and none of a list. */
  readonly notIn?: readonly unknown[];
  /** From the first to the second, both included. */
  readonly between?: readonly [string | number | bigint, string | number | bigint];
  /** SQL's LIKE, with its own wildcards. */
  readonly like?: string;
  /** LIKE that sees no letter case. */
  readonly ilike?: string;
  /** Holds this text, wildcards and all. */
  readonly contains?: string;
  /** Begins with this text. */
  readonly startsWith?: string;
  /** Ends with this text. */
  readonly endsWith?: string;
  /** Whether there is nothing, or JSON's null. */
  readonly isNull?: boolean;
  /** Whether there is a value. */
  readonly isNotNull?: boolean;
  /** There is an object with this key, whatever it holds. */
  readonly hasKey?: string;
  /** There is a list that holds this, or all of these. */
  readonly arrayContains?: unknown;
  /** There is a list that holds one of these at least. */
  readonly arrayOverlaps?: readonly unknown[];
  /** There is a list of nothing but these. PostgreSQL only. */
  readonly arrayContainedBy?: readonly unknown[];
}

/** {@linkcode JsonComparison}, where a column may hold JSON or an array. */
export type JsonComparisonOf<V> = unknown extends V ? JsonComparison
  : V extends string | number | bigint | boolean | Date | Uint8Array | null | undefined ? never
  : JsonComparison;
