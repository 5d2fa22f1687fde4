import type {
  ColumnDefinition,
  ConstraintDefinition,
  Expression,
  IndexDefinition,
  Reference,
} from "./_change.ts";
import { expressionOf, type Reader } from "./_reader.ts";
import { readType } from "./_type.ts";

/** Keywords that a part of the definition of a column begins with, and so the part before ends. */
const PARTS: ReadonlySet<string> = new Set([
  "constraint",
  "not",
  "null",
  "default",
  "primary",
  "unique",
  "references",
  "check",
  "generated",
  "as",
  "auto_increment",
  "autoincrement",
  "collate",
  "character",
  "charset",
  "comment",
  "on",
  "first",
  "after",
  "key",
  "deferrable",
  "initially",
  "visible",
  "invisible",
  "storage",
  "compression",
  "virtual",
  "stored",
  "persistent",
  "asc",
  "desc",
  "using",
]);
const CONSTRAINTS: ReadonlySet<string> = new Set([
  "constraint",
  "primary",
  "unique",
  "foreign",
  "check",
  "exclude",
]);
const INDEXES: ReadonlySet<string> = new Set(["index", "key", "fulltext", "spatial"]);
/** Kinds of indexes that MySQL builds while it refuses writes. */
export const METHODS: ReadonlySet<string> = new Set(["fulltext", "spatial"]);
const ACTIONS: ReadonlySet<string> = new Set(["cascade", "restrict", "set", "no"]);

/** Goes past the definition of a column. */
export function readColumn(reader: Reader): ColumnDefinition | undefined {
  const name = reader.name();
  if (name === undefined) return undefined;
  const column: { -readonly [K in keyof ColumnDefinition]: ColumnDefinition[K] } = {
    name,
    type: reader.isOneOf(PARTS) && !reader.is("character") ? undefined : readType(reader),
    notNull: false,
    primaryKey: false,
    unique: false,
    autoIncrement: false,
    check: false,
    isPlaced: false,
  };
  while (!reader.isAtEnd) {
    if (reader.take("constraint")) reader.name();
    else if (reader.take("not", "null")) column.notNull = true;
    else if (reader.take("null")) continue;
    else if (reader.take("default")) column.default = reader.expression(PARTS);
    else if (reader.take("primary", "key")) column.primaryKey = true;
    else if (reader.take("unique")) {
      reader.take("key");
      reader.take("nulls", "not", "distinct");
      column.unique = true;
    } else if (reader.is("references")) column.references = readReference(reader);
    else if (reader.take("check")) {
      column.check = true;
      reader.group();
    } else if (reader.take("generated")) readGenerated(reader, column);
    else if (reader.take("as")) readGenerated(reader, column, true);
    else if (reader.take("auto_increment") || reader.take("autoincrement")) {
      column.autoIncrement = true;
    } else if (reader.take("first")) column.isPlaced = true;
    else if (reader.take("after")) {
      column.isPlaced = true;
      reader.name();
    } else if (reader.take("character", "set") || reader.take("charset")) {
      reader.take("=");
      column.charset = reader.any()?.text.toLowerCase();
    } else if (reader.take("collate") || reader.take("storage") || reader.take("compression")) {
      reader.objectName();
    } else if (reader.take("comment")) reader.string();
    else if (reader.take("on", "update")) reader.expression(PARTS);
    else if (reader.take("on", "conflict")) reader.any();
    else if (!takeDeferrable(reader) && !takeNoise(reader)) break;
  }
  return column;
}

function takeNoise(reader: Reader): boolean {
  return ["visible", "invisible", "asc", "desc", "key"].some((word) => reader.take(word)) ||
    reader.take("not", "valid");
}

function takeDeferrable(reader: Reader): boolean {
  if (reader.take("not", "deferrable") || reader.take("deferrable")) return true;
  if (!reader.take("initially")) return false;
  reader.any();
  return true;
}

function readGenerated(
  reader: Reader,
  column: { generated?: ColumnDefinition["generated"]; notNull: boolean },
  isBehindAs = false,
): void {
  if (!isBehindAs) {
    reader.take("always") || (reader.take("by", "default") && reader.take("on", "null"));
    reader.take("as");
  }
  if (reader.take("identity")) {
    reader.group();
    column.generated = "identity";
    column.notNull = true;
    return;
  }
  reader.group();
  column.generated = reader.take("stored") || reader.take("persistent") ? "stored" : "virtual";
  reader.take("virtual");
}

