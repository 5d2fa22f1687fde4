import type { CompiledQuery, RootOperationNode } from "kysely";
import type { Lexis } from "./_lexis.ts";
import { type Token, tokensOf } from "./_tokens.ts";

/**
 * What a statement does.
 *
 * - `read`: it is sent again where a migration goes on, and it is not a part of the plan.
 * - `session`: it changes the session alone; it is part of the plan, and sent again.
 * - `write`: it changes rows.
 * - `schema`: anything else.
 * - `begin`, `commit`, `rollback`, `savepoint`: it begins or ends a transaction, or part of one.
 */
export type StatementKind =
  | "read"
  | "session"
  | "write"
  | "schema"
  | "begin"
  | "commit"
  | "rollback"
  | "savepoint";

const BY_NODE: Partial<Record<RootOperationNode["kind"], StatementKind>> = {
  InsertQueryNode: "write",
  UpdateQueryNode: "write",
  DeleteQueryNode: "write",
  MergeQueryNode: "write",
};

const BY_WORD: ReadonlyMap<string, StatementKind> = new Map<string, StatementKind>([
  ["select", "read"],
  ["values", "read"],
  ["table", "read"],
  ["show", "read"],
  ["explain", "read"],
  ["describe", "read"],
  ["desc", "read"],
  ["set", "session"],
  ["reset", "session"],
  ["use", "session"],
  ["pragma", "session"],
  ["attach", "session"],
  ["detach", "session"],
  ["vacuum", "session"],
  ["analyze", "session"],
  ["listen", "session"],
  ["unlisten", "session"],
  ["discard", "session"],
  ["lock", "session"],
  ["unlock", "session"],
  ["insert", "write"],
  ["update", "write"],
  ["delete", "write"],
  ["merge", "write"],
  ["replace", "write"],
  ["load", "write"],
  ["copy", "write"],
  ["call", "write"],
  ["do", "write"],
  ["execute", "write"],
  ["exec", "write"],
  ["begin", "begin"],
  ["start", "begin"],
  ["commit", "commit"],
  ["end", "commit"],
  ["rollback", "rollback"],
  ["abort", "rollback"],
  ["savepoint", "savepoint"],
  ["release", "savepoint"],
]);

const WRITING_WORDS: ReadonlySet<string> = new Set([
  "insert",
  "update",
  "delete",
  "merge",
  "replace",
]);

/**
 * Returns what a statement does, by its node or by its first words.
 *
 * @param query the compiled statement
 * @param lexis how the dialect is read
 */
export function statementKind(query: CompiledQuery, lexis: Lexis): StatementKind {
  const known = BY_NODE[query.query.kind];
  if (known !== undefined) return known;
  // A select may hold `into`, or a WITH clause that writes.
  return query.query.kind === "RawNode" || query.query.kind === "SelectQueryNode"
    ? kindOfText(query.sql, lexis)
    : "schema";
}

/** Returns what a statement does, by its text. */
export function kindOfText(sql: string, lexis: Lexis): StatementKind {
  const tokens = tokensOf(sql, lexis);
  // Not with a loop: leaving one ends what it goes through.
  let next = tokens.next();
  while (!next.done && next.value.text === "(") next = tokens.next();
  const first = next.done ? undefined : next.value;
  if (first?.kind !== "word") return "schema";
  if (first.text === "with") return hasWord(tokens, WRITING_WORDS) ? "write" : "read";
  // `explain analyze` runs what it explains.
  if (first.text === "explain") return hasWord(tokens, WRITING_WORDS) ? "write" : "read";
  if (first.text === "select") return kindOfSelect(tokens);
  if (first.text === "pragma") {
    return READING_PRAGMAS.has(nameOfPragma(tokens)) ? "read" : "session";
  }
  if (first.text === "start") {
    return tokens.next().value?.text === "transaction" ? "begin" : "schema";
  }
  if (first.text === "rollback") return hasWord(tokens, TO) ? "savepoint" : "rollback";
  return BY_WORD.get(first.text) ?? "schema";
}

/** Pragmas that change nothing, whatever they are given. */
const READING_PRAGMAS: ReadonlySet<string> = new Set([
  "compile_options",
  "database_list",
  "foreign_key_check",
  "foreign_key_list",
  "function_list",
  "index_info",
  "index_list",
  "index_xinfo",
  "integrity_check",
  "quick_check",
  "table_info",
  "table_list",
  "table_xinfo",
]);

/** The name of a pragma, behind the schema that it may have. */
function nameOfPragma(tokens: Iterator<Token>): string {
  const first = tokens.next().value;
  if (tokens.next().value?.text !== ".") return first?.text ?? "";
  return tokens.next().value?.text ?? "";
}

/** `select .. into` sets a variable, creates a table, or writes a file. */
function kindOfSelect(tokens: Iterator<Token>): StatementKind {
  for (let next = tokens.next(); !next.done; next = tokens.next()) {
    if (next.value.kind !== "word" || next.value.text !== "into") continue;
    return tokens.next().value?.text === "@" ? "session" : "schema";
  }
  return "read";
}

const TO: ReadonlySet<string> = new Set(["to"]);

function hasWord(tokens: Iterable<Token>, words: ReadonlySet<string>): boolean {
  for (const { kind, text } of tokens) if (kind === "word" && words.has(text)) return true;
  return false;
}

/** Returns what a statement about a savepoint does, and to which. */
export function savepointOf(sql: string, lexis: Lexis): { word: string; name: string } {
  const words = [...tokensOf(sql, lexis)].filter(({ kind }) => kind === "word" || kind === "name");
  return { word: words[0]?.text ?? "", name: words.at(-1)?.text ?? "" };
}

/** Whether a text holds more than one statement. */
export function isSeveral(sql: string, lexis: Lexis): boolean {
  let isOver = false;
  for (const { text, kind } of tokensOf(sql, lexis)) {
    if (kind === "sign" && text === ";") isOver = true;
    else if (isOver) return true;
  }
  return false;
}

/** Words behind which the name of a table, or of another object, stands. */
const BEFORE_NAMES: ReadonlySet<string> = new Set([
  "table",
  "index",
  "view",
  "into",
  "update",
  "from",
  "join",
  "on",
  "to",
  "as",
  "trigger",
  "function",
  "procedure",
  "sequence",
  "type",
  "schema",
  "concurrently",
  "exists",
  "only",
  "ignore",
  "replace",
  "truncate",
]);

/** Returns the names of the objects that a statement may change, and a few more. */
export function objectsIn(sql: string, lexis: Lexis): Set<string> {
  const names = new Set<string>();
  let isExpected = false;
  let before: Token | undefined;
  for (const token of tokensOf(sql, lexis)) {
    const { kind, text } = token;
    if (kind === "sign" && text === ".") isExpected = true;
    else {
      if ((kind === "word" || kind === "name") && isExpected) names.add(text);
      isExpected = (kind === "word" && BEFORE_NAMES.has(text)) ||
        (text === "," && before !== undefined && names.has(before.text));
    }
    before = token;
  }
  return names;
}

/** Returns every name that a statement may mean, keywords included. */
export function namesIn(sql: string, lexis: Lexis): Set<string> {
  const names = new Set<string>();
  for (const { kind, text } of tokensOf(sql, lexis)) {
    if (kind === "word" || kind === "name") names.add(text);
  }
  return names;
}
