import type { Selectable } from "@kysera/core";
import type { ColumnOf, CountOptions, FindOptions } from "./types.ts";

/**
 * A sum or an average as the driver gives it: exact, so of large integers and decimals a `bigint` or a
 * text. `null` where no row has a value.
 */
export type AggregateValue = number | bigint | string | null;

/** What is computed of the rows of each group. */
export interface GroupAggregates<Table> {
  /** Whether the rows are counted. */
  readonly count?: boolean | undefined;
  /** The columns that are summed. */
  readonly sum?: readonly ColumnOf<Table>[] | undefined;
  /** The columns whose average is computed. */
  readonly avg?: readonly ColumnOf<Table>[] | undefined;
  /** The columns whose smallest value is wanted. */
  readonly min?: readonly ColumnOf<Table>[] | undefined;
  /** The columns whose largest value is wanted. */
  readonly max?: readonly ColumnOf<Table>[] | undefined;
}

/** Which rows are grouped, and which groups are given. */
export interface GroupOptions<Table>
  extends CountOptions<Table>, Pick<FindOptions<Table>, "limit" | "offset"> {
  /** The order of the groups: columns that they are grouped by, or `_count`. */
  readonly orderBy?:
    | ColumnOf<Table>
    | "_count"
    | readonly {
      /** The column. */
      readonly column: ColumnOf<Table> | "_count";
      /** Default `"asc"`. */
      readonly direction?: "asc" | "desc" | undefined;
    }[]
    | undefined;
}

/** A group: what it is grouped by, and what was computed of its rows. */
export type Group<Table, C extends ColumnOf<Table>, A> =
  & Pick<Selectable<Table>, C>
  & (A extends { readonly count: true } ? {
      /** How many rows are in the group. */
      readonly _count: number;
    }
    : unknown)
  & (A extends { readonly sum: readonly (infer S)[] } ? {
      /** The sums, by column. */
      readonly _sum: Readonly<Record<S & string, AggregateValue>>;
    }
    : unknown)
  & (A extends { readonly avg: readonly (infer S)[] } ? {
      /** The averages, by column. */
      readonly _avg: Readonly<Record<S & string, AggregateValue>>;
    }
    : unknown)
  & (A extends { readonly min: readonly (infer S)[] } ? {
      /** The smallest values, by column. */
      readonly _min: { readonly [K in S & keyof Selectable<Table>]: Selectable<Table>[K] | null };
    }
    : unknown)
  & (A extends { readonly max: readonly (infer S)[] } ? {
      /** The largest values, by column. */
      readonly _max: { readonly [K in S & keyof Selectable<Table>]: Selectable<Table>[K] | null };
    }
    : unknown);

/** The methods of a repository that compute. */
export interface AggregateMethods<Columns> {
  /** The sum of a column, as the driver gives it; `null` where no row has a value. */
  sum(column: ColumnOf<Columns>, options?: CountOptions<Columns>): Promise<AggregateValue>;
  /** The average of a column, as the driver gives it; `null` where no row has a value. */
  avg(column: ColumnOf<Columns>, options?: CountOptions<Columns>): Promise<AggregateValue>;
  /** The smallest value of a column; `null` where no row has one. */
  min<C extends ColumnOf<Columns>>(
    column: C,
    options?: CountOptions<Columns>,
  ): Promise<Selectable<Columns>[C] | null>;
  /** The largest value of a column; `null` where no row has one. */
  max<C extends ColumnOf<Columns>>(
    column: C,
    options?: CountOptions<Columns>,
  ): Promise<Selectable<Columns>[C] | null>;
  /** Groups of rows that have the same values in some columns, and what is computed of them. */
  groupBy<const C extends ColumnOf<Columns>, const A extends GroupAggregates<Columns>>(
    columns: readonly C[],
    options?: GroupOptions<Columns> & A,
  ): Promise<Group<Columns, C, A>[]>;
}
