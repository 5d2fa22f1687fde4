/**
 * SQLite, through `node:sqlite`, `better-sqlite3`, `bun:sqlite`, libsql, `@db/sqlite`,
 * `@sqlite.org/sqlite-wasm`, `sql.js`, and what
 * Cloudflare's runtime offers: D1 and Durable Objects.
 *
 * @module
 */
import type { Classified, Kind } from "./_classified.ts";
import type { Fields } from "./_fields.ts";

/** By extended result code. */
const results: readonly (readonly [number, string, Kind])[] = [
  [1, "SQLITE_ERROR", "syntax"],
  [3, "SQLITE_PERM", "other"],
  [5, "SQLITE_BUSY", "lock timeout"],
  [6, "SQLITE_LOCKED", "lock timeout"],
  [8, "SQLITE_READONLY", "other"],
  [9, "SQLITE_INTERRUPT", "statement timeout"],
  [14, "SQLITE_CANTOPEN", "connection refused for good"],
  [18, "SQLITE_TOOBIG", "invalid input"],
  [19, "SQLITE_CONSTRAINT", "other"],
  [20, "SQLITE_MISMATCH", "invalid input"],
  [25, "SQLITE_RANGE", "invalid input"],
  [26, "SQLITE_NOTADB", "connection refused for good"],
  [275, "SQLITE_CONSTRAINT_CHECK", "check"],
  // A transaction that read old data wants to write
  [517, "SQLITE_BUSY_SNAPSHOT", "serialization"],
  [787, "SQLITE_CONSTRAINT_FOREIGNKEY", "foreign key"],
  [1299, "SQLITE_CONSTRAINT_NOTNULL", "not null"],
  [1555, "SQLITE_CONSTRAINT_PRIMARYKEY", "unique"],
  [2067, "SQLITE_CONSTRAINT_UNIQUE", "unique"],
  [2579, "SQLITE_CONSTRAINT_ROWID", "unique"],
  [3091, "SQLITE_CONSTRAINT_DATATYPE", "invalid input"],
];

const byNumber: ReadonlyMap<number, Kind> = new Map(results.map(([no, _, kind]) => [no, kind]));
const byName: ReadonlyMap<string, Kind> = new Map(results.map(([_, name, kind]) => [name, kind]));

/** The field with the result code, by the name of an error. */
const OWN_NUMBERS: ReadonlyMap<string, string> = new Map([
  ["SqliteError", "code"],
  ["SQLite3Error", "resultCode"],
]);

/** What `node:sqlite` says, with a code of Node's for any kind of object, of one that is closed. */
const closed: ReadonlySet<string> = new Set([
  "database is not open",
  "statement has been finalized",
  "session is not open",
]);

/**
 * Knows a failure that SQLite reported.
 *
 * @param isSqlite whether the error is known to come from SQLite
 */
export function classifySqlite(fields: Fields, isSqlite: boolean): Classified | undefined {
  const name = [fields.string("extendedCode"), fields.string("code")]
    .find((code) => code?.startsWith("SQLITE_") === true);
  // A numeric `code` of a SqliteError is @db/sqlite's; other errors (DOMException) have one of another meaning
  const own = OWN_NUMBERS.get(fields.string("name") ?? "");
  const number = fields.number("errcode", "rawCode") ??
    (own === undefined ? undefined : fields.number(own));
  const told = name === undefined && number === undefined
    ? codeInMessage(fields.message)
    : undefined;
  const kind = kindOf(number, name ?? told?.name) ?? ownKind(fields, isSqlite);
  if (kind === undefined) return undefined;
  return {
    kind,
    detail: name ?? told?.name ??
      (number === undefined ? undefined : `SQLite result code ${number}`),
    ...partsOf(kind, told?.message ?? fields.message),
  };
}

/** The codes of `node:sqlite` that stand in place of, or without, a result code. */
function ownKind(fields: Fields, isSqlite: boolean): Kind | undefined {
  const code = fields.string("code");
  if (code === "ERR_SQLITE_ERROR") return "other";
  return code === "ERR_INVALID_STATE" && (isSqlite || closed.has(fields.message))
    ? "connection refused for good"
    : undefined;
}

function kindOf(number: number | undefined, name: string | undefined): Kind | undefined {
  if (number !== undefined) {
    // The lowest byte of an extended result code is the primary one
    return byNumber.get(number) ?? byNumber.get(number & 0xff) ?? "other";
  }
  if (name === undefined) return undefined;
  return byName.get(name) ?? byName.get(name.split("_", 2).join("_")) ?? "other";
}

const CODE = /^SQLITE_[A-Z]+(?:_[A-Z]+)*$/;
const EXTENDED = " (extended: ";
/** The extended codes of those constraints that D1 names in words alone. */
const CONSTRAINTS: readonly (readonly [string, string])[] = [
  ["UNIQUE constraint failed", "SQLITE_CONSTRAINT_UNIQUE"],
  ["NOT NULL constraint failed", "SQLITE_CONSTRAINT_NOTNULL"],
  ["CHECK constraint failed", "SQLITE_CONSTRAINT_CHECK"],
  ["FOREIGN KEY constraint failed", "SQLITE_CONSTRAINT_FOREIGNKEY"],
];

/**
 * The code that Cloudflare's runtime puts at the end of the message, and nowhere else:
 * `D1_ERROR: .. failed: t.a: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_UNIQUE)`, or without what
 * stands in brackets.
 */
function codeInMessage(message: string): { name: string; message: string } | undefined {
  const bracket = message.endsWith(")") ? message.lastIndexOf(EXTENDED) : -1;
  const told = bracket < 0 ? message : message.slice(0, bracket);
  const at = told.lastIndexOf(": SQLITE_");
  if (at < 0) return undefined;
  const code = told.slice(at + 2);
  if (!CODE.test(code)) return undefined;
  const text = told.slice(0, at).replace(/^D1_ERROR: /, "");
  const extended = bracket < 0 ? "" : message.slice(bracket + EXTENDED.length, -1);
  if (CODE.test(extended)) return { name: extended, message: text };
  const constraint = CONSTRAINTS.find(([words]) => text.startsWith(words));
  return { name: constraint?.[1] ?? code, message: text };
}

/** What only the message tells: the names. SQLite puts no values into these messages. */
function partsOf(kind: Kind, message: string): Partial<Classified> {
  const told = / constraint failed: (.*)$/s.exec(message)?.[1];
  if (told === undefined) return {};
  if (kind === "check") return { constraint: told };
  if (kind !== "unique" && kind !== "not null") return {};
  const index = /^index '(.*)'$/s.exec(told)?.[1];
  if (index !== undefined) return { constraint: index };
  const names = told.split(", ").map((name) => name.split("."));
  return { table: names[0]?.[0], columns: names.map((parts) => parts.slice(1).join(".")) };
}
