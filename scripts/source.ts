/**
 * Reads TypeScript sources: what they import, and which files make up a package.
 *
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import ts from "typescript";
import type { Member } from "./workspace.ts";

/** One `import`, `export .. from`, `import()` or import type in a file. */
export interface Import {
  readonly specifier: string;
  /** Where the specifier is in the text, without its quotes. */
  readonly start: number;
  readonly end: number;
  /** The names it brings into the file. */
  readonly names: readonly string[];
  /** Whether nothing of it is left at run time. */
  readonly typeOnly: boolean;
}

/**
 * Parses a source file.
 *
 * @param file Its path; the extension says what it is.
 * @param text Its text, read from the disk when left out.
 * @returns The syntax tree, with parents set.
 */
export function parseSource(
  file: string,
  text: string = readFileSync(file, "utf8"),
): ts.SourceFile {
  return ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
}

/**
 * Lists what a file imports, types included.
 *
 * @param source The parsed file.
 * @returns The imports in the order of the file. Examples in comments do not count.
 */
export function importsOf(source: ts.SourceFile): Import[] {
  const imports: Import[] = [];
  const visit = (node: ts.Node): void => {
    const literal = specifierOf(node);
    if (literal) {
      imports.push({
        specifier: literal.text,
        start: literal.getStart(source) + 1,
        end: literal.getEnd() - 1,
        names: ts.isImportDeclaration(node) ? importedNames(node) : [],
        typeOnly: isTypeOnly(node),
      });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return imports;
}

function specifierOf(node: ts.Node): ts.StringLiteral | undefined {
  let expression: ts.Node | undefined;
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
    expression = node.moduleSpecifier;
  } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    expression = node.argument.literal;
  } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    expression = node.arguments[0];
  }
  return expression && ts.isStringLiteral(expression) ? expression : undefined;
}

function isTypeOnly(node: ts.Node): boolean {
  if (ts.isImportDeclaration(node)) {
    return node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
  }
  return ts.isImportTypeNode(node) || (ts.isExportDeclaration(node) && node.isTypeOnly);
}

function importedNames({ importClause }: ts.ImportDeclaration): string[] {
  const names: string[] = [];
  if (importClause?.name) names.push(importClause.name.text);
  const bindings = importClause?.namedBindings;
  if (bindings && ts.isNamedImports(bindings)) {
    for (const { name } of bindings.elements) names.push(name.text);
  } else if (bindings) names.push(bindings.name.text);
  return names;
}

/**
 * Puts other specifiers into a source text, which otherwise stays as it is.
 *
 * @param source The parsed file.
 * @param replace Gives the new specifier; the old one to leave it.
 * @returns The new text.
 */
export function replaceSpecifiers(
  source: ts.SourceFile,
  replace: (specifier: string) => string,
): string {
  let text = source.text;
  for (const { specifier, start, end } of importsOf(source).toReversed()) {
    text = text.slice(0, start) + replace(specifier) + text.slice(end);
  }
  return text;
}

/**
 * The files that a package is made of: its entries, its programs and what they import, directly or not. Tests and
 * their helpers are not among them.
 *
 * @param member The package.
 * @returns Absolute paths, sorted.
 */
export function sourceFiles(member: Member): string[] {
  const found = new Set<string>();
  const visit = (file: string): void => {
    if (found.has(file)) return;
    if (!existsSync(file)) throw new Error(`Cannot read "${file}", which ${member.name} imports`);
    found.add(file);
    for (const { specifier } of importsOf(parseSource(file))) {
      if (specifier.startsWith(".")) visit(resolve(dirname(file), specifier));
    }
  };
  for (const entry of [...Object.values(member.exports), ...Object.values(member.bin)]) {
    visit(join(member.dir, entry));
  }
  return [...found].sort();
}

/**
 * The package that a bare specifier names: `kysely/helpers/postgres` names `kysely`.
 *
 * @param specifier A specifier that is neither relative nor a URL.
 * @returns The name of the package.
 */
export function packageName(specifier: string): string {
  return specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}

/**
 * The names that a file uses without declaring or importing them, as a scope-blind reader sees them:
 * identifiers that are neither the name of a property nor part of a type.
 *
 * @param source The parsed file.
 * @returns The names, also those read as `globalThis.name`.
 */
export function freeNames(source: ts.SourceFile): Set<string> {
  const used = new Set<string>();
  const declared = new Set<string>(importsOf(source).flatMap(({ names }) => names));
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node)) return;
    if (ts.isIdentifier(node)) {
      const { parent } = node;
      if (isDeclarationName(node)) declared.add(node.text);
      else if (ts.isPropertyAccessExpression(parent) && parent.name === node) {
        if (parent.expression.getText(source) === "globalThis") used.add(node.text);
      } else if (!isPropertyName(node)) used.add(node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return used.difference(declared);
}

function isDeclarationName(node: ts.Identifier): boolean {
  const { parent } = node;
  return (ts.isVariableDeclaration(parent) || ts.isParameter(parent) ||
    ts.isBindingElement(parent) || ts.isFunctionDeclaration(parent) ||
    ts.isClassDeclaration(parent)) && parent.name === node;
}

function isPropertyName(node: ts.Identifier): boolean {
  const { parent } = node;
  return (ts.isPropertyAssignment(parent) || ts.isMethodDeclaration(parent) ||
    ts.isPropertyDeclaration(parent) || ts.isPropertySignature(parent) ||
    ts.isMethodSignature(parent) || ts.isGetAccessor(parent) || ts.isSetAccessor(parent)) &&
    parent.name === node;
}
