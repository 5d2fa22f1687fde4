import type { Change, ObjectName } from "./_change.ts";
import { isConstraint, isIndex, readColumn, readConstraint, readInlineIndex } from "./_column.ts";
import type { Reader } from "./_reader.ts";
import { readType } from "./_type.ts";

/** Actions that no rule looks at. */
const HARMLESS: ReadonlySet<string> = new Set([
  "algorithm",
  "lock",
  "comment",
  "auto_increment",
  "owner",
  "enable",
  "disable",
  "replica",
  "set",
  "reset",
  "inherit",
  "attach",
  "row_format",
  "checksum",
  "default",
  "of",
  "wait",
  "nowait",
]);
const PARTITIONS: ReadonlySet<string> = new Set([
  "partition",
  "reorganize",
  "coalesce",
  "exchange",
  "rebuild",
  "remove",
]);

/**
 * Goes past the actions of `alter table`.
 *
 * @returns what they change, and the first action that could not be read
 */
export function readAlterTable(reader: Reader): { changes: Change[]; unread?: string } {
  reader.take("if", "exists");
  reader.take("only");
  const table = reader.objectName();
  if (table === undefined) return { changes: [], unread: "alter table" };
  reader.take("*");
  const changes: Change[] = [];
  for (const action of reader.parts()) {
    const word = action.next?.text ?? "";
    const read = readAction(action, table, changes.at(-1));
    if (read === undefined) return { changes, unread: `alter table .. ${word}` };
    changes.push(...read);
    if (!action.isAtEnd) return { changes, unread: `.. ${action.next!.text}` };
  }
  return { changes };
}

function readAction(
  reader: Reader,
  table: ObjectName,
  last: Change | undefined,
): Change[] | undefined {
  if (reader.take("add")) return readAdd(reader, table);
  if (reader.take("drop")) return readDrop(reader, table);
  if (reader.take("alter")) return readAlterColumn(reader, table);
  if (reader.take("modify")) {
    reader.take("column");
    reader.take("if", "exists");
    const column = readColumn(reader);
    return column && [{ kind: "modify-column", table, from: column.name, column }];
  }
  if (reader.take("change")) {
    reader.take("column");
    reader.take("if", "exists");
    const from = reader.name();
    const column = readColumn(reader);
    if (from === undefined || column === undefined) return undefined;
    const modified: Change = { kind: "modify-column", table, from, column };
    return from === column.name
      ? [modified]
      : [{ kind: "rename-column", table, column: from, to: column.name }, modified];
  }
  if (reader.take("rename")) return readRename(reader, table);
  if (reader.take("validate", "constraint")) {
    return [{ kind: "validate-constraint", table, name: reader.name() ?? "" }];
  }
  for (
    const [words, change] of [
      [["enable"], "enable"],
      [["disable"], "disable"],
      [["force"], "force"],
      [["no", "force"], "no-force"],
    ] as const
  ) {
    if (reader.take(...words, "row", "level", "security")) {
      return [{ kind: "row-security", table, change }];
    }
  }
  if (reader.take("detach", "partition")) {
    reader.objectName();
    const concurrently = reader.take("concurrently");
    reader.end();
    return [{ kind: "detach-partition", table, concurrently }];
  }
  if (reader.take("engine")) {
    reader.end();
    return [{ kind: "change-engine", table }];
  }
  if (reader.take("convert", "to", "character", "set") || reader.take("convert", "to", "charset")) {
    const charset = reader.any()?.text.toLowerCase() ?? "";
    reader.end();
    return [{ kind: "change-charset", table, charset }];
  }
  if (reader.isOneOf(PARTITIONS)) {
    reader.end();
    return [{ kind: "change-partitions", table }];
  }
  if (reader.take("cluster", "on")) {
    reader.end();
    return [{ kind: "other", what: "cluster on" }];
  }
  // Lists of partitions and options go on behind a comma.
  if (reader.isOneOf(HARMLESS) || last?.kind === "change-partitions") {
    reader.end();
    return [{ kind: "other", what: "alter table" }];
  }
  return undefined;
}

