import type { RawNode } from "kysely";
import type { DialectTraits } from "../../dialect/mod.ts";
import { RAW_TRAITS } from "../../dialect/raw.ts";
import { isWord, nameOf, readText, type Token } from "../../tree/_raw_text.ts";
import type { Pass } from "../_pass.ts";
import { problemOfTokens } from "./_fragment.ts";
import { problemOfSetting } from "./_settings.ts";

type Rule = (tokens: readonly Token[], pass: Pass) => string | undefined;

const RAW = "the query is raw SQL";

/** Words that definitions and grants begin with. */
const DEFINITIONS: ReadonlySet<string> = new Set([
  "alter",
  "comment",
  "create",
  "drop",
  "grant",
  "reindex",
  "rename",
  "revoke",
  "truncate",
]);

/**
 * Statements that read and change no row, by their first word. Each looks at the rest.
 *
 * | statement                                | runs                                              |
 * | ---------------------------------------- | ------------------------------------------------- |
 * | SELECT, VALUES, WITH                     | by the rules of a fragment: where it names no     |
 * |                                          | table, as `select pg_advisory_xact_lock(1)`       |
 * | SET, RESET, PRAGMA                       | for settings that decide nothing about rows       |
 * | SET CONSTRAINTS, SET TRANSACTION         | yes                                               |
 * | SHOW                                     | of one setting, on PostgreSQL                     |
 * | LISTEN, NOTIFY, UNLISTEN                 | yes                                               |
 * | SAVEPOINT, RELEASE, ROLLBACK TO          | yes                                               |
 * | EXEC                                     | of the lock of Kysely's Migrator, on SQL Server   |
 */
const STATEMENTS: Readonly<Record<string, Rule>> = {
  select: problemOfQuery,
  values: problemOfQuery,
  with: problemOfQuery,
  set: (tokens, { rules: { traits } }) => problemOfSet(tokens.slice(1), traits),
  reset: (tokens, { rules: { traits } }) =>
    matches(tokens, /^w n$/) ? problemOfSetting(nameOf(tokens[1]!, traits), traits) : RAW,
  show: onlyIf((tokens) => matches(tokens, /^w n$/)),
  pragma: (tokens, { rules: { traits } }) => problemOfPragma(tokens.slice(1), traits),
  notify: onlyIf((tokens) => matches(tokens, /^w n(?: , l)?$/)),
  listen: onlyIf((tokens) => matches(tokens, /^w n$/)),
  unlisten: onlyIf((tokens) => matches(tokens, /^w (?:n|\*)$/)),
  savepoint: onlyIf((tokens) => matches(tokens, /^w n$/)),
  release: onlyIf((tokens) => {
    const at = isWord(tokens[1], "savepoint") && tokens.length > 2 ? 2 : 1;
    return matches(tokens.slice(at), /^n$/);
  }),
  rollback: onlyIf((tokens) => {
    let at = isWord(tokens[1], "transaction") || isWord(tokens[1], "work") ? 2 : 1;
    if (!isWord(tokens[at], "to")) return false;
    at = isWord(tokens[at + 1], "savepoint") ? at + 2 : at + 1;
    return matches(tokens.slice(at), /^n$/);
  }),
  exec: onlyIf((tokens) => {
    const locks = isWord(tokens[1], "sp_getapplock") || isWord(tokens[1], "sp_releaseapplock");
    return locks && areArguments(tokens.slice(2));
  }),
};

function problemOfQuery(tokens: readonly Token[], pass: Pass): string | undefined {
  return problemOfTokens(tokens, "query", pass);
}

function onlyIf(test: (tokens: readonly Token[]) => boolean): Rule {
  return (tokens) => test(tokens) ? undefined : RAW;
}

/**
 * What is wrong with raw SQL that is a statement of its own, under `rawSql: "deny"`: anything by which
 * it could read or change a row, or have the server read what comes after it in another way.
 */
export function problemOfStatement(raw: RawNode, pass: Pass): string | undefined {
  const { traits } = pass.rules;
  const { tokens, problem } = readText(raw, traits);
  if (tokens === undefined) return problem;
  const first = tokens.find(({ text }) => text !== "(");
  const word = first?.kind === "word" ? first.text.toLowerCase() : "";
  if (DEFINITIONS.has(word)) {
    return `the statement is raw SQL that defines something ("${word}"); use executor.schema, and ` +
      "give migrations with raw SQL the Kysely of getRawDb(executor)";
  }
  if (!RAW_TRAITS[traits.name].statements.has(word)) return RAW;
  const rule = STATEMENTS[word]!;
  // Behind a bracket, only a query comes.
  return first === tokens[0] || rule === problemOfQuery ? rule(tokens, pass) : RAW;
}

