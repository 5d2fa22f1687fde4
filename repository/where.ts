import type { Selectable } from "@kysera/core";
import type { JsonComparisonOf } from "./json_where.ts";

/** Comparisons of a column; several are joined by AND. `null` is compared by IS. */
export interface Comparison<V> {
  /** Equal. */
  readonly eq?: V | null;
  /** Not equal; as in SQL, a row without a value is not found by `ne` of a value. */
  readonly ne?: V | null;
  /** Greater. */
  readonly gt?: NonNullable<V>;
  /** Greater or equal. */
  readonly gte?: NonNullable<V>;
  /** Less. */
  readonly lt?: NonNullable<V>;
  /** Less or equal. */
  readonly lte?: NonNullable<V>;
  /** One of a list; of an empty one, no row. */
  readonly in?: readonly NonNullable<V>[];
  /** None of a list; of an empty one, every row. */
  readonly notIn?: readonly NonNullable<V>[];
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
  /** From the first to the second, both included. */
  readonly between?: readonly [NonNullable<V>, NonNullable<V>];
  /** Whether the column is NULL. */
  readonly isNull?: boolean;
  /** Whether the column has a value. */
  readonly isNotNull?: boolean;
}

/** {@linkcode Comparison}, written as document databases do: `{ $gte: 18 }`. */
export type DollarComparison<V> =
  & { readonly [K in keyof Comparison<V> as `$${K & string}`]?: Comparison<V>[K] }
  & {
    /** As `notIn`. */
    readonly $nin?: readonly NonNullable<V>[];
  };

/** Conditions on a row, joined by AND: a value, `null`, or comparisons for each column. */
export type Where<Table> =
  & {
    readonly [C in keyof Selectable<Table>]?:
      | Selectable<Table>[C]
      | null
      | Comparison<Selectable<Table>[C]>
      | DollarComparison<Selectable<Table>[C]>
      | JsonComparisonOf<Selectable<Table>[C]>;
  }
  & {
    /** All of these. */
    readonly and?: readonly Where<Table>[];
    /** One of these at least. */
    readonly or?: readonly Where<Table>[];
    /** Not this. */
    readonly not?: Where<Table>;
    /** As `and`. */
    readonly $and?: readonly Where<Table>[];
    /** As `or`. */
    readonly $or?: readonly Where<Table>[];
    /** As `not`. */
    readonly $not?: Where<Table>;
  };

/** Names of comparisons. */
export const COMPARISONS: ReadonlySet<string> = new Set([
  "eq",
  "ne",
  "gt",
  "gte",
  "lt",
  "lte",
  "in",
  "notIn",
  "like",
  "ilike",
  "contains",
  "startsWith",
  "endsWith",
  "between",
  "isNull",
  "isNotNull",
]);
