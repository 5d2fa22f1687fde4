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
import { standAt, type Word, wordsOf } from "../sql/_words.ts";

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
  return [...adviceOnReads(request), ...adviceOnSorts(request), ...adviceOnText(request)];
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

function adviceOnText({ statement, plan }: AdviceRequest): Finding[] {
  const words = wordsOf(statement);
  const of = (
    check: string,
    severity: Finding["severity"],
    message: string,
    reason: string,
    fix: string,
  ): Finding => ({ ...{ check, severity, message, reason, fix }, table: undefined });
  const found = new Map<string, Finding>();
  const add = (advice: Finding): void => void found.set(advice.check, advice);
  words.forEach((word, i) => {
    if (word.kind !== "word") return;
    const next = words[i + 1];
    if (word.text === "select" && next?.text === "*") {
      add(of(
        "select-all",
        "info",
        "Every column is read",
        "Columns that nobody needs cost time, and no index can have them all.",
        "Name the columns.",
      ));
    }
    if (
      (word.text === "like" || word.text === "ilike") && next?.kind === "text" &&
      /^[%_]/.test(next.text)
    ) {
      add(of(
        "leading-wildcard",
        "warning",
        "A pattern begins with a wildcard",
        "No index in the order of the values can be used for it.",
        "Search by a full text index, or an index of trigrams.",
      ));
    }
    if (word.text === "offset" && next?.kind === "number" && Number(next.text) >= MANY) {
      add(of(
        "large-offset",
        "warning",
        `${next.text} rows are read, and thrown away`,
        "Each page takes longer than the one before.",
        "Ask for the rows behind the last one of the page before: see paginateCursor() of @kysera/core.",
      ));
    }
    if (standAt(words, i, ["not", "in", "(", "select"])) {
      add(of(
        "not-in-subquery",
        "warning",
        "NOT IN with a subquery",
        "One NULL among its rows, and no row is found at all.",
        "Write NOT EXISTS.",
      ));
    }
    if (
      standAt(words, i, ["order", "by"]) && ["random", "rand"].includes(words[i + 2]?.text ?? "")
    ) {
      add(of(
        "random-order",
        "warning",
        "Rows are sorted at random",
        "All of them are read and sorted for each run.",
        "Draw a key, and ask for the row behind it.",
      ));
    }
  });
  const first = words[0]?.text;
  if ((first === "update" || first === "delete") && !has(words, "where")) {
    add(of(
      "changes-all",
      "warning",
      `Every row is ${first === "update" ? "changed" : "removed"}`,
      "Nothing says which rows are meant, and all of them are locked.",
      "Add a WHERE.",
    ));
  }
  const tables = new Set(plan.reads.map(({ alias }) => alias));
  if (
    tables.size > 1 &&
    (has(words, "cross") || !(has(words, "on") || has(words, "using") || has(words, "where")))
  ) {
    add(of(
      "cross-join",
      "warning",
      "Each row of a table is joined with each of another",
      "The result has as many rows as the two have multiplied.",
      "Add the condition that they are joined by.",
    ));
  }
  return [...found.values()];
}

function has(words: readonly Word[], text: string): boolean {
  return words.some((word) => word.kind === "word" && word.text === text);
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
