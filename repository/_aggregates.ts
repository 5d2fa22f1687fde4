import { assertKnownOptions, BadRequestError, didYouMean } from "@kysera/core";
import { columnReference } from "@kysera/executor";
import type { AliasedExpression, ExpressionBuilder, Kysely, SelectQueryBuilder } from "kysely";
import { assertColumn, selectedColumn } from "./_columns.ts";
import type { ReadCondition } from "./_condition.ts";
import { columnsOf } from "./_condition_columns.ts";
import { addOrder, readOrder } from "./_order.ts";
import type { At, Row, Table } from "./_table.ts";
import type { CountOptions } from "./types.ts";

const FUNCTIONS = ["sum", "avg", "min", "max"] as const;
type AggregateName = (typeof FUNCTIONS)[number];

const ONE_OPTIONS = ["where", "signal"];
const GROUP_OPTIONS = [...ONE_OPTIONS, "count", ...FUNCTIONS, "orderBy", "limit", "offset"];

/** One value that is computed. */
interface Aggregate {
  readonly name: AggregateName;
  readonly column: string;
  readonly alias: string;
}

/** The methods that compute, with columns that are not typed. */
export type Aggregates =
  & Record<AggregateName, (column: unknown, options?: CountOptions<any>) => Promise<unknown>>
  & { groupBy(columns: unknown, options?: Row): Promise<Row[]> };

/** Computing, on a table. */
export function aggregates(table: Table): Aggregates {
  const computed = ({ name, column, alias }: Aggregate): AliasedExpression<any, any> => {
    const reference = columnReference(table.name, column);
    return ((eb: ExpressionBuilder<any, any>) => eb.fn.agg(name, [reference]).as(alias)) as any;
  };

  /** The value in the program: the smallest and the largest are values of the column. */
  async function valueOf({ name, column, alias }: Aggregate, row: Row): Promise<unknown> {
    const value = row[alias] ?? null;
    if (name === "sum" || name === "avg") return value;
    return (await table.decoded([{ [column]: value }]))[0]![column];
  }

  async function read(
    { where, signal }: CountOptions<any>,
    columns: readonly string[],
    action: string,
  ): Promise<ReadCondition> {
    const condition = table.condition(where);
    const names = [...columnsOf(condition.condition), ...columns];
    return await table.mustHave(names, action, signal) ? table.condition(where) : condition;
  }

  const one = (name: AggregateName) => async (column: unknown, options: CountOptions<any> = {}) => {
    const action = `compute "${name}" of "${table.name}"`;
    assertKnownOptions(options, ONE_OPTIONS, { action });
    assertColumn(column, action);
    const aggregate: Aggregate = { name, column, alias: "aggregated" };
    const condition = await read(options, [column], action);
    const { rows } = await table.run(
      `aggregate ${name} ${JSON.stringify(column)} ${condition.shape}`,
      condition.values,
      (db, at) => filtered(table, db, condition, at).select(computed(aggregate)),
      options.signal,
    );
    return await valueOf(aggregate, rows[0]!);
  };

  async function groupBy(columns: unknown, options: Row = {}): Promise<Row[]> {
    const action = `group rows of "${table.name}"`;
    assertKnownOptions(options, GROUP_OPTIONS, { action });
    const by = readColumns(columns, action);
    if (by.length === 0) {
      throw new BadRequestError(`Cannot ${action}: name the columns that they are grouped by`);
    }
    const { count, orderBy, limit, offset } = options;
    if (count !== undefined && typeof count !== "boolean") {
      throw new BadRequestError(`Cannot ${action}: "count" is true or false`);
    }
    const all: Aggregate[] = FUNCTIONS.flatMap((name) =>
      readColumns(options[name] ?? [], action).map((column) => ({ name, column, alias: "" }))
    ).map((each, i) => ({ ...each, alias: `aggregated${lettersOf(i)}` }));
    const order = readOrder({ orderBy });
    for (const { column } of order) {
      if (column === "_count" || by.includes(column)) continue;
      throw new BadRequestError(
        `Cannot ${action}: they are ordered by "${column}"; groups are ordered by what they are ` +
          `grouped by, or by "_count"${didYouMean(column, [...by, "_count"])}`,
      );
    }
    const condition = await read(options, [...by, ...all.map(({ column }) => column)], action);
    const values = [...condition.values];
    for (const [name, value] of Object.entries({ limit, offset })) {
      if (value !== undefined && !(Number.isInteger(value) && (value as number) >= 0)) {
        throw new BadRequestError(`Cannot ${action}: ${name} is not a whole number from 0`);
      }
    }
    const isLimited = limit !== undefined || offset !== undefined;
    const most = limit ?? (table.dialect === "sqlite" ? -1 : Number.MAX_SAFE_INTEGER);
    if (isLimited) values.push(most, offset ?? 0);
    const shape = JSON.stringify([by, all, count === true, order, isLimited]);
    const { rows } = await table.run(
      `group ${shape} ${condition.shape}`,
      values,
      (db, at) => {
        let query = filtered(table, db, condition, at)
          .select(by.map((column) => selectedColumn(table.name, column)))
          .groupBy(by.map((column) => columnReference(table.name, column)));
        if (all.length > 0) query = query.select(all.map(computed));
        if (count === true) query = query.select((eb) => eb.fn.countAll().as("countedrows"));
        for (const item of order) {
          query = item.column === "_count"
            ? query.orderBy((eb) => eb.fn.countAll(), item.direction)
            : addOrder(query, [item], table);
        }
        return isLimited
          ? query.limit(at(condition.values.length)).offset(at(condition.values.length + 1))
          : query;
      },
      // What is not a signal is refused where it is used.
      options["signal"] as AbortSignal | undefined,
    );
    const groups = await table.decoded(
      rows.map((row) => Object.fromEntries(by.map((column) => [column, row[column]]))),
    );
    for (const [i, row] of rows.entries()) {
      const group = groups[i]!;
      if (count === true) group["_count"] = Number(row["countedrows"]);
      for (const name of FUNCTIONS) {
        if (options[name] === undefined) continue;
        const computed: Row = {};
        for (const each of all) {
          if (each.name === name) computed[each.column] = await valueOf(each, row);
        }
        group[`_${name}`] = computed;
      }
    }
    return groups;
  }

  return { sum: one("sum"), avg: one("avg"), min: one("min"), max: one("max"), groupBy };
}

function filtered(
  table: Table,
  db: Kysely<any>,
  condition: ReadCondition,
  at: At,
): SelectQueryBuilder<any, any, any> {
  const query = db.selectFrom(table.name) as SelectQueryBuilder<any, any, any>;
  return condition.shape === "()" ? query : query.where((eb) => table.slots(condition, eb, at));
}

function readColumns(columns: unknown, action: string): string[] {
  if (!Array.isArray(columns)) {
    throw new BadRequestError(`Cannot ${action}: pass a list of columns`);
  }
  for (const column of columns) assertColumn(column, action);
  return [...new Set<string>(columns)];
}

/** Letters alone, in one case: plugins that rename columns leave them as they are. */
function lettersOf(index: number): string {
  const letter = String.fromCharCode(97 + index % 26);
  return index < 26 ? letter : lettersOf(Math.floor(index / 26) - 1) + letter;
}
