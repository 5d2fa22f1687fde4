import { parse, parseExpression, type ParserPlugin } from "@babel/parser";
import { usageError } from "../contract/_cli_error.ts";

/** A node of the syntax tree, with its place in the text. */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

const SYNTAX: ParserPlugin[] = ["typescript", "decorators"];

/** Parses a file. @throws {CliError} if it cannot be parsed */
export function parseFile(text: string, file: string): SyntaxNode {
  try {
    // The tree is plain data; only these members of it are read.
    return parse(text, { sourceType: "module", plugins: SYNTAX }).program as unknown as SyntaxNode;
  } catch (cause) {
    throw usageError(`Cannot read "${file}": ${(cause as Error).message}`, { cause });
  }
}

/** Parses an expression that a command line gives. @throws {CliError} if it is none */
export function parseCode(code: string, option: string): SyntaxNode {
  try {
    return parseExpression(code, { plugins: SYNTAX }) as unknown as SyntaxNode;
  } catch (cause) {
    throw usageError(`${option} is not an expression of JavaScript: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** The nodes beneath one, and itself. */
export function* nodesOf(node: SyntaxNode): Generator<SyntaxNode> {
  yield node;
  for (const [key, value] of Object.entries(node)) {
    // What stands beside the code belongs to nothing in it.
    if (key.endsWith("Comments") || key === "loc" || key === "extra") continue;
    for (const child of Array.isArray(value) ? value : [value]) {
      if (isNode(child)) yield* nodesOf(child);
    }
  }
}

/** The node that a member holds, where it holds one. */
export function childOf(node: SyntaxNode | undefined, key: string): SyntaxNode | undefined {
  const child = node?.[key];
  return isNode(child) ? child : undefined;
}

/** The nodes that a member holds; a hole of an array is left out. */
export function childrenOf(node: SyntaxNode, key: string): SyntaxNode[] {
  const children = node[key];
  return Array.isArray(children) ? children.filter(isNode) : [];
}

/** The name of an identifier. */
export function nameOf(node: SyntaxNode | undefined): string | undefined {
  return node?.type === "Identifier" ? String(node["name"]) : undefined;
}

/** A piece of a text that is replaced. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Returns a text with pieces of it replaced; all else stays as it is, to the byte. */
export function edited(text: string, edits: readonly Edit[]): string {
  return [...edits].sort((a, b) => b.start - a.start).reduce(
    (all, edit) => all.slice(0, edit.start) + edit.text + all.slice(edit.end),
    text,
  );
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === "object" && value !== null && "type" in value && "start" in value;
}
