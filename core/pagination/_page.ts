import { LimitNode, type OperationNode, type SelectQueryNode, ValueNode } from "kysely";
import { BadRequestError } from "../errors/bad_request_error.ts";
import { parseDatabaseError } from "../errors/parse_database_error.ts";
import { SqlSyntaxError } from "../errors/sql_syntax_error.ts";
import type { Dialect } from "../dialect.ts";
import type { Position } from "./_cursor.ts";
import { type Key, reversed } from "./_key.ts";
import { type Condition, partsAfter, rowsAfter } from "./_keyset.ts";
import type { Layout } from "./_layout.ts";
import { selectAs, unionAll, withCondition } from "./_nodes.ts";
import { orderBy } from "./_order.ts";
import { type AnyQuery, type Inspected, replace } from "./_query.ts";
import type { CursorValue, KeyType } from "./_values.ts";

/** What a page is read with. */
export interface PageRequest {
  /** The query, to be run by what runs it. */
  readonly query: AnyQuery;
  /** What the query becomes. */
  readonly inspected: Inspected;
  /** The database's family of SQL. */
  readonly dialect: Dialect;
  /** The query, laid out. */
  readonly layout: Layout;
  /** Its order. */
  readonly keys: readonly Key[];
  /** The types of what it is ordered by. */
  readonly types: readonly KeyType[];
  /** How many rows to read. */
  readonly limit: number;
  /** Where to go on. */
  readonly position: Position | undefined;
  /** Which way. */
  readonly forward: boolean;
  /** Whether part of the order was not asked for. */
  readonly implied: boolean;
}

/** A row as the caller knows it, and the values of its keys. */
export interface PageRow {
  /** The row. */
  readonly row: Record<string, unknown>;
  /** Returns the values. */
  readonly values: () => readonly CursorValue[];
}

/** Reads the rows that come next in the direction of the walk, in that direction. */
export async function readPage(request: PageRequest): Promise<PageRow[]> {
  const { layout, position, forward, types, limit } = request;
  const keys = forward ? request.keys : request.keys.map(reversed);
  const kept = layout.keys.map((node, index) => Object.entries(types[index]!.select(node)));
  const parts = position === undefined ? ALL_ROWS : partsOf(request, position, keys);
  const rows: Record<string, unknown>[] = [];
  for (const part of parts) {
    const ranges = part.filter((condition) => condition !== false);
    if (ranges.length > 0 && rows.length < limit) {
      rows.push(
        ...await readRanges({ ...request, limit: limit - rows.length, keys }, kept, ranges),
      );
    }
  }
  const hidden = new Set([
    RANGE,
    ...layout.hidden,
    ...kept.flatMap((columns, index) => columns.map(([end]) => columnName(end, index))),
  ]);
  // The rows of a result have the same columns.
  const names = Object.keys(rows[0] ?? {}).filter((name) => !hidden.has(name));
  return rows.map((row) => ({
    row: pick(row, names),
    // Of most rows nobody asks.
    values: () =>
      kept.map((columns, index) => {
        const selected = columns.map(([end]) => [end, valueIn(row, columnName(end, index))]);
        return types[index]!.read(Object.fromEntries(selected));
      }),
  }));
}

function pick(row: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const name of names) out[name] = row[name];
  return out;
}

const ALL_ROWS: readonly (readonly Condition[])[] = [[true]];

/** The column that tells from which of several ranges a row is. */
const RANGE = "kyserarange";

/** Reads the first rows of ranges that follow one another, by one statement. */
async function readRanges(
  request: PageRequest,
  kept: readonly (readonly [end: string, node: OperationNode][])[],
  ranges: readonly (OperationNode | true)[],
): Promise<readonly Record<string, unknown>[]> {
  const { dialect, keys, layout: { query }, limit } = request;
  const selections = kept.flatMap((columns, index) =>
    columns.map(([end, node]) => selectAs(node, columnName(end, index)))
  );
  const queries = ranges.map((range, index): SelectQueryNode => ({
    ...range === true ? query : withCondition(query, range),
    selections: [
      ...query.selections ?? [],
      ...selections,
      ...ranges.length === 1 ? [] : [selectAs(ValueNode.createImmediate(index), RANGE)],
    ],
    orderBy: orderBy(keys, dialect),
    limit: LimitNode.create(ValueNode.create(limit)),
  }));
  if (queries.length === 1) return await runInstead(request, queries[0]!);
  const rows = await runInstead(request, unionAll(queries));
  // UNION ALL promises no order; the rows of each range have theirs.
  return rows.toSorted((a, b) => Number(a[RANGE]) - Number(b[RANGE])).slice(0, limit);
}

function partsOf(
  { dialect, forward, layout, types }: PageRequest,
  { side, values: kept }: Position,
  keys: readonly Key[],
): readonly (readonly Condition[])[] {
  const bounds = keys.map((key, index) => {
    const [kind, text] = kept[index] ?? ["", null];
    return { key, value: text === null ? undefined : types[index]!.bind([kind, text]) };
  });
  // The place after a row is before the rows that come next, and after that row on the way back
  const inclusive = (side === "after") !== forward;
  return layout.inParts ? partsAfter(bounds, inclusive, dialect) : [[rowsAfter(bounds, inclusive)]];
}

function columnName(end: string, index: number): string {
  return `kysera${end}${index}`;
}

function valueIn(row: Record<string, unknown>, name: string): unknown {
  if (Object.hasOwn(row, name)) return row[name];
  throw new BadRequestError(
    `Cannot make cursor: a plugin of the database removed the column "${name}" from the result`,
  );
}

/** Runs another query in place of one that is laid out. */
export async function runInstead(
  { query, inspected, dialect, implied }: Pick<
    PageRequest,
    "query" | "inspected" | "dialect" | "implied"
  >,
  node: SelectQueryNode,
): Promise<Record<string, unknown>[]> {
  try {
    return await replace(query, inspected, node).execute();
  } catch (cause) {
    if (!implied || !isUnknownColumn(cause, dialect)) throw cause;
    throw new BadRequestError(
      'Cannot paginate by cursor: the database refused the query, which is ordered by "id" as well ' +
        'to make the order unique; if there is no such column, name another in "uniqueBy"',
      { cause },
    );
  }
}

/** SQLSTATEs of a column that there is not, or that several tables have. */
const UNKNOWN_COLUMN: ReadonlySet<unknown> = new Set(["42703", "42702", "42S22", "23000"]);

function isUnknownColumn(error: unknown, dialect: Dialect): boolean {
  const known = parseDatabaseError(error, dialect);
  // SQLite has one code for all
  return known instanceof SqlSyntaxError &&
    (known.sqlState === undefined || UNKNOWN_COLUMN.has(known.sqlState));
}
