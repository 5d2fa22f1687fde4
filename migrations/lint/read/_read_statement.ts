import type { Lexis } from "../../sql/_lexis.ts";
import { splitScript } from "../../sql/_split.ts";
import { readAlterTable } from "./_alter_table.ts";
import type { Change, ReadStatement } from "./_change.ts";
import { readCreate } from "./_create.ts";
import { Reader } from "./_reader.ts";

const TRANSACTIONS: ReadonlySet<string> = new Set([
  "begin",
  "start",
  "commit",
  "rollback",
  "end",
  "abort",
]);
const COMPARISONS: ReadonlySet<string> = new Set(["in", "between", "like", "exists"]);
const WRITES: ReadonlySet<string> = new Set(["update", "delete", "insert", "merge", "select"]);
/** Statements that no rule looks at. */
const OTHERS: ReadonlySet<string> = new Set([
  "comment",
  "grant",
  "revoke",
  "analyze",
  "analyse",
  "refresh",
  "notify",
  "lock",
  "unlock",
  "use",
  "reset",
  "savepoint",
  "release",
  "security",
  "import",
  "attach",
  "detach",
  "optimize",
  "flush",
  "select",
  "show",
]);

/**
 * Reads what a statement does, in time that grows with its length alone. It reads what databases
 * accept; of a statement with a syntax error it may read more.
 *
 * @param sql the statement
 * @param lexis how the dialect is read
 */
export function readStatement(sql: string, lexis: Lexis): ReadStatement {
  if (isSeveral(sql, lexis)) {
    return { changes: [], unread: "several statements that are sent as one" };
  }
  const reader = Reader.of(sql, lexis);
  // What stands for batches, and what only comments.
  if (reader.isAtEnd) return { changes: [] };
  const read = readFirst(reader);
  if (read.unread !== undefined || reader.isAtEnd) return read;
  return { ...read, unread: `.. ${reader.next!.text}` };
}

/** Whether a text holds more than one statement; semicolons in the body of a trigger end none. */
function isSeveral(sql: string, lexis: Lexis): boolean {
  let count = 0;
  for (const { kind } of splitScript(sql, lexis)) {
    if (kind === "statement" && ++count > 1) return true;
  }
  return false;
}

function readFirst(reader: Reader): { changes: Change[]; unread?: string } {
  if (reader.take("create")) return readCreate(reader);
  if (reader.take("alter")) return readAlter(reader);
  if (reader.take("drop")) return readDrop(reader);
  if (reader.take("rename", "table")) return readRenameTable(reader);
  if (reader.take("truncate")) return readTruncate(reader);
  if (reader.take("reindex")) return readReindex(reader);
  if (reader.take("cluster")) {
    const table = reader.objectName();
    reader.end();
    return { changes: [{ kind: "cluster", table: table ?? { name: "" } }] };
  }
  if (reader.take("vacuum")) return readVacuum(reader);
  if (reader.take("pragma")) return readPragma(reader);
  if (reader.take("set")) return readSet(reader);
  const word = reader.takeOneOf(TRANSACTIONS);
  if (word !== undefined) {
    const isSavepoint = word === "rollback" && reader.has(new Set(["to"]));
    reader.end();
    return {
      changes: [
        isSavepoint ? { kind: "other", what: "rollback to" } : { kind: "transaction", word },
      ],
    };
  }
  return readWrite(reader);
}

function readWrite(reader: Reader): { changes: Change[]; unread?: string } {
  const first = reader.next?.text ?? "nothing";
  if (reader.take("with")) {
    reader.take("recursive");
    // The names and bodies of its queries come before the statement itself.
    while (!reader.isAtEnd && !reader.isOneOf(WRITES)) {
      if (reader.group() === undefined) reader.any();
    }
  }
  const kind = reader.is("update")
    ? "update"
    : reader.is("delete")
    ? "delete"
    : reader.is("insert") || reader.is("replace") || reader.is("merge")
    ? "insert"
    : undefined;
  if (kind !== undefined) {
    reader.any();
    for (const noise of ["low_priority", "ignore", "or", "abort", "fail", "rollback", "replace"]) {
      reader.take(noise);
    }
    reader.take("into") || reader.take("from");
    reader.take("only");
    const table = reader.objectName();
    const isPinned = isComparing(reader);
    reader.end();
    return table
      ? { changes: [{ kind, table, isPinned }] }
      : { changes: [], unread: `${first} ..` };
  }
  if (reader.isOneOf(OTHERS)) {
    reader.end();
    return { changes: [{ kind: "other", what: first }] };
  }
  reader.end();
  return { changes: [], unread: first };
}

/** Whether a condition compares something; `a is null` alone does not. */
function isComparing({ rest }: Reader): boolean {
  const where = rest.findIndex(({ kind, text }) => kind === "word" && text === "where");
  return where >= 0 &&
    rest.slice(where).some(({ kind, text }) =>
      kind === "sign" ? "=<>".includes(text) : kind === "word" && COMPARISONS.has(text)
    );
}

