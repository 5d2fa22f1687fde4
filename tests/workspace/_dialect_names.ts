/**
 * Finds where a source asks for a dialect by its name.
 *
 * @module
 */
import { DIALECTS } from "@kysera/core";
import ts from "typescript";

const EQUALITY: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.EqualsEqualsToken,
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
]);

/**
 * Finds the names of dialects in a source, in strings and as the names of members, and what compares
 * or switches by a `dialect`. What is given by `??` is a value like any other.
 *
 * @param source the parsed file, with parents set
 * @returns the line and the text of each, in the order of the file
 */
export function dialectNamesIn(source: ts.SourceFile): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (asksForDialect(node)) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
      found.push(`${line + 1}: ${node.getText(source)}`);
      return;
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function asksForDialect(node: ts.Node): boolean {
  if (ts.isStringLiteralLike(node)) return isName(node.text) && !isFallback(node);
  if (ts.isPropertyAccessExpression(node)) return isName(node.name.text);
  if (ts.isPropertyName(node) && "name" in node.parent && node.parent.name === node) {
    return ts.isIdentifier(node) && isMember(node.parent) && isName(node.text);
  }
  if (ts.isSwitchStatement(node)) return isDialect(node.expression);
  if (!ts.isBinaryExpression(node) || !EQUALITY.has(node.operatorToken.kind)) return false;
  const sides = [node.left, node.right];
  return sides.some(isDialect) && !sides.some(isUndefined);
}

function isMember(node: ts.Node): boolean {
  return ts.isPropertyAssignment(node) || ts.isShorthandPropertyAssignment(node) ||
    ts.isMethodDeclaration(node) || ts.isPropertySignature(node) || ts.isPropertyDeclaration(node);
}

function isName(text: string): boolean {
  return (DIALECTS as readonly string[]).includes(text);
}

function isFallback(node: ts.Node): boolean {
  const { parent } = node;
  return ts.isBinaryExpression(parent) && parent.right === node &&
    parent.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken;
}

function isDialect(node: ts.Expression): boolean {
  if (
    ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isNonNullExpression(node) ||
    ts.isSatisfiesExpression(node)
  ) {
    return isDialect(node.expression);
  }
  const name = ts.isPropertyAccessExpression(node) ? node.name : node;
  return ts.isIdentifier(name) && /dialect$/i.test(name.text);
}

function isUndefined(node: ts.Expression): boolean {
  return ts.isIdentifier(node) && node.text === "undefined";
}
