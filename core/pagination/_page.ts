import { LimitNode, type OperationNode, type SelectQueryNode, ValueNode } from "kysely";
import { BadRequestError } from "../errors/bad_request_error.ts";
import type { Dialect } from "../dialect.ts";
import type { Key } from "./_key.ts";
import { type Bound, type Condition, partsAfter, rowsAfter } from "./_keyset.ts";
import type { Layout } from "./_layout.ts";
import { selectAs, unionAll, withCondition } from "./_nodes.ts";
import { orderBy } from "./_order.ts";
import type { CursorValue, KeyType } from "./_values.ts";

/** What the statements of a page depend on. */
export interface PageShape {
  /** The database's family of SQL. */
  readonly dialect: Dialect;
  /** The query, laid out. */
  readonly layout: Layout;
  /** Its order, in the direction of the walk. */
  readonly keys: readonly Key[];
  /** The types of what it is ordered by. */
  readonly types: readonly KeyType[];
  /** Where the walk goes on, by key: an operand, or `undefined` for NULL. */
  readonly from: readonly (OperationNode | undefined)[] | undefined;
  /** Whether the row at that place is among those that come next. */
  readonly inclusive: boolean;
  /** The columns of the rows that have the values of keys as they are, by key. */
  readonly columns?: readonly (string | undefined)[];
}

/** Rows as the caller knows them, and the values of their keys. */
export interface PageRows {
  /** The rows. */
  readonly rows: readonly Row[];
  /** Returns the values of a row; `undefined` where the driver's value of a key may have lost something. */
  valuesOf(index: number): readonly CursorValue[] | undefined;
}

/** The rows that come next in the direction of a walk, read by one statement or several. */
export interface PageStatements {
  /** How many statements there are, which run one after the other until there are rows enough. */
  readonly count: number;
  /**
   * Returns a statement.
   *
   * @param limit the parameter for how many rows are still to be read
   */
  statement(part: number, limit: unknown): SelectQueryNode;
  /** Puts the rows of one statement in order. */
  inOrder(part: number, rows: readonly Row[], limit: number): readonly Row[];
  /** Splits rows into what the caller asked for and the values of their keys. */
  read(rows: readonly Row[]): PageRows;
}

type Row = Record<string, unknown>;

const ALL_ROWS: readonly (readonly Condition[])[] = [[true]];

/** The column that tells from which of several ranges a row is. */
const RANGE = "kyserarange";

/** Returns the statements that a page of some shape is read by. */
export function statementsOf(shape: PageShape): PageStatements {
  const { dialect, keys, layout, types, columns = [] } = shape;
  const kept = layout.keys.map((node, index) =>
    columns[index] === undefined ? Object.entries(types[index]!.select(node)) : NOTHING
  );
  const parts = partsOf(shape)
    .map((part) => part.filter((condition) => condition !== false))
    .filter((ranges) => ranges.length > 0);
  const selections = kept.flatMap((columns, index) =>
    columns.map(([end, node]) => selectAs(node, columnName(end, index)))
  );
  const order = orderBy(keys, dialect);
  const hidden = new Set([
    ...parts.some((ranges) => ranges.length > 1) ? [RANGE] : [],
    ...layout.hidden,
    ...kept.flatMap((columns, index) => columns.map(([end]) => columnName(end, index))),
  ]);
  const valuesOf = (row: Row): readonly CursorValue[] | undefined => {
    const values = kept.map((selected, index) => {
      const type = types[index]!;
      const column = columns[index];
      if (column !== undefined) {
        return Object.hasOwn(row, column) ? type.direct!(row[column]) : undefined;
      }
      return type.read(
        Object.fromEntries(selected.map(([end]) => [end, valueIn(row, columnName(end, index))])),
      );
    });
    return values.includes(undefined) ? undefined : values as CursorValue[];
  };
  return {
    count: parts.length,
    statement(part, limit) {
      const ranges = parts[part]!;
      const { query } = layout;
      const queries = ranges.map((range, index): SelectQueryNode => ({
        ...range === true ? query : withCondition(query, range),
        selections: [
          ...query.selections ?? [],
          ...selections,
          ...ranges.length === 1 ? [] : [selectAs(ValueNode.createImmediate(index), RANGE)],
        ],
        orderBy: order,
        limit: LimitNode.create(ValueNode.create(limit)),
      }));
      return queries.length === 1 ? queries[0]! : unionAll(queries);
    },
    inOrder(part, rows, limit) {
      if (parts[part]!.length === 1) return rows;
      // UNION ALL promises no order; the rows of each range have theirs.
      return rows.toSorted((a, b) => Number(a[RANGE]) - Number(b[RANGE])).slice(0, limit);
    },
    read(rows) {
      // Of most rows nobody asks for the values.
      const valuesAt = (index: number): readonly CursorValue[] | undefined =>
        valuesOf(rows[index]!);
      if (hidden.size === 0) return { rows, valuesOf: valuesAt };
      // The rows of a result have the same columns.
      const names = Object.keys(rows[0] ?? {}).filter((name) => !hidden.has(name));
      return { rows: rows.map((row) => pick(row, names)), valuesOf: valuesAt };
    },
  };
}

const NOTHING: [end: string, node: OperationNode][] = [];

function pick(row: Row, names: readonly string[]): Row {
  const out: Row = {};
  for (const name of names) out[name] = row[name];
  return out;
}

function partsOf(
  { dialect, from, inclusive, keys, layout }: PageShape,
): readonly (readonly Condition[])[] {
  if (from === undefined) return ALL_ROWS;
  const bounds = keys.map((key, index): Bound => ({ key, value: from[index] }));
  return layout.inParts ? partsAfter(bounds, inclusive, dialect) : [[rowsAfter(bounds, inclusive)]];
}

function columnName(end: string, index: number): string {
  return `kysera${end}${index}`;
}

function valueIn(row: Row, name: string): unknown {
  if (Object.hasOwn(row, name)) return row[name];
  throw new BadRequestError(
    `Cannot make cursor: a plugin of the database removed the column "${name}" from the result`,
  );
}
