/**
 * Prints declarations as readers of a reference want them: without bodies, private members and the
 * comment in front, which the page shows as text.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { parseSource } from "../source.ts";

const sources = new Map<string, ts.SourceFile>();

/**
 * Returns the signature of a declaration.
 *
 * @param url the address of its file
 * @param name the name that is declared
 * @param line the line that it begins on, from 0
 * @returns the signature; `undefined` where the file is not one of the repository
 */
export function signatureOf(url: string, name: string, line: number): string | undefined {
  if (!url.startsWith("file:") || url.includes("/node_modules/")) return undefined;
  const file = fileURLToPath(url);
  const source = sources.get(file) ?? parseSource(file);
  sources.set(file, source);
  const declaration = source.statements.find((statement) =>
    namesOf(statement).includes(name) &&
    source.getLineAndCharacterOfPosition(statement.getStart(source)).line <= line &&
    source.getLineAndCharacterOfPosition(statement.getEnd()).line >= line
  ) ?? source.statements.find((statement) => namesOf(statement).includes(name));
  return declaration && printed(declaration, source).replace(/^export (default )?(declare )?/, "");
}

function namesOf(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map(({ name }) => name.getText());
  }
  if (
    ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement) ||
    ts.isEnumDeclaration(statement)
  ) return statement.name === undefined ? [] : [statement.name.text];
  return [];
}

function printed(node: ts.Statement, source: ts.SourceFile): string {
  if (ts.isFunctionDeclaration(node)) return upTo(node, node.body, source);
  if (ts.isClassDeclaration(node)) return classOf(node, source);
  if (ts.isVariableStatement(node)) {
    const [first] = node.declarationList.declarations;
    const type = first!.type;
    if (type !== undefined) return `const ${first!.name.getText(source)}: ${type.getText(source)};`;
  }
  return node.getText(source);
}

/** The text of a node up to its body. */
function upTo(node: ts.Node, body: ts.Node | undefined, source: ts.SourceFile): string {
  if (body === undefined) return node.getText(source);
  return `${source.text.slice(node.getStart(source), body.getStart(source)).trimEnd()};`;
}

function classOf(node: ts.ClassDeclaration, source: ts.SourceFile): string {
  const head = source.text.slice(
    node.getStart(source),
    node.members.pos,
  ).trimEnd();
  const members = node.members.filter(isPublic).map((member) => {
    const comment = ts.getLeadingCommentRanges(source.text, member.pos)
      ?.map(({ pos, end }) => `  ${source.text.slice(pos, end)}\n`).join("") ?? "";
    return `${comment}  ${memberOf(member, source)}`;
  });
  return [head, ...members, "}"].join("\n");
}

function isPublic(member: ts.ClassElement): boolean {
  if (ts.isClassStaticBlockDeclaration(member)) return false;
  if (member.name !== undefined && ts.isPrivateIdentifier(member.name)) return false;
  const hidden = [ts.SyntaxKind.PrivateKeyword];
  return !(ts.canHaveModifiers(member) &&
    ts.getModifiers(member)?.some(({ kind }) =>
      hidden.includes(kind as ts.SyntaxKind.PrivateKeyword)
    ));
}

function memberOf(member: ts.ClassElement, source: ts.SourceFile): string {
  if (ts.isPropertyDeclaration(member)) {
    const end = member.type?.getEnd() ?? member.name.getEnd();
    return `${source.text.slice(member.getStart(source), end)};`;
  }
  const body = (member as ts.MethodDeclaration).body;
  return upTo(member, body, source);
}
