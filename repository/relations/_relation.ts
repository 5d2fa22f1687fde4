import { columnReference } from "@kysera/executor";
import type { Expression, ExpressionBuilder, SqlBool } from "kysely";
import type { RelationType } from "./types.ts";

type Builder = ExpressionBuilder<any, any>;

/** Columns of one table, each with that of another one that it is equal to. */
export type Pairs = readonly (readonly [string, string])[];

/** A relation whose columns are known. */
export interface Relation {
  readonly name: string;
  readonly type: RelationType;
  /** The table that has the relation. */
  readonly from: string;
  /** The table that it leads to. */
  readonly to: string;
  /** Columns of `from`, with those of `to`, or of the table between. */
  readonly columns: Pairs;
  /** The table between, and its columns with those of `to`. */
  readonly through: { readonly table: string; readonly to: Pairs } | undefined;
}

/** Returns whether a row may have several related rows. */
export function isMany({ type }: { readonly type: RelationType }): boolean {
  return type === "hasMany" || type === "manyToMany";
}

/** Returns the condition that columns of two tables, or aliases, are equal. */
export function pairsAreEqual(
  eb: Builder,
  pairs: Pairs,
  own: string,
  other: string,
): Expression<SqlBool> {
  return eb.and(
    pairs.map(([a, b]) => eb(columnReference(other, b), "=", columnReference(own, a))),
  );
}

/**
 * Returns the condition that a row has a related row. The plugins filter the tables in it as those of
 * any subquery.
 *
 * @param outer the table that has the relation, or its alias
 * @param alias what the other table is called
 * @param condition returns what the related row must satisfy
 */
export function relatedExists(
  { to, columns, through }: Relation,
  eb: Builder,
  outer: string,
  alias: string,
  condition: (eb: Builder) => Expression<SqlBool> | undefined,
): Expression<SqlBool> {
  const between = `${alias}t`;
  let query = eb.selectFrom(`${to} as ${alias}`).select(eb.lit(1).as("found"));
  if (through !== undefined) {
    query = query.innerJoin(
      `${through.table} as ${between}`,
      (join) => join.on((eb) => pairsAreEqual(eb, through.to, between, alias)),
    );
  }
  query = query.where((eb) =>
    pairsAreEqual(eb, columns, outer, through === undefined ? alias : between)
  );
  // Read once: it takes the values of the condition in their order.
  const inner = condition(eb);
  return eb.exists(inner === undefined ? query : query.where(inner));
}