function readAdd(reader: Reader, table: ObjectName): Change[] | undefined {
  if (reader.isOneOf(PARTITIONS)) {
    reader.end();
    return [{ kind: "change-partitions", table }];
  }
  if (isConstraint(reader)) {
    const constraint = readConstraint(reader);
    return constraint && [{ kind: "add-constraint", table, constraint }];
  }
  if (isIndex(reader)) return [{ kind: "create-index", table, index: readInlineIndex(reader) }];
  reader.take("column");
  const ifNotExists = reader.take("if", "not", "exists");
  const group = reader.group();
  const columns = group === undefined
    ? [readColumn(reader)]
    : [...group.parts()].map((part) => readColumn(part));
  const changes: Change[] = [];
  for (const column of columns) {
    if (column === undefined) return undefined;
    changes.push({ kind: "add-column", table, column, ifNotExists });
  }
  return changes;
}

function readDrop(reader: Reader, table: ObjectName): Change[] | undefined {
  if (reader.take("primary", "key")) {
    return [{ kind: "drop-constraint", table, type: "primary-key" }];
  }
  if (reader.isOneOf(PARTITIONS)) {
    reader.end();
    return [{ kind: "change-partitions", table }];
  }
  for (
    const [words, type] of [
      [["foreign", "key"], "foreign-key"],
      [["check"], "check"],
      [["constraint"], undefined],
    ] as const
  ) {
    if (!reader.take(...words)) continue;
    reader.take("if", "exists");
    const name = reader.name();
    takeBehaviour(reader);
    return [{ kind: "drop-constraint", table, name, type }];
  }
  if (reader.take("index") || reader.take("key")) {
    const ifExists = reader.take("if", "exists");
    const index = reader.objectName();
    return index && [{ kind: "drop-index", table, index, concurrently: false, ifExists }];
  }
  reader.take("column");
  const ifExists = reader.take("if", "exists");
  const column = reader.name();
  takeBehaviour(reader);
  return column === undefined ? undefined : [{ kind: "drop-column", table, column, ifExists }];
}

function takeBehaviour(reader: Reader): void {
  reader.take("cascade") || reader.take("restrict");
}

function readAlterColumn(reader: Reader, table: ObjectName): Change[] | undefined {
  if (reader.take("index") || reader.take("constraint")) {
    reader.end();
    return [{ kind: "other", what: "alter index" }];
  }
  reader.take("column");
  const column = reader.name();
  if (column === undefined) return undefined;
  if (reader.take("type") || reader.take("set", "data", "type")) {
    const type = readType(reader);
    if (type === undefined) return undefined;
    if (reader.take("collate")) reader.objectName();
    const hasUsing = reader.take("using");
    if (hasUsing) reader.expression();
    return [{ kind: "alter-type", table, column, type, hasUsing }];
  }
  if (reader.take("set", "not", "null")) return [{ kind: "set-not-null", table, column }];
  if (reader.take("drop", "not", "null")) return [{ kind: "drop-not-null", table, column }];
  if (reader.take("drop", "default")) return [{ kind: "drop-default", table, column }];
  if (reader.take("set", "default")) {
    return [{ kind: "set-default", table, column, value: reader.expression() }];
  }
  if (
    reader.is("set") || reader.is("reset") || reader.is("add", "generated") || reader.is("drop") ||
    reader.is("restart")
  ) {
    reader.end();
    return [{ kind: "other", what: "alter column" }];
  }
  return undefined;
}

function readRename(reader: Reader, table: ObjectName): Change[] | undefined {
  if (reader.take("to") || reader.take("as")) {
    const to = reader.objectName();
    return to && [{ kind: "rename-table", table, to: to.name }];
  }
  if (reader.take("constraint") || reader.take("index") || reader.take("key")) {
    reader.end();
    return [{ kind: "other", what: "rename" }];
  }
  reader.take("column");
  const column = reader.name();
  if (column === undefined) return undefined;
  if (reader.take("to")) {
    const to = reader.name();
    return to === undefined ? undefined : [{ kind: "rename-column", table, column, to }];
  }
  // MySQL does not need the word.
  return reader.isAtEnd ? [{ kind: "rename-table", table, to: column }] : undefined;
}
