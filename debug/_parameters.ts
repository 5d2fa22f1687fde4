import type {
  AliasNode,
  BinaryOperationNode,
  ColumnUpdateNode,
  CommonTableExpressionNode,
  CompiledQuery,
  IdentifierNode,
  InsertQueryNode,
  OperationNode,
  PrimitiveValueListNode,
  RawNode,
  ValueNode,
  ValuesNode,
} from "kysely";

import { normalize, type Redaction } from "./_redaction.ts";

/** What stands in the place of a value that is not to be seen. */
export const REDACTED = "[redacted]";

/** The parameters of a query, except those of redacted columns and of columns that nothing tells. */
export function visibleParameters(
  query: CompiledQuery,
  redaction: Redaction,
): readonly unknown[] {
  if (redaction.isEmpty) return query.parameters;
  const hidden = withAliases(query.query, redaction.of(columnsOf(query.query)));
  const shown: Set<unknown> = new Set();
  const secret: Set<unknown> = new Set();
  walk(query.query, undefined, (value, column) => {
    (column === undefined || hidden.has(normalize(column)) ? secret : shown).add(value);
  });
  return query.parameters.map((value) => shown.has(value) && !secret.has(value) ? value : REDACTED);
}

/** The columns that a query names. */
function columnsOf(query: OperationNode): ReadonlySet<string> {
  const columns = new Set<string>();
  collect(query, (node) => {
    if (node.kind === "ColumnNode") columns.add(columnOf(node)!);
  });
  return columns;
}

/** Hidden columns, and the names that a query gives to what it makes of them. */
function withAliases(query: OperationNode, columns: ReadonlySet<string>): ReadonlySet<string> {
  const aliases: { readonly names: readonly string[]; readonly node: OperationNode }[] = [];
  collect(query, (node) => {
    if (node.kind === "AliasNode") {
      const { alias, node: aliased } = node as AliasNode;
      if (alias.kind === "IdentifierNode") {
        aliases.push({ names: [(alias as IdentifierNode).name], node: aliased });
      }
    } else if (node.kind === "CommonTableExpressionNode") {
      const { name, expression } = node as CommonTableExpressionNode;
      const names = name.columns?.map(({ column }) => column.name) ?? [];
      if (names.length > 0) aliases.push({ names, node: expression });
    }
  });
  const hidden = new Set(columns);
  for (let size = -1; size < hidden.size;) {
    size = hidden.size;
    for (const { names, node } of aliases) {
      if (mentions(node, hidden)) { for (const name of names) hidden.add(normalize(name)); }
    }
  }
  return hidden;
}

function mentions(root: OperationNode, columns: ReadonlySet<string>): boolean {
  let found = false;
  collect(root, (node) => {
    if (node.kind === "ColumnNode") found ||= columns.has(normalize(columnOf(node)!));
    else if (node.kind === "SelectAllNode") found = true;
    else if (node.kind === "RawNode") {
      const text = normalize((node as RawNode).sqlFragments.join(" "));
      found ||= [...columns].some((column) => text.includes(column));
    }
  });
  return found;
}

function collect(node: OperationNode, visit: (node: OperationNode) => void): void {
  visit(node);
  if (node.kind === "ValueNode" || node.kind === "PrimitiveValueListNode") return;
  for (const value of Object.values(node)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (isNode(item)) collect(item, visit);
    }
  }
}

type Tell = (value: unknown, column: string | undefined) => void;

function walk(node: OperationNode, column: string | undefined, tell: Tell): void {
  switch (node.kind) {
    case "ValueNode":
      return tell((node as ValueNode).value, column);
    case "PrimitiveValueListNode":
      return (node as PrimitiveValueListNode).values.forEach((value) => tell(value, column));
    case "BinaryOperationNode": {
      const { leftOperand, rightOperand } = node as BinaryOperationNode;
      const own = columnOf(leftOperand) ?? columnOf(rightOperand);
      walk(leftOperand, own, tell);
      return walk(rightOperand, own, tell);
    }
    case "ColumnUpdateNode": {
      const { column: assigned, value } = node as ColumnUpdateNode;
      return walk(value, columnOf(assigned), tell);
    }
    case "InsertQueryNode": {
      const { columns, values, ...rest } = node as InsertQueryNode;
      if (values?.kind === "ValuesNode") {
        for (const row of (values as ValuesNode).values) {
          row.values.forEach((value, i) => {
            const name = columns?.[i]?.column.name;
            if (row.kind === "PrimitiveValueListNode") tell(value, name);
            else walk(value as OperationNode, name, tell);
          });
        }
      } else if (values !== undefined) walk(values, undefined, tell);
      return members(rest, undefined, tell);
    }
    case "SelectQueryNode":
      // What a subquery compares is told by its own columns.
      return members(node, undefined, tell);
    default:
      return members(node, node.kind === "RawNode" ? undefined : column, tell);
  }
}

function members(node: object, column: string | undefined, tell: Tell): void {
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) walk(item, column, tell);
    } else if (isNode(value)) walk(value, column, tell);
  }
}

function isNode(value: unknown): value is OperationNode {
  return typeof value === "object" && value !== null && "kind" in value;
}

function columnOf(node: OperationNode): string | undefined {
  if (node.kind === "ReferenceNode") {
    return columnOf((node as OperationNode & { column: OperationNode }).column);
  }
  if (node.kind !== "ColumnNode") return undefined;
  return (node as OperationNode & { column: { name: string } }).column.name;
}