function readAlter(reader: Reader): { changes: Change[]; unread?: string } {
  reader.take("online");
  reader.take("ignore");
  if (reader.take("table")) return readAlterTable(reader);
  if (reader.take("type")) {
    const type = reader.objectName();
    if (type !== undefined && reader.take("add", "value")) {
      reader.take("if", "not", "exists");
      const value = reader.string() ?? "";
      const isPlaced = reader.is("before") || reader.is("after");
      reader.end();
      return { changes: [{ kind: "add-enum-value", type, value, isPlaced }] };
    }
    if (type !== undefined && reader.take("rename", "value")) {
      const value = reader.string() ?? "";
      reader.end();
      return { changes: [{ kind: "rename-enum-value", type, value }] };
    }
  }
  if (reader.take("domain")) {
    const type = reader.objectName();
    const isConstraint = reader.take("add") && !reader.has(new Set(["valid"]));
    const isNotNull = reader.take("set", "not", "null");
    reader.end();
    return type && (isConstraint || isNotNull)
      ? { changes: [{ kind: "alter-domain-constraint", type }] }
      : { changes: [{ kind: "other", what: "alter domain" }] };
  }
  const what = reader.next?.text ?? "";
  reader.end();
  return { changes: [{ kind: "other", what: `alter ${what}` }] };
}

function readDrop(reader: Reader): { changes: Change[]; unread?: string } {
  reader.take("temporary");
  if (reader.take("table")) {
    const ifExists = reader.take("if", "exists");
    const { names, cascade } = readNames(reader);
    return { changes: names.map((table) => ({ kind: "drop-table", table, ifExists, cascade })) };
  }
  if (reader.take("schema") || reader.take("database")) {
    reader.take("if", "exists");
    const { names } = readNames(reader);
    return { changes: names.map(({ name }) => ({ kind: "drop-schema", schema: name })) };
  }
  if (reader.take("index")) {
    const concurrently = reader.take("concurrently");
    const ifExists = reader.take("if", "exists");
    const { names } = readNames(reader);
    const table = reader.take("on") ? reader.objectName() : undefined;
    reader.end();
    return {
      changes: names.map((index) => ({ kind: "drop-index", table, index, concurrently, ifExists })),
    };
  }
  const what = reader.next?.text ?? "";
  reader.end();
  return { changes: [{ kind: "other", what: `drop ${what}` }] };
}

function readNames(reader: Reader) {
  const names = [];
  do {
    reader.take("only");
    const name = reader.objectName();
    if (name !== undefined) names.push(name);
    reader.take("*");
  } while (reader.take(","));
  reader.take("restart", "identity") || reader.take("continue", "identity");
  const cascade = reader.take("cascade");
  reader.take("restrict");
  return { names, cascade };
}

function readRenameTable(reader: Reader): { changes: Change[]; unread?: string } {
  const changes: Change[] = [];
  for (const part of reader.parts()) {
    part.take("if", "exists");
    const table = part.objectName();
    const to = part.take("to") ? part.objectName() : undefined;
    if (table === undefined || to === undefined) return { changes, unread: "rename table" };
    changes.push({ kind: "rename-table", table, to: to.name });
  }
  return { changes };
}

function readTruncate(reader: Reader): { changes: Change[] } {
  reader.take("table");
  const { names, cascade } = readNames(reader);
  reader.end();
  return { changes: names.map((table) => ({ kind: "truncate", table, cascade })) };
}

function readReindex(reader: Reader): { changes: Change[] } {
  const options = reader.group();
  for (const kind of ["index", "table", "schema", "database", "system"]) reader.take(kind);
  const concurrently = reader.take("concurrently") ||
    options?.has(new Set(["concurrently"])) === true;
  const index = reader.objectName() ?? { name: "" };
  reader.end();
  return { changes: [{ kind: "reindex", concurrently, index }] };
}

function readVacuum(reader: Reader): { changes: Change[] } {
  const full = new Set(["full"]);
  const isFull = reader.group()?.has(full) === true || reader.take("full");
  const table = reader.objectName();
  reader.end();
  return {
    changes: [
      isFull
        ? { kind: "vacuum-full", table: table ?? { name: "" } }
        : { kind: "other", what: "vacuum" },
    ],
  };
}

function readPragma(reader: Reader): { changes: Change[] } {
  const name = reader.objectName()?.name ?? "";
  reader.end();
  return { changes: [{ kind: "pragma", name }] };
}

function readSet(reader: Reader): { changes: Change[] } {
  reader.take("local") || reader.take("session") || reader.take("global");
  while (reader.take("@"));
  const name = reader.objectName();
  reader.end();
  return { changes: [{ kind: "set", name: name?.name.toLowerCase() ?? "" }] };
}
