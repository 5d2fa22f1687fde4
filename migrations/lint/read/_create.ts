import type { Change, ColumnDefinition, ConstraintDefinition, IndexDefinition } from "./_change.ts";
import {
  isConstraint,
  isIndex,
  METHODS,
  readColumn,
  readConstraint,
  readIndexBody,
  readInlineIndex,
} from "./_column.ts";
import { callsOutsideOfSelect, type Reader } from "./_reader.ts";

const CHECKS: ReadonlySet<string> = new Set(["check", "not"]);
const TEMPORARY: ReadonlySet<string> = new Set(["temp", "temporary"]);
const TABLE_WORDS: ReadonlySet<string> = new Set(["global", "local", "unlogged"]);
/** What else is created, and no rule looks at. */
const OTHERS: ReadonlySet<string> = new Set([
  "view",
  "materialized",
  "function",
  "procedure",
  "schema",
  "database",
  "extension",
  "sequence",
  "role",
  "user",
  "publication",
  "subscription",
  "aggregate",
  "operator",
  "cast",
  "collation",
  "statistics",
  "event",
  "rule",
  "virtual",
  "text",
  "recursive",
  "definer",
  "server",
  "foreign",
  "language",
]);

/** Goes past what stands behind `create`. */
export function readCreate(reader: Reader): { changes: Change[]; unread?: string } {
  reader.take("or", "replace");
  const temporary = reader.takeOneOf(TEMPORARY) !== undefined;
  reader.takeOneOf(TABLE_WORDS);
  if (reader.take("table")) return readCreateTable(reader, temporary);
  const unique = reader.take("unique");
  const method = reader.takeOneOf(METHODS);
  if (reader.take("index")) return readCreateIndex(reader, unique, method);
  if (reader.take("type")) return readCreateType(reader);
  if (reader.take("domain")) {
    const type = reader.objectName();
    if (type === undefined) return unread(reader, "create domain");
    const isChecked = reader.has(CHECKS);
    reader.end();
    return { changes: [{ kind: "create-domain", type, isChecked }] };
  }
  if (reader.take("policy")) return readCreatePolicy(reader);
  reader.take("constraint");
  if (reader.take("trigger")) {
    reader.take("if", "not", "exists");
    const name = reader.objectName();
    while (!reader.isAtEnd && !reader.is("on")) reader.any();
    reader.take("on");
    const table = reader.objectName();
    reader.end();
    return name && table
      ? { changes: [{ kind: "create-trigger", table, name: name.name }] }
      : unread(reader, "create trigger");
  }
  const what = reader.takeOneOf(OTHERS);
  if (what === undefined) return unread(reader, `create ${reader.next?.text ?? ""}`);
  reader.end();
  return { changes: [{ kind: "other", what: `create ${what}` }] };
}

function unread(reader: Reader, what: string): { changes: Change[]; unread: string } {
  reader.end();
  return { changes: [], unread: what };
}

function readCreateTable(
  reader: Reader,
  temporary: boolean,
): { changes: Change[]; unread?: string } {
  const ifNotExists = reader.take("if", "not", "exists");
  const table = reader.objectName();
  if (table === undefined) return unread(reader, "create table");
  const columns: ColumnDefinition[] = [];
  const constraints: ConstraintDefinition[] = [];
  const indexes: IndexDefinition[] = [];
  let isDerived = false;
  let problem: string | undefined;
  for (const part of reader.group()?.parts() ?? []) {
    if (part.is("like")) {
      isDerived = true;
      continue;
    }
    if (part.is("period") || part.is("select")) {
      isDerived ||= part.is("select");
      continue;
    }
    if (isConstraint(part)) {
      const constraint = readConstraint(part);
      if (constraint === undefined) problem ??= "a constraint";
      else constraints.push(constraint);
    } else if (isIndex(part)) {
      indexes.push(readInlineIndex(part));
    } else {
      const column = readColumn(part);
      if (column === undefined) problem ??= "a column";
      else columns.push(column);
    }
    if (!part.isAtEnd) problem ??= `.. ${part.next!.text}`;
  }
  const options: string[] = [];
  let charset: string | undefined;
  while (!reader.isAtEnd) {
    if (reader.take("character", "set") || reader.take("charset")) {
      reader.take("=");
      charset = reader.any()?.text.toLowerCase();
      continue;
    }
    isDerived ||= ["as", "select", "like"].some((word) => reader.is(word)) ||
      reader.is("partition", "of");
    options.push(reader.any()!.text);
  }
  return {
    changes: [{
      kind: "create-table",
      table,
      columns,
      constraints,
      indexes,
      ifNotExists,
      temporary,
      isDerived,
      options,
      charset,
    }],
    ...problem === undefined ? {} : { unread: `create table .. ${problem}` },
  };
}

function readCreateIndex(
  reader: Reader,
  unique: boolean,
  method: string | undefined,
): { changes: Change[]; unread?: string } {
  const concurrently = reader.take("concurrently");
  const ifNotExists = reader.take("if", "not", "exists");
  const name = reader.is("on") ? undefined : reader.objectName();
  if (reader.take("using")) reader.any();
  if (!reader.take("on")) return unread(reader, "create index");
  reader.take("only");
  const table = reader.objectName();
  if (table === undefined) return unread(reader, "create index");
  const { columns, where } = readIndexBody(reader);
  const index = { name: name?.name, columns, unique, concurrently, ifNotExists, where, method };
  return { changes: [{ kind: "create-index", table, index }] };
}

function readCreateType(reader: Reader): { changes: Change[]; unread?: string } {
  const type = reader.objectName();
  if (type === undefined) return unread(reader, "create type");
  if (reader.take("as", "enum")) {
    const members = [...reader.group()?.parts() ?? []].flatMap((part) => part.string() ?? []);
    return { changes: [{ kind: "create-enum", type, members }] };
  }
  reader.end();
  return { changes: [{ kind: "other", what: "create type" }] };
}

function readCreatePolicy(reader: Reader): { changes: Change[]; unread?: string } {
  const name = reader.name();
  if (name === undefined || !reader.take("on")) return unread(reader, "create policy");
  const table = reader.objectName();
  if (table === undefined) return unread(reader, "create policy");
  const { rest } = reader;
  const from = rest.findIndex(({ kind, text }, i) =>
    kind === "word" && (text === "using" || (text === "check" && rest[i - 1]?.text === "with"))
  );
  const condition = from < 0 ? [] : rest.slice(from + 1);
  reader.end();
  return {
    changes: [{
      kind: "create-policy",
      table,
      name,
      perRowCalls: callsOutsideOfSelect(condition),
    }],
  };
}
