/**
 * PostgreSQL and what speaks like it: `pg`, `postgres`, PGlite.
 *
 * @module
 */
import type { Classified, Kind } from "./_classified.ts";
import type { Fields } from "./_fields.ts";

/** An SQLSTATE: its class is two digits, or one of the letter classes of PostgreSQL. */
const sqlStateShape = /^(?:\d[\dA-Z]|F0|HV|P0|XX)[\dA-Z]{3}$/;

const states: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ["23505", "unique"],
  ["23503", "foreign key"],
  // RESTRICT, since PostgreSQL 18
  ["23001", "foreign key"],
  ["23502", "not null"],
  ["23514", "check"],
  ["44000", "check"],
  ["23P01", "conflict"],
  ["40P01", "deadlock"],
  ["40001", "serialization"],
  ["55P03", "lock timeout"],
  ["57014", "statement timeout"],
  ["57P01", "connection"],
  ["57P02", "connection"],
  ["57P03", "connection"],
  ["57P05", "connection"],
  // The session is ended, not only the transaction
  ["25P03", "connection"],
  ["25P04", "connection"],
  ["53300", "pool exhausted"],
  ["3D000", "connection refused for good"],
  // Access to an object, not a question of syntax
  ["42501", "other"],
]);

const classes: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ["08", "connection"],
  ["28", "connection refused for good"],
  ["22", "invalid input"],
  ["25", "transaction"],
  ["40", "transaction"],
  ["42", "syntax"],
]);

/** Knows a failure that a PostgreSQL server reported. */
export function classifyPostgres(fields: Fields): Classified | undefined {
  const sqlState = fields.string("code");
  if (sqlState === undefined || !sqlStateShape.test(sqlState)) return undefined;
  const kind = isStale(sqlState, fields)
    ? "stale statement"
    : states.get(sqlState) ?? classes.get(sqlState.slice(0, 2)) ?? "other";
  const table = fields.string("table", "table_name");
  const column = fields.string("column", "column_name");
  const hasKey = kind === "unique" || kind === "foreign key" || kind === "conflict";
  return {
    kind,
    sqlState,
    detail: `SQLSTATE ${sqlState}`,
    table,
    columns: hasKey
      ? keyColumns(fields.string("detail") ?? "")
      : column === undefined
      ? []
      : [column],
    constraint: fields.string("constraint", "constraint_name"),
    referencedTable: kind === "foreign key" ? referencedTable(fields, table) : undefined,
  };
}

/** Whether a prepared statement is not what it was, or is gone. */
function isStale(sqlState: string, fields: Fields): boolean {
  if (sqlState === "0A000") return fields.string("routine") === "RevalidateCachedQuery";
  return sqlState === "26000";
}

/**
 * The columns of `Key (a, "B c")=(1, 2) already exists.`: PostgreSQL has no field for them. Names
 * are quoted where they need it, so the list is read up to the bracket that closes it; what follows
 * are values, and never looked at.
 */
function keyColumns(detail: string): string[] {
  const start = detail.indexOf("(");
  const columns: string[] = [];
  let depth = 0;
  let quoted = false;
  let from = start + 1;
  for (let i = start; start >= 0 && i < detail.length; i++) {
    const char = detail[i];
    if (char === '"') quoted = !quoted;
    if (quoted) continue;
    if (char === "(") depth++;
    if (char === ")") depth--;
    if (depth === 0 || (depth === 1 && char === ",")) {
      columns.push(unquote(detail.slice(from, i).trim()));
      from = i + 1;
    }
    if (depth === 0) return detail.startsWith("=(", from) ? columns : [];
  }
  return [];
}

/** An identifier without its quotes; an expression stays as it is. */
function unquote(name: string): string {
  return /^"(?:[^"]|"")*"$/.test(name) ? name.slice(1, -1).replaceAll('""', '"') : name;
}

/**
 * The table that a foreign key refers to. The field `table` is always the one that has the key. The
 * detail ends with the name of the other side: the referenced table when a row that refers was
 * refused, else the referring table again, and then the message names the referenced one first.
 */
function referencedTable(fields: Fields, table: string | undefined): string | undefined {
  const other = lastName(fields.string("detail") ?? "");
  return other === undefined || other === table ? firstName(fields.message) : other;
}

/** The quoted name that a text ends with. What stands before it may be a value of any length. */
function lastName(text: string): string | undefined {
  const end = text.endsWith(".") ? text.length - 2 : text.length - 1;
  if (text[end] !== '"') return undefined;
  let start = text.lastIndexOf('"', end - 1);
  // A quote that is part of the name is doubled.
  while (start > 0 && text[start - 1] === '"') start = text.lastIndexOf('"', start - 2);
  return start < 0 || start + 1 >= end
    ? undefined
    : text.slice(start + 1, end).replaceAll('""', '"');
}

/** The first quoted name of a text. */
function firstName(text: string): string | undefined {
  const start = text.indexOf('"');
  let end = text.indexOf('"', start + 1);
  while (end >= 0 && text[end + 1] === '"') end = text.indexOf('"', end + 2);
  return start < 0 || end <= start + 1
    ? undefined
    : text.slice(start + 1, end).replaceAll('""', '"');
}
