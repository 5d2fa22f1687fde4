/**
 * Finds what a source does when it is imported.
 *
 * @module
 */
import ts from "typescript";

/** What runtimes refuse while they load modules, or what makes two loads differ. */
const FORBIDDEN: ReadonlySet<string> = new Set([
  "Bun",
  "Deno",
  "WebSocket",
  "crypto",
  "fetch",
  "performance",
  "process",
  "queueMicrotask",
  "setImmediate",
  "setInterval",
  "setTimeout",
]);

/**
 * Finds what runs at module scope and asks for time, randomness, timers, I/O or the process, or
 * stands there for what it does alone. Bodies of functions do not run then, unless the function is
 * called where it is written.
 *
 * @param source the parsed file, with parents set
 * @returns the line and the text of each, in the order of the file
 */
export function importEffectsIn(source: ts.SourceFile): string[] {
  const found: string[] = [];
  const report = (node: ts.Node): void => {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
    found.push(`${line + 1}: ${node.getText(source).split("\n", 1)[0]}`);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) {
      return;
    }
    if (ts.isFunctionLike(node) && !isCalledInPlace(node)) return;
    // Fields of instances are made with them.
    if (ts.isPropertyDeclaration(node) && !isStatic(node)) {
      if (ts.isComputedPropertyName(node.name)) visit(node.name);
      return;
    }
    if (isEffect(node)) return report(node);
    ts.forEachChild(node, visit);
  };
  for (const statement of source.statements) {
    if (isDoneForItself(statement)) report(statement);
    else visit(statement);
  }
  return found;
}

/** Whether a statement is there for what it does, and declares nothing. */
function isDoneForItself(statement: ts.Statement): boolean {
  if (ts.isImportDeclaration(statement)) return statement.importClause === undefined;
  return ts.isExpressionStatement(statement) || ts.isIterationStatement(statement, false) ||
    ts.isIfStatement(statement) || ts.isTryStatement(statement);
}

function isEffect(node: ts.Node): boolean {
  if (ts.isAwaitExpression(node)) return true;
  if (ts.isIdentifier(node)) return FORBIDDEN.has(node.text) && isReference(node);
  if (ts.isNewExpression(node)) {
    return isNamed(node.expression, "Date") && (node.arguments ?? []).length === 0;
  }
  if (!ts.isCallExpression(node)) return false;
  const called = node.expression;
  if (!ts.isPropertyAccessExpression(called)) return false;
  return (isNamed(called.expression, "Math") && called.name.text === "random") ||
    (isNamed(called.expression, "Date") && called.name.text === "now");
}

function isNamed(node: ts.Node, name: string): boolean {
  return ts.isIdentifier(node) && node.text === name;
}

/** Whether an identifier is what it is called, and not the name of a member or of a declaration. */
function isReference(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isTypeOfExpression(parent)) return false;
  return !("name" in parent && parent.name === node) && !ts.isImportSpecifier(parent) &&
    !ts.isExportSpecifier(parent);
}

function isCalledInPlace(node: ts.Node): boolean {
  let outer = node.parent;
  let inner = node;
  while (ts.isParenthesizedExpression(outer)) [inner, outer] = [outer, outer.parent];
  return ts.isCallExpression(outer) && outer.expression === inner;
}

function isStatic(node: ts.PropertyDeclaration): boolean {
  return node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword) === true;
}
