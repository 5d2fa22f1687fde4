/**
 * Completes the page of errors: under the heading of each code, what the catalogue says of it and the
 * messages that the sources throw with it.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { parseSource } from "../source.ts";
import { members, ROOT } from "../workspace.ts";
import { thrownCodes } from "../../tests/workspace/_thrown_codes.ts";

/** An error code that is thrown. */
export interface KnownCode {
  readonly code: string;
  /** What the catalogue says of it. */
  readonly description: string;
}

const CATALOGUE = join(ROOT, "core/errors/error_codes.ts");

/**
 * Lists the codes of the catalogue in their order, without those that are deprecated.
 *
 * @returns the codes
 */
export function knownCodes(): KnownCode[] {
  const source = parseSource(CATALOGUE);
  const codes: KnownCode[] = [];
  const visit = (node: ts.Node, deprecated: boolean): void => {
    const comment = commentOf(node, source);
    const isOld = deprecated || comment.includes("@deprecated");
    if (ts.isPropertyAssignment(node) && ts.isStringLiteral(node.initializer)) {
      if (!isOld) codes.push({ code: node.initializer.text, description: textOf(comment) });
      return;
    }
    ts.forEachChild(node, (child) => visit(child, isOld));
  };
  for (const statement of source.statements) {
    if (ts.isVariableStatement(statement)) visit(statement, false);
  }
  return codes;
}

function commentOf(node: ts.Node, source: ts.SourceFile): string {
  if (!ts.isPropertyAssignment(node) && !ts.isVariableStatement(node)) return "";
  const ranges = ts.getLeadingCommentRanges(source.text, node.pos) ?? [];
  const last = ranges.at(-1);
  return last === undefined ? "" : source.text.slice(last.pos, last.end);
}

function textOf(comment: string): string {
  return comment.replaceAll(/^\/\*\*|\*\/$/g, "").replaceAll(/^\s*\*/gm, "").replaceAll(/\s+/g, " ")
    .trim();
}

/**
 * Writes under each heading that is a code what is known of it.
 *
 * @param text the page
 * @returns the completed page
 * @throws {Error} When a code has no heading, or a heading is not a code that is thrown.
 */
export function withKnownCodes(text: string): string {
  const codes = new Map(knownCodes().map((known) => [known.code, known]));
  const messages = messagesByCode();
  const seen = new Set<string>();
  const completed = text.replaceAll(/^### ([A-Z_]+)$/gm, (heading, code: string) => {
    const known = codes.get(code);
    if (known === undefined) {
      throw new Error(`No error has the code ${code}, which the page explains`);
    }
    seen.add(code);
    const said = [...messages.get(code) ?? []].slice(0, MESSAGES);
    return [
      // The anchor is the code itself, so that a program can make the address of a section.
      `${heading} {#${code}}`,
      "",
      `_${known.description}_`,
      "",
      ...said.map((message) => `- ${quoted(message)}`),
    ]
      .join("\n").trimEnd() + "\n";
  });
  const missing = [...codes.keys()].filter((code) => !seen.has(code));
  if (missing.length > 0) {
    throw new Error(`The page of errors does not explain ${missing.join(", ")}`);
  }
  return completed;
}

/** So many messages are shown of a code. */
const MESSAGES = 12;

/** A message as inline code, whatever it holds. */
function quoted(message: string): string {
  return message.includes("`") ? `\`\` ${message} \`\`` : `\`${message}\``;
}

let messages: Map<string, Set<string>> | undefined;

/** The messages that stand beside a code where an error is created; reading all sources takes long. */
function messagesByCode(): Map<string, Set<string>> {
  if (messages !== undefined) return messages;
  const found = messages = new Map<string, Set<string>>();
  for (const { code, at } of thrownCodes(members()).codes) {
    const [file, line] = at.split(":");
    const message = messageAt(file!, Number(line), code);
    if (message === undefined || !/\w{3,} \w+ \w+/.test(message.replaceAll("…", ""))) continue;
    const known = found.get(code) ?? new Set();
    found.set(code, known.add(message));
  }
  return found;
}

const sources = new Map<string, ts.SourceFile>();

function messageAt(file: string, line: number, code: string): string | undefined {
  const source = sources.get(file) ?? parseSource(file, readFileSync(join(ROOT, file), "utf8"));
  sources.set(file, source);
  let message: string | undefined;
  const visit = (node: ts.Node): void => {
    if (ts.isNewExpression(node) || ts.isCallExpression(node)) {
      const args = node.arguments ?? [];
      const holds = args.some((argument) => {
        const at = source.getLineAndCharacterOfPosition(argument.getStart(source)).line + 1;
        return at === line && argument.getText(source).includes(code.split("_").at(-1)!);
      });
      const texts = args.map((argument) => textIn(argument)).filter((text) => text !== undefined);
      const sentence = texts.find((text) => text.includes(" "));
      if (holds && sentence !== undefined) message = sentence;
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return message;
}

/** The text of a string or template, whose expressions become dots. */
function textIn(node: ts.Expression): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node)) {
    return node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join("");
  }
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    const [left, right] = [textIn(node.left), textIn(node.right)];
    return left === undefined && right === undefined ? undefined : (left ?? "…") + (right ?? "…");
  }
  return undefined;
}