/** Goes past `references ..`. */
export function readReference(reader: Reader): Reference | undefined {
  if (!reader.take("references")) return undefined;
  const table = reader.objectName();
  if (table === undefined) return undefined;
  const columns = namesOf(reader.group());
  let onDelete: string | undefined;
  for (;;) {
    if (reader.take("match")) reader.any();
    else if (reader.take("on", "delete")) onDelete = readAction(reader);
    else if (reader.take("on", "update")) readAction(reader);
    else break;
  }
  return { table, columns, onDelete };
}

function readAction(reader: Reader): string | undefined {
  const word = reader.takeOneOf(ACTIONS);
  if (word === "set" || word === "no") {
    const second = reader.any()?.text;
    reader.group();
    return `${word} ${second}`;
  }
  return word;
}

/** Returns the columns that a list in parentheses begins its parts with. */
export function namesOf(group: Reader | undefined): string[] {
  if (group === undefined) return [];
  return [...group.parts()].map((part) => {
    const isExpression = part.is("(");
    const name = part.name();
    return isExpression || name === undefined || part.is("(") ? "(expression)" : name;
  });
}

/** Whether a constraint of a table comes next, and not a column. */
export function isConstraint(reader: Reader): boolean {
  return reader.isOneOf(CONSTRAINTS);
}

/** Whether an index comes next, as MySQL has them between columns. */
export function isIndex(reader: Reader): boolean {
  return reader.isOneOf(INDEXES);
}

/** Goes past a constraint of a table. */
export function readConstraint(reader: Reader): ConstraintDefinition | undefined {
  let name: string | undefined;
  if (reader.take("constraint") && !reader.isOneOf(CONSTRAINTS)) name = reader.name();
  let type: ConstraintDefinition["type"];
  let columns: string[] = [];
  let notNullColumns: string[] = [];
  let references: Reference | undefined;
  let usingIndex = false;
  if (reader.take("primary", "key") || reader.is("unique")) {
    type = reader.take("unique") ? "unique" : "primary-key";
    if (reader.take("index") || reader.take("key")) name ??= reader.is("(") ? name : reader.name();
    else if (type === "unique") reader.take("nulls", "not", "distinct");
    if (reader.take("using", "index")) {
      usingIndex = true;
      reader.name();
    } else {
      if (reader.take("using")) reader.any();
      columns = namesOf(reader.group());
    }
  } else if (reader.take("foreign", "key")) {
    type = "foreign-key";
    if (!reader.is("(")) name ??= reader.name();
    columns = namesOf(reader.group());
    references = readReference(reader);
  } else if (reader.take("check")) {
    type = "check";
    const condition = reader.group();
    notNullColumns = notNullsOf(condition);
  } else if (reader.take("exclude")) {
    type = "exclusion";
    if (reader.take("using")) reader.any();
    reader.group();
    if (reader.take("where")) reader.group();
  } else return undefined;
  let notValid = false;
  for (;;) {
    if (reader.take("not", "valid")) notValid = true;
    else if (reader.take("include")) reader.group();
    else if (reader.take("on", "conflict")) reader.any();
    else if (reader.take("no", "inherit") || reader.take("not", "enforced")) continue;
    else if (reader.take("enforced")) continue;
    else if (!takeDeferrable(reader)) break;
  }
  return { type, name, columns, references, notValid, usingIndex, notNullColumns };
}

/** The columns that a condition says are not null, where it says nothing else. */
export function notNullsOf(condition: Reader | undefined): string[] {
  if (condition === undefined) return [];
  const names: string[] = [];
  const inner = condition.group() ?? condition;
  do {
    const name = inner.name();
    if (name === undefined || !inner.take("is", "not", "null")) return [];
    names.push(name);
  } while (inner.take("and"));
  return inner.isAtEnd ? names : [];
}

/** Goes past an index between the columns of a table of MySQL. */
export function readInlineIndex(reader: Reader): IndexDefinition {
  const method = reader.takeOneOf(METHODS);
  reader.take("index") || reader.take("key");
  reader.take("if", "not", "exists");
  let name: string | undefined;
  if (!reader.is("(") && !reader.is("using")) name = reader.name();
  if (reader.take("using")) reader.any();
  const columns = namesOf(reader.group());
  reader.end();
  return { name, columns, unique: false, concurrently: false, ifNotExists: false, method };
}

/** Goes past the rest of `create index`, from the table on. */
export function readIndexBody(reader: Reader): {
  readonly columns: readonly string[];
  readonly where: Expression | undefined;
} {
  if (reader.take("using")) reader.any();
  const columns = namesOf(reader.group());
  while (!reader.isAtEnd && !reader.is("where")) reader.any();
  const where = reader.take("where") ? expressionOf(reader.rest) : undefined;
  reader.end();
  return { columns, where };
}
