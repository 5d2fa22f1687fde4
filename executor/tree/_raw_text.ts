import type { OperationNode, RawNode } from "kysely";
import { DIALECTS } from "@kysera/core";
import type { DialectName } from "../contract/plugin.ts";
import { type LexisTraits, TRAITS } from "../dialect/mod.ts";

/** A piece of raw SQL: a word, a quoted name, a literal, a sign, or a node between fragments. */
export interface Token {
  readonly kind: "word" | "name" | "literal" | "sign" | "node";
  readonly text: string;
  readonly node?: OperationNode;
}

/** Stands in the text for a node that is no raw SQL; from a private use area of Unicode. */
const NODE = "\u{F0000}";

const TOKENS: ReadonlyMap<DialectName, RegExp> = new Map(
  DIALECTS.map((dialect) => [dialect, tokenPattern(TRAITS[dialect].lexis)]),
);

function tokenPattern({ quotedName, doubleQuotedStrings }: LexisTraits): RegExp {
  const doubled = doubleQuotedStrings ? `|"(?:[^"]|"")*"` : "";
  return new RegExp(
    "(?<space>\\s+)" +
      "|(?<bad>--|/\\*|;|\\0|\\$[\\p{L}_]?[\\p{L}\\p{N}_]*\\$)" +
      `|(?<literal>(?:\\b[eEbBxXnN])?'(?:[^']|'')*'${doubled}|(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?(?![\\p{L}\\p{N}_$.]))` +
      `|(?<name>${quotedName})` +
      `|(?<node>${NODE})` +
      "|(?<word>[\\p{L}_][\\p{L}\\p{N}_$]*)" +
      "|(?<sign>[^\\s'\"`\\d])",
    "uy",
  );
}

/**
 * Reads a raw fragment and those inside it as one run of tokens: as one text, as the database does.
 *
 * @returns `undefined` where the text cannot be read for sure: comments, several statements, dollar
 * quotes, a quotation that is not closed, a number that runs into a word, a node that is not set
 * apart from the text beside it
 */
export function flatten(raw: RawNode, dialect: DialectName): Token[] | undefined {
  const nodes: OperationNode[] = [];
  const text = textOf(raw, nodes);
  const tokens: Token[] = [];
  const pattern = TOKENS.get(dialect)!;
  pattern.lastIndex = 0;
  let next = 0;
  while (pattern.lastIndex < text.length) {
    const start = pattern.lastIndex;
    const groups = pattern.exec(text)?.groups;
    if (groups === undefined || groups["bad"] !== undefined) return undefined;
    if (groups["space"] !== undefined) continue;
    if (groups["node"] !== undefined) {
      const node = nodes[next++]!;
      if (!standsApart(node, text, start, pattern.lastIndex)) return undefined;
      tokens.push({ kind: "node", text: "", node });
      continue;
    }
    for (const kind of ["literal", "name", "word", "sign"] as const) {
      const found = groups[kind];
      if (found === undefined) continue;
      if (found.includes(NODE)) return undefined;
      tokens.push({ kind, text: found });
    }
  }
  return next === nodes.length ? tokens : undefined;
}

/** The text of raw SQL, and of the raw SQL inside it, as the database reads it. */
export function textOf(raw: RawNode, nodes: OperationNode[]): string {
  let text = "";
  for (let i = 0; i < raw.sqlFragments.length; i++) {
    text += raw.sqlFragments[i]!;
    const node = raw.parameters[i];
    if (node === undefined) continue;
    if (node.kind === "RawNode") text += textOf(node as RawNode, nodes);
    else {
      nodes.push(node);
      text += NODE;
    }
  }
  return text;
}

/** Whether what a node is written as cannot run into the text on either side of it. */
function standsApart(node: OperationNode, text: string, start: number, end: number): boolean {
  const before = text.slice(0, start).at(-1);
  const after = text.slice(end).at(0);
  const dots = NAMES.has(node.kind);
  return (before === undefined || /[\s(),=<>|+%:[\]&^~@?!]/.test(before) ||
    (dots && before === ".")) &&
    (after === undefined || /[\s(),=<>|+%:[\]&^~@?!]/.test(after) || (dots && after === ".") ||
      (/[-*/]/.test(after) && (dots || CLOSED.has(node.kind))));
}

/** Nodes whose SQL ends with a bracket or a placeholder: no sign behind it makes a comment of it. */
const CLOSED: ReadonlySet<string> = new Set([
  "CastNode",
  "FunctionNode",
  "ParensNode",
  "SelectQueryNode",
  "ValueNode",
]);

/** Nodes that are written as a name. */
const NAMES: ReadonlySet<string> = new Set([
  "ColumnNode",
  "IdentifierNode",
  "ReferenceNode",
  "SchemableIdentifierNode",
  "TableNode",
]);

/** Words of SQL's grammar that no function has for a name, and that would be read as themselves. */
const KEYWORDS: ReadonlySet<string> = new Set([
  "and",
  "as",
  "between",
  "case",
  "except",
  "from",
  "having",
  "in",
  "intersect",
  "into",
  "is",
  "join",
  "like",
  "limit",
  "not",
  "on",
  "or",
  "select",
  "straight_join",
  "table",
  "union",
  "using",
  "where",
  "xor",
]);

/** Whether a function's name is a name, and no SQL of its own. */
export function isPlainFunction(name: string): boolean {
  return !KEYWORDS.has(name.toLowerCase()) &&
    /^[\p{L}_][\p{L}\p{N}_$]*(?:\.[\p{L}_][\p{L}\p{N}_$]*)*$/u.test(name);
}
