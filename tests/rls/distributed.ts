/**
 * Looks for references to tables in a statement that do not carry the distribution column: what the
 * executor knows of tables has no say in it.
 */
import type {
  AliasNode,
  AndNode,
  BinaryOperationNode,
  ColumnNode,
  InsertQueryNode,
  JoinNode,
  MergeQueryNode,
  OperationNode,
  OperatorNode,
  ParensNode,
  PrimitiveValueListNode,
  ReferenceNode,
  SelectQueryNode,
  TableNode,
  ValueListNode,
  ValueNode,
  ValuesNode,
  WithNode,
} from "kysely";

/** What a table is to carry. */
export interface Distribution {
  readonly tables: readonly string[];
  readonly column: string;
  readonly value: unknown;
}

/** What was found. */
export interface Carried {
  /** How many references carry it. */
  readonly carried: number;
  /** Those that do not, as `table as alias in Kind`. */
  readonly missing: readonly string[];
}

/** Returns which references to the tables carry the column. */
export function carriedIn(node: OperationNode, distribution: Distribution): Carried {
  const found = { carried: 0, missing: [] as string[] };
  look(node, new Set(), distribution, found);
  return found;
}

type Found = { carried: number; missing: string[] };
type Parts = Readonly<Record<string, unknown>>;

/** The parts of statements that name tables. */
const SOURCES = ["from", "table", "using", "joins", "into"];

function look(
  node: OperationNode,
  outer: ReadonlySet<string>,
  of: Distribution,
  found: Found,
): void {
  const parts = node as unknown as Parts;
  const within = parts["with"] as WithNode | undefined;
  const names = within?.expressions.map(({ name }) => name.table.table.identifier.name) ?? [];
  const ctes = names.length === 0 ? outer : new Set([...outer, ...names]);
  if (node.kind.endsWith("QueryNode")) lookAtStatement(node, ctes, of, found);
  for (const child of childrenOf(parts)) look(child, ctes, of, found);
}

function childrenOf(parts: Parts): OperationNode[] {
  return Object.values(parts).flatMap((part) => Array.isArray(part) ? part : [part])
    .filter((part): part is OperationNode =>
      typeof part === "object" && part !== null && typeof part.kind === "string"
    );
}

function lookAtStatement(
  node: OperationNode,
  ctes: ReadonlySet<string>,
  of: Distribution,
  found: Found,
): void {
  const parts = node as unknown as Parts;
  const conditions = [
    (parts["where"] as { where: OperationNode } | undefined)?.where,
    ...joinsOf(node).map(({ on }) => on?.on),
  ].flatMap((each) => each === undefined ? [] : conjuncts(each));
  for (const name of SOURCES) {
    const part = parts[name];
    const list = (Array.isArray(part) ? part : [part]).filter((each) => each !== undefined);
    for (const source of list.flatMap((each) => sourcesOf(each as OperationNode))) {
      const table = tableOf(source);
      if (table === undefined || !of.tables.includes(table.name)) continue;
      if (name === "from" && isTarget(node, source)) continue;
      // What is written is a table, whatever the CTEs are called.
      if (!table.qualified && !isWritten(node, name) && ctes.has(table.name)) continue;
      const carries = node.kind === "InsertQueryNode" && name === "into"
        ? insertCarries(node as InsertQueryNode, of)
        : conditions.some((each) => isEquality(each, table.alias, of));
      if (carries) found.carried++;
      else found.missing.push(`${table.name} as ${table.alias} in ${node.kind}`);
    }
  }
}

/** Whether a table of `DELETE FROM a, b USING ..` is one of those behind USING, by its alias there. */
function isTarget(node: OperationNode, source: OperationNode): boolean {
  const { using } = node as unknown as Parts;
  if (node.kind !== "DeleteQueryNode" || using === undefined || source.kind !== "TableNode") {
    return false;
  }
  const named = [...sourcesOf(using as OperationNode), ...joinsOf(node).map(({ table }) => table)];
  return named.some((each) => tableOf(each)?.alias === tableOf(source)!.name);
}

function isWritten({ kind }: OperationNode, part: string): boolean {
  return part === "into" || (kind === "UpdateQueryNode" && part === "table");
}

function joinsOf(node: OperationNode): readonly JoinNode[] {
  const { joins = [], using } = node as SelectQueryNode & Pick<MergeQueryNode, "using">;
  return using?.kind === "JoinNode" ? [...joins, using] : joins;
}

function sourcesOf(part: OperationNode): readonly OperationNode[] {
  switch (part.kind) {
    case "FromNode":
      return (part as SelectQueryNode["from"] & OperationNode).froms;
    case "UsingNode":
      return (part as OperationNode & { tables: readonly OperationNode[] }).tables;
    case "ListNode":
      return (part as OperationNode & { items: readonly OperationNode[] }).items;
    case "JoinNode":
      return [(part as JoinNode).table];
    default:
      return [part];
  }
}

function tableOf(
  source: OperationNode,
): { name: string; alias: string; qualified: boolean } | undefined {
  const aliased = source.kind === "AliasNode" ? source as AliasNode : undefined;
  const node = aliased?.node ?? source;
  if (node.kind !== "TableNode") return undefined;
  const { identifier: { name }, schema } = (node as TableNode).table;
  const alias = aliased?.alias as (OperationNode & { name?: string }) | undefined;
  return { name, alias: alias?.name ?? name, qualified: schema !== undefined };
}

function conjuncts(node: OperationNode): OperationNode[] {
  if (node.kind === "ParensNode") return conjuncts((node as ParensNode).node);
  if (node.kind !== "AndNode") return [node];
  const { left, right } = node as AndNode;
  return [...conjuncts(left), ...conjuncts(right)];
}

function isEquality(node: OperationNode, alias: string, { column, value }: Distribution): boolean {
  if (node.kind !== "BinaryOperationNode") return false;
  const { leftOperand, operator, rightOperand } = node as BinaryOperationNode;
  if ((operator as OperatorNode).operator !== "=" || leftOperand.kind !== "ReferenceNode") {
    return false;
  }
  const { column: named, table } = leftOperand as ReferenceNode;
  return named.kind === "ColumnNode" && (named as ColumnNode).column.name === column &&
    table?.table.identifier.name === alias && isValue(rightOperand, value);
}

function isValue(node: OperationNode, value: unknown): boolean {
  return node.kind === "ValueNode" && (node as ValueNode).value === value;
}

function insertCarries(
  { columns = [], values }: Pick<InsertQueryNode, "columns" | "values">,
  { column, value }: Distribution,
): boolean {
  const at = columns.findIndex((each) => each.column.name === column);
  if (at < 0) return false;
  // What a SELECT gives, and what a program has written, the checks compare.
  if (values?.kind !== "ValuesNode") return true;
  return (values as ValuesNode).values.every((row) => {
    if (row.kind === "PrimitiveValueListNode") {
      return (row as PrimitiveValueListNode).values[at] === value;
    }
    const item = (row as ValueListNode).values[at]!;
    return item.kind !== "ValueNode" || isValue(item, value);
  });
}
