import type { ListParameter } from "@kysera/core";
import { columnReference } from "@kysera/executor";
import {
  type Expression,
  type ExpressionBuilder,
  ExpressionWrapper,
  type Kysely,
  type OperationNode,
  OverNode,
  PartitionByItemNode,
  type SelectQueryBuilder,
  type SqlBool,
} from "kysely";
import { selectedColumn } from "../_columns.ts";
import type { ReadCondition } from "../_condition.ts";
import { addOrder, type OrderItem } from "../_order.ts";
import type { At, Build, Table } from "../_table.ts";
import { pairsAreEqual, type Relation } from "./_relation.ts";

/** What related rows have beside their columns: the key of the row that they belong to, a rank. */
export const KEY = "kyserakey";
export const RANK = "kyserarank";
export const COUNT = "kyseracount";

/** Which columns of a key hold dates: their values are those of a millisecond. */
export type Dates = readonly boolean[];

/** What a query of related rows is made of. Values: keys, those of the condition, the limit. */
export interface RelatedQuery {
  readonly relation: Relation;
  /** The table of the related rows. */
  readonly child: Table;
  readonly condition: ReadCondition;
  /** How many keys there are; one value stands for all of them where they are a list. */
  readonly keys: number;
  /** The keys as one parameter, where they are. */
  readonly list?: ListParameter | undefined;
  /** Which columns of the key hold dates. */
  readonly dates: Dates;
  readonly order: readonly OrderItem[];
  /** Whether there is a limit for each row. */
  readonly isLimited: boolean;
  /** The columns that are read; all where there are none. */
  readonly select: readonly string[] | undefined;
  /** The primary key of the related rows, by which equal ranks are told apart. */
  readonly primaryKey: readonly string[];
}

/** Makes the query of related rows. */
export function relatedRows(query: RelatedQuery): Build {
  const { child, order, isLimited, select, primaryKey, relation, keys, dates, condition } = query;
  return (db, at) => {
    let rows = filtered(query, db, at);
    rows = select === undefined
      ? rows.selectAll(child.name)
      : rows.select(select.map((column) => selectedColumn(child.name, column)));
    if (relation.through !== undefined) {
      rows = rows.select(
        ownKey(query).map((key, i) => columnReference(key.table, key.column).as(`${KEY}${i}`)),
      );
    }
    if (!isLimited) return addOrder(rows, order, child);
    const rest = primaryKey.filter((column) => order.every((item) => item.column !== column));
    const ranked = [
      ...order,
      ...rest.map((column): OrderItem => ({ column, direction: "asc", nulls: undefined })),
    ];
    const counted = rows.select((eb) => rankOf(eb, query, ranked).as(RANK));
    const limit = keys * widthOf(dates) + condition.values.length;
    return db.selectFrom(counted.as("kyserarows")).selectAll()
      .where(columnReference("kyserarows", RANK), "<=", at(limit))
      .orderBy(columnReference("kyserarows", RANK));
  };
}

/** Makes the query of how many related rows there are. */
export function relatedCounts(query: RelatedQuery): Build {
  return (db, at) => {
    const key = ownKey(query).map(({ table, column }) => columnReference(table, column));
    return filtered(query, db, at)
      .select((eb) => [
        ...key.map((column, i) => column.as(`${KEY}${i}`)),
        eb.fn.countAll().as(COUNT),
      ])
      .groupBy(key);
  };
}

/** Where the keys of the rows that related rows belong to stand. */
function ownKey({ relation, child }: RelatedQuery): { table: string; column: string }[] {
  const table = relation.through?.table ?? child.name;
  return relation.columns.map(([, column]) => ({ table, column }));
}

function filtered(
  query: RelatedQuery,
  db: Kysely<any>,
  at: At,
): SelectQueryBuilder<any, any, any> {
  const { relation: { through }, child, condition, keys, dates, list } = query;
  const from: SelectQueryBuilder<any, any, any> = through === undefined
    ? db.selectFrom(child.name)
    : db.selectFrom(child.name).innerJoin(
      through.table,
      (join) => join.on((eb) => pairsAreEqual(eb, through.to, through.table, child.name)),
    );
  const key = ownKey(query).map(({ table, column }) => columnReference(table, column));
  const found = from.where((eb) => keyIsIn(eb, key, dates, keys, at, list));
  if (condition.shape === "()") return found;
  return found.where((eb) => child.slots(condition, eb, at, keys * widthOf(dates)));
}

/** How many values a key has in a query. */
export function widthOf(dates: Dates): number {
  return dates.reduce((width, isDate) => width + (isDate ? 2 : 1), 0);
}

/**
 * The values of keys in a query: of a date also the end of its millisecond.
 *
 * @param keep returns a value of a column of the key as the driver is given it
 */
export function valuesOf(
  keys: readonly (readonly unknown[])[],
  dates: Dates,
  keep: (column: number, value: unknown) => unknown,
): unknown[] {
  const values: unknown[] = [];
  for (const key of keys) {
    for (let i = 0; i < key.length; i++) {
      const value = keep(i, key[i]);
      values.push(value);
      if (!dates[i]) continue;
      values.push(value instanceof Date ? new Date(value.getTime() + 1) : value);
    }
  }
  return values;
}

/**
 * The condition that columns are one of some keys, which may be a list in one parameter. Databases keep
 * microseconds, which a `Date` of the program does not have.
 */
export function keyIsIn(
  eb: ExpressionBuilder<any, any>,
  columns: readonly Expression<any>[],
  dates: Dates,
  keys: number,
  at: At,
  list?: ListParameter,
): Expression<SqlBool> {
  if (list !== undefined) return eb(columns[0]!, "in", list.list(eb.val(at(0))));
  const each = Array.from({ length: keys }, (_, i) => i);
  if (columns.length === 1 && !dates[0]) return eb(columns[0]!, "in", each.map((i) => at(i)));
  const width = widthOf(dates);
  return eb.or(each.map((i) => {
    let next = i * width;
    return eb.and(columns.map((column, j) => {
      const first = next++;
      if (!dates[j]) return eb(column, "=", at(first));
      const range = [eb(column, ">=", at(first)), eb(column, "<", at(next++))];
      // A column of days compares days alone.
      return eb.or([eb(column, "=", at(first)), eb.and(range)]);
    }));
  }));
}

/** The place of a row among those that belong to the same one. */
function rankOf(
  eb: ExpressionBuilder<any, any>,
  query: RelatedQuery,
  order: readonly OrderItem[],
): ExpressionWrapper<any, any, number> {
  const partition = ownKey(query).map(({ table, column }) =>
    // A reference with its table is one; Kysely's own would parse a text.
    PartitionByItemNode.create(columnReference(table, column).toOperationNode() as any)
  );
  const rank = eb.fn.agg<number>("row_number").over((over) => {
    let ordered = over;
    for (const { column: name, direction, nulls } of order) {
      const column = columnReference(query.child.name, name);
      if (nulls === undefined) {
        ordered = ordered.orderBy(column, direction);
        continue;
      }
      const hasNone = eb.case().when(column, "is", null).then(eb.lit<number>(1))
        .else(eb.lit<number>(0)).end();
      ordered = ordered.orderBy(hasNone, nulls === "last" ? "asc" : "desc")
        .orderBy(column, direction);
    }
    const node: OperationNode = OverNode.cloneWithPartitionByItems(
      ordered.toOperationNode(),
      partition,
    );
    // Kysely reads no more of what this returns than its node.
    return { toOperationNode: () => node } as typeof ordered;
  });
  return new ExpressionWrapper(rank.toOperationNode());
}
