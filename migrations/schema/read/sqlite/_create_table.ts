import type { ForeignKeyAction, SchemaForeignKey } from "../../snapshot/schema_table.ts";
import { Cursor } from "./_cursor.ts";

/** A constraint as it is written. */
export interface ParsedConstraint {
  readonly name: string | null;
  readonly columns: readonly string[];
  /** Its text, with its columns where those stand before it. */
  readonly definition: string;
}

/** A check as it is written. */
export interface ParsedCheck {
  readonly name: string | null;
  readonly expression: string;
  readonly definition: string;
}

/** A foreign key as it is written; without columns to refer to where those of the key are meant. */
export type ParsedForeignKey = Pick<
  SchemaForeignKey,
  | "name"
  | "columns"
  | "referencedTable"
  | "referencedColumns"
  | "onUpdate"
  | "onDelete"
  | "deferrable"
>;

/** What the text of a column tells and the catalog does not. */
export interface ParsedColumn {
  readonly collation: string | null;
  readonly generated: string | null;
}

/** What `create table` says. */
export interface ParsedTable {
  /** By the name of the column in lower case. */
  readonly columns: ReadonlyMap<string, ParsedColumn>;
  readonly primaryKey: ParsedConstraint | null;
  readonly autoincrement: boolean;
  /** Whether the key is written at its column with `desc`: then it is not the number of the row. */
  readonly descendingKey: boolean;
  readonly uniques: readonly ParsedConstraint[];
  readonly foreignKeys: readonly ParsedForeignKey[];
  readonly checks: readonly ParsedCheck[];
}

/** Words that end the type of a column. */
const CONSTRAINTS: ReadonlySet<string> = new Set([
  "constraint",
  "primary",
  "not",
  "null",
  "unique",
  "check",
  "default",
  "collate",
  "references",
  "generated",
  "as",
]);

/** What is found, as it grows. */
interface Found {
  readonly columns: Map<string, ParsedColumn>;
  primaryKey: ParsedConstraint | null;
  autoincrement: boolean;
  descendingKey: boolean;
  readonly uniques: ParsedConstraint[];
  readonly foreignKeys: ParsedForeignKey[];
  readonly checks: ParsedCheck[];
}

/**
 * Reads `create table` for what the catalog of SQLite does not have: collations, the expressions of
 * checks and generated columns, and the names of constraints.
 *
 * @param sql the statement, as SQLite stored it
 */
export function parseCreateTable(sql: string): ParsedTable {
  const found: Found = {
    columns: new Map(),
    primaryKey: null,
    autoincrement: false,
    descendingKey: false,
    uniques: [],
    foreignKeys: [],
    checks: [],
  };
  const cursor = new Cursor(sql);
  while (!cursor.atEnd && !(cursor.next!.kind === "sign" && cursor.next!.text === "(")) {
    cursor.read();
  }
  for (const part of cursor.list() ?? []) {
    const isTableConstraint = ["constraint", "primary", "unique", "check", "foreign"]
      .some((word) => part.isAt(word));
    if (isTableConstraint) readConstraints(part, found, undefined);
    else readColumn(part, found);
  }
  return found;
}

function readColumn(part: Cursor, found: Found): void {
  const name = part.name();
  found.columns.set(name.toLowerCase(), { collation: null, generated: null });
  while (
    part.next !== undefined && !(part.next.kind === "word" && CONSTRAINTS.has(part.next.text))
  ) {
    if (part.list() === undefined) part.read();
  }
  readConstraints(part, found, name);
}

/** Reads the constraints of a column, or those that stand in one part of the list of a table. */
function readConstraints(part: Cursor, found: Found, column: string | undefined): void {
  let name: string | null = null;
  const tellColumn = (change: Partial<ParsedColumn>): void => {
    if (column === undefined) return;
    const key = column.toLowerCase();
    found.columns.set(key, { ...found.columns.get(key)!, ...change });
  };
  while (!part.atEnd) {
    if (part.take("constraint")) {
      name = part.name();
      continue;
    }
    const start = part.position;
    const text = () => part.source.slice(start, part.lastEnd);
    if (part.take("primary", "key")) {
      const columns = columnsOf(part, column);
      if (!part.take("asc") && part.take("desc")) found.descendingKey = true;
      takeConflict(part);
      const definition = withColumn(text(), "primary key", column);
      if (part.take("autoincrement")) found.autoincrement = true;
      found.primaryKey = { name, columns, definition };
    } else if (part.take("unique")) {
      const columns = columnsOf(part, column);
      takeConflict(part);
      found.uniques.push({ name, columns, definition: withColumn(text(), "unique", column) });
    } else if (part.take("check")) {
      const expression = part.parenthesized() ?? "";
      takeConflict(part);
      found.checks.push({ name, expression, definition: text() });
    } else if (part.take("foreign", "key")) {
      const columns = columnsOf(part, column);
      if (part.take("references")) found.foreignKeys.push(readReference(part, name, columns));
    } else if (part.take("references")) {
      found.foreignKeys.push(
        readReference(part, name, column === undefined ? [] : [column]),
      );
    } else if (part.take("collate")) {
      const collation = part.name().toLowerCase();
      tellColumn({ collation: collation === "binary" ? null : collation });
    } else if (part.take("generated", "always", "as") || part.take("as")) {
      tellColumn({ generated: part.parenthesized() ?? "" });
    } else if (part.take("default")) {
      if (part.list() === undefined) {
        while (part.takeSign("-") || part.takeSign("+"));
        part.read();
      }
    } else if (part.take("not", "null") || part.take("null")) {
      takeConflict(part);
    } else {
      part.read();
    }
    name = null;
  }
}

/** Puts the column of a constraint that is written at it behind the keyword. */
function withColumn(definition: string, keyword: string, column: string | undefined): string {
  return column === undefined
    ? definition
    : `${keyword} (${quoted(column)})${definition.slice(keyword.length)}`;
}

/** Returns a name in quotes. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function columnsOf(part: Cursor, column: string | undefined): string[] {
  const list = part.list();
  return list === undefined
    ? column === undefined ? [] : [column]
    : list.map((each) => each.name());
}

function takeConflict(part: Cursor): void {
  if (part.take("on", "conflict")) part.read();
}

function readReference(
  part: Cursor,
  name: string | null,
  columns: readonly string[],
): ParsedForeignKey {
  const referencedTable = part.name();
  const referencedColumns = (part.list() ?? []).map((each) => each.name());
  let onUpdate: ForeignKeyAction = "no action";
  let onDelete: ForeignKeyAction = "no action";
  let deferrable: SchemaForeignKey["deferrable"] = "no";
  for (;;) {
    if (part.take("on", "delete")) onDelete = readAction(part);
    else if (part.take("on", "update")) onUpdate = readAction(part);
    else if (part.take("match")) part.read();
    else if (part.isAt("deferrable") || part.isAt("not", "deferrable")) {
      const isDeferrable = !part.take("not");
      part.take("deferrable");
      const isDeferred = part.take("initially", "deferred");
      if (!isDeferred) part.take("initially", "immediate");
      if (isDeferrable) deferrable = isDeferred ? "initially deferred" : "initially immediate";
    } else break;
  }
  return { name, columns, referencedTable, referencedColumns, onUpdate, onDelete, deferrable };
}

function readAction(part: Cursor): ForeignKeyAction {
  if (part.take("set", "null")) return "set null";
  if (part.take("set", "default")) return "set default";
  if (part.take("no", "action")) return "no action";
  return part.take("cascade") ? "cascade" : part.take("restrict") ? "restrict" : "no action";
}
