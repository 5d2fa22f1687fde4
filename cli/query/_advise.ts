import { detectDialect } from "@kysera/core";
import type { SchemaTable } from "@kysera/migrations/schema";
import { type Kysely, sql } from "kysely";
import { type Finding, indexedColumns } from "../doctor/_check.ts";
import {
  columnAt,
  comparedColumns,
  conditionsOf,
  orderOf,
  tableNamed,
} from "../sql/_conditions.ts";
import type { Plan, Read } from "./_plan.ts";
import { type Word, wordsOf } from "../sql/_words.ts";
import { adviceOnText } from "./_text_rules.ts";

/** What advice is given about. */
export interface AdviceRequest {
  readonly statement: string;
  readonly plan: Plan;
  readonly tables: readonly SchemaTable[];
  /** About how many rows a table has; `undefined` where that is not known. */
  readonly sizeOf: (table: string) => number | undefined;
  /** Builds the statements that mend something; nothing is run by it. */
  readonly db: Kysely<any>;
}

/** A table of which all rows are read is worth an index from here on. */
const MANY = 1000;

/** Finds what makes a statement slow, or wrong, and says what mends it. */
export function advise(request: AdviceRequest): Finding[] {
  return [
    ...adviceOnReads(request),
    ...adviceOnSorts(request),
    ...adviceOnText(request.statement, request.plan),
  ];
}

function adviceOnReads({ statement, plan, tables, sizeOf, db }: AdviceRequest): Finding[] {
  return plan.reads.flatMap((read): Finding[] => {
    const table = read.table === undefined
      ? tableNamed(read.alias, statement, tables)
      : tables.find(({ name }) => name === read.table);
    if (table === undefined || read.how === "index") return [];
    const columns = comparedColumns(filterOf(read, statement), { alias: read.alias, table });
    const size = sizeOf(table.name);
    const many = size === undefined || size >= MANY;
    const rows = size === undefined ? "" : `, about ${size} rows`;
    if (columns.length === 0) {
      if (!many || read.filter !== undefined) return [];
      return [{
        check: "reads-all",
        severity: "info",
        table: table.name,
        message: `All rows of "${table.name}" are read${rows}`,
        reason: "Nothing in the statement says which of them are wanted.",
        fix: "Add a condition, or a limit with an order that has an index.",
      }];
    }
    const isThere = indexedColumns(table).some(([first]) => first === columns[0]);
    const fix = isThere
      ? `${analyze(db, table.name)} -- there is an index, and the database does not take it`
      : index(db, table.name, columns);
    return [{
      check: read.how === "automatic" ? "automatic-index" : "full-scan",
      severity: many ? "warning" : "info",
      table: table.name,
      message: read.how === "automatic"
        ? `An index on "${table.name}" (${columns.join(", ")}) is built for each run`
        : `All rows of "${table.name}" are read${rows}, to find some by ${columns.join(", ")}`,
      reason: many
        ? "It takes longer with each row that is added."
        : "It has few rows now, and takes longer with each that is added.",
      fix,
    }];
  });
}

function adviceOnSorts({ statement, plan, tables, db }: AdviceRequest): Finding[] {
  const advice = plan.sorts.filter(({ isOnDisk }) => isOnDisk).map((): Finding => ({
    check: "sort-on-disk",
    severity: "warning",
    table: undefined,
    message: "Rows are sorted on disk",
    reason: "They do not fit into the memory that a sort may take.",
    fix: "set work_mem = '64MB'; -- for the session, or an index that has the order",
  }));
  const misjudged = plan.misjudged.map(({ table, expected, actual }): Finding => ({
    check: "wrong-estimate",
    severity: "warning",
    table,
    message: `${actual} rows came of ${
      table === undefined ? "a step" : `"${table}"`
    }, and ${expected} were expected`,
    reason: "A plan that is made for other numbers may be a bad one.",
    fix: table === undefined ? "analyze;" : analyze(db, table),
  }));
  if (plan.sorts.length === 0) return [...advice, ...misjudged];
  const sort = sortedTable(statement, plan, tables);
  if (sort === undefined) return [...advice, ...misjudged];
  return [...advice, ...misjudged, {
    check: "sort-without-index",
    severity: "info",
    table: sort.table,
    message: `Rows of "${sort.table}" are sorted by ${sort.columns.join(", ")}`,
    reason: "With a limit, all of them are read and sorted for the first few.",
    fix: index(db, sort.table, sort.columns),
  }];
}

/** The table that a statement is sorted by the columns of, where it is one. */
function sortedTable(
  statement: string,
  { reads }: Plan,
  tables: readonly SchemaTable[],
): { readonly table: string; readonly columns: readonly string[] } | undefined {
  const { words } = orderOf(statement);
  const terms = words.filter(({ text, kind }) =>
    !(kind === "word" && ["asc", "desc", "nulls", "first", "last"].includes(text))
  );
  for (const { alias, table: name } of reads) {
    const table = name === undefined
      ? tableNamed(alias, statement, tables)
      : tables.find((each) => each.name === name);
    if (table === undefined) continue;
    const columns = terms.flatMap((_, i) => columnAt(terms, i, alias, table) ?? []);
    const count = terms.filter(({ text }) => text === ",").length + 1;
    // An expression, or the columns of two tables, have no index together.
    if (columns.length !== count || terms.some(({ text }) => text === "(")) continue;
    const isThere = indexedColumns(table).some((each) =>
      columns.every((column, i) => each[i] === column)
    );
    if (!isThere) return { table: table.name, columns };
  }
  return undefined;
}

function filterOf({ filter }: Read, statement: string): Word[] {
  return filter === undefined ? conditionsOf(statement) : wordsOf(filter);
}

function index(db: Kysely<any>, table: string, columns: readonly string[]): string {
  return db.schema.createIndex(`${table}_${columns.join("_")}_index`).on(table)
    .columns([...columns]).compile().sql + ";";
}

function analyze(db: Kysely<any>, table: string): string {
  const name = sql.table(table);
  const statement = detectDialect(db) === "mysql"
    ? sql`analyze table ${name}`
    : sql`analyze ${name}`;
  return `${statement.compile(db).sql};`;
}
