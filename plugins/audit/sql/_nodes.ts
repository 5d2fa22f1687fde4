import {
  AliasNode,
  type ColumnNode,
  type Expression,
  ExpressionWrapper,
  type FromNode,
  IdentifierNode,
  type OperationNode,
  RawNode,
  ReturningNode,
  type RootOperationNode,
  SelectionNode,
  sql,
  TableNode,
  type WhereNode,
  WithNode,
} from "kysely";

/** A node as an expression, to be put into the `sql` tag. */
export function q(node: OperationNode): Expression<any> {
  return new ExpressionWrapper<any, any, any>(node);
}

/** An identifier, whatever it looks like. */
export function id(name: string): Expression<any> {
  return q(IdentifierNode.create(name));
}

/** A table, with its schema. */
export function tableNode(name: string, schema: string | undefined): TableNode {
  return schema === undefined ? TableNode.create(name) : TableNode.createWithSchema(schema, name);
}

/** A piece of SQL as a statement to be compiled. */
export function statement(piece: Expression<any>): RootOperationNode {
  // The compiler takes a raw node for a statement, as `sql` itself gives it one.
  return piece.toOperationNode() as RootOperationNode;
}

/** Something in the list behind RETURNING or SELECT, under a name. */
export function selection(expression: Expression<any>, name: string): SelectionNode {
  return SelectionNode.create(
    AliasNode.create(expression.toOperationNode(), IdentifierNode.create(name)),
  );
}

/** RETURNING with more behind what is there. */
export function returningMore(
  returning: ReturningNode | undefined,
  more: readonly SelectionNode[],
): ReturningNode {
  return ReturningNode.create([...returning?.selections ?? [], ...more]);
}

/** A copy of a node with other members; `undefined` takes one away. */
export function copy<T extends OperationNode>(
  node: T,
  changes: Partial<Record<string, unknown>>,
): T {
  const out: Record<string, unknown> = { ...node, ...changes };
  for (const key of Object.keys(out)) if (out[key] === undefined) delete out[key];
  // The members that are changed are given as the node's own kinds of them.
  return Object.freeze(out) as unknown as T;
}

/** A table that stands in a statement. */
export interface TableInQuery {
  readonly name: string;
  readonly schema: string | undefined;
  /** What qualifies its columns. */
  readonly alias: string;
  /** As it stands there, alias included. */
  readonly node: OperationNode;
}

/** The table that a node of FROM, INTO or UPDATE stands for; `undefined` for what is none. */
export function tableIn(node: OperationNode): TableInQuery | undefined {
  const table = bare(AliasNode.is(node) ? node.node : node);
  if (!TableNode.is(table)) return undefined;
  const { identifier, schema } = table.table;
  const alias = AliasNode.is(node) && IdentifierNode.is(node.alias)
    ? node.alias.name
    : identifier.name;
  return { name: identifier.name, schema: schema?.name, alias, node };
}

/** `sql.table("t")` is raw SQL of nothing but the table. */
function bare(node: OperationNode): OperationNode {
  if (!RawNode.is(node)) return node;
  const { sqlFragments, parameters: [only] } = node;
  const isAlone = only !== undefined && sqlFragments.every((text) => text.trim() === "");
  return isAlone ? bare(only) : node;
}

/** The members of statements that are looked at here; each kind has some of them. */
export interface StatementParts {
  readonly kind: string;
  readonly with?: WithNode;
  readonly into?: OperationNode;
  readonly table?: OperationNode;
  readonly from?: FromNode;
  readonly using?: OperationNode & { readonly tables?: readonly OperationNode[] };
  readonly joins?: readonly OperationNode[];
  readonly where?: WhereNode;
  readonly returning?: ReturningNode;
  readonly columns?: readonly ColumnNode[];
  readonly values?: OperationNode;
  readonly updates?: readonly OperationNode[];
  readonly explain?: { readonly options?: unknown };
  readonly replace?: boolean;
  readonly ignore?: boolean;
  readonly orAction?: OperationNode & { readonly action?: string };
  readonly onConflict?: OperationNode & {
    readonly columns?: readonly ColumnNode[];
    readonly constraint?: OperationNode;
    readonly indexExpression?: OperationNode;
    readonly updates?: readonly OperationNode[];
    readonly doNothing?: boolean;
  };
  readonly onDuplicateKey?: OperationNode & { readonly updates?: readonly OperationNode[] };
  readonly orderBy?: OperationNode;
  readonly limit?: OperationNode;
}

/** The members of a statement. */
export function partsOf(node: OperationNode): StatementParts {
  // Every member that a kind of statement has is of the type said above.
  return node as unknown as StatementParts;
}

/** Several pieces with something between. */
export function joined(pieces: readonly Expression<any>[], between: string): Expression<any> {
  if (between === " and ") return sql.join(pieces, sql` and `);
  if (between === " or ") return sql.join(pieces, sql` or `);
  return sql.join(pieces);
}

/** A WITH of these parts. */
export function withNode(
  parts: readonly OperationNode[],
  recursive: boolean | undefined,
): WithNode {
  // WithNode.create() takes one part at a time.
  const [first, ...rest] = parts as WithNode["expressions"][number][];
  let node = WithNode.create(first!, recursive === undefined ? undefined : { recursive });
  for (const part of rest) node = WithNode.cloneWithExpression(node, part);
  return node;
}