/** Compares tokens with a pattern of their kinds: a word, a name, a literal, or a sign. */
function matches(tokens: readonly Token[], pattern: RegExp): boolean {
  const kinds = tokens.slice(0, 8).map(({ kind, text, node }, i) =>
    i === 0 && kind === "word" && tokens.length > 1
      ? "w"
      : kind === "word" || kind === "name" || node?.kind === "IdentifierNode"
      ? "n"
      : kind === "literal" || node?.kind === "ValueNode"
      ? "l"
      : text
  );
  return tokens.length <= 8 && pattern.test(kinds.join(" "));
}

/** Returns true for what a setting's value is made of: no bracket, and so no query. */
function isValue({ kind, text, node }: Token): boolean {
  if (kind === "sign") return ",-+.=:@/".includes(text);
  return node === undefined || node.kind === "ValueNode";
}

/** Returns true for `@a = 'x', @b = 'y'`. */
function areArguments(tokens: readonly Token[]): boolean {
  for (let i = 0; i < tokens.length; i += 5) {
    const value = tokens[i + 3];
    const isArgument = tokens[i]!.text === "@" && tokens[i + 1]?.kind === "word" &&
      tokens[i + 2]?.text === "=" &&
      (value?.kind === "literal" || value?.node?.kind === "ValueNode");
    if (!isArgument || (i + 4 < tokens.length && tokens[i + 4]!.text !== ",")) return false;
  }
  return true;
}

function problemOfPragma(
  tokens: readonly Token[],
  traits: DialectTraits,
): string | undefined {
  const [name, ...value] = tokens[1]?.text === "." ? tokens.slice(2) : tokens;
  if (name === undefined || (name.kind !== "word" && name.kind !== "name")) return RAW;
  const problem = problemOfSetting(nameOf(name, traits), traits);
  if (problem !== undefined || value.length === 0) return problem;
  const inBrackets = value[0]!.text === "(" && value.at(-1)!.text === ")";
  return (inBrackets ? value.slice(1, -1) : value).every(isValue) ? undefined : RAW;
}

/** Encodings in which each sign is read as what it is. */
const UTF8 = /^'?utf-?8(?:mb[34])?'?$/i;

/** What is wrong with what stands behind SET. */
function problemOfSet(tokens: readonly Token[], traits: DialectTraits): string | undefined {
  if (!tokens.every(isValue)) return RAW;
  const scoped = isWord(tokens[0], "local") || isWord(tokens[0], "session");
  // SESSION AUTHORIZATION is a setting of its own, SESSION CHARACTERISTICS AS TRANSACTION is not.
  const rest = scoped ? tokens.slice(1) : tokens;
  if (isWord(rest[0], "transaction")) return isWord(rest[1], "snapshot") ? RAW : undefined;
  if (isWord(rest[0], "names")) return problemOfNames(rest.slice(1), traits);
  if (RAW_TRAITS[traits.name].sets === "several") return problemOfAssignments(tokens, traits);
  if (isWord(rest[0], "constraints") || isWord(rest[0], "characteristics")) return undefined;
  if (isWord(rest[0], "time") && isWord(rest[1], "zone")) return undefined;
  const [name, is] = rest;
  if (name === undefined || (name.kind !== "word" && name.kind !== "name")) return RAW;
  const text = nameOf(name, traits);
  if (text.toLowerCase() === "client_encoding") return problemOfNames(rest.slice(2), traits);
  // Settings of an application have a dot in their name.
  const dotted = is?.text === "." ? `${text}.${rest[2]?.text ?? ""}` : text;
  return problemOfSetting(dotted, traits) ??
    (is?.text === "=" || isWord(is, "to") ? undefined : RAW);
}

function problemOfNames(
  [name, ...rest]: readonly Token[],
  traits: DialectTraits,
): string | undefined {
  const collates = rest.length === 0 || (rest.length === 2 && isWord(rest[0], "collate"));
  return name !== undefined && UTF8.test(name.text) && collates
    ? undefined
    : problemOfSetting("names", traits);
}

/** `a = 1, session b = 2, @c = 3`: several settings at once. */
function problemOfAssignments(
  tokens: readonly Token[],
  traits: DialectTraits,
): string | undefined {
  let at = 0;
  for (;;) {
    if (isWord(tokens[at], "session") || isWord(tokens[at], "local")) at++;
    const isVariable = tokens[at]?.text === "@" && tokens[at + 1]?.kind === "word";
    if (isVariable) at++;
    const name = tokens[at];
    if (name?.kind !== "word") return RAW;
    const problem = isVariable ? undefined : problemOfSetting(name.text, traits);
    if (problem !== undefined) return problem;
    at++;
    if (tokens[at]?.text === ":") at++;
    if (tokens[at]?.text !== "=") return RAW;
    while (at < tokens.length && tokens[at]!.text !== ",") at++;
    if (at === tokens.length) return undefined;
    at++;
  }
}
