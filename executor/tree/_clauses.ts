import type { OperationNode } from "kysely";

/** The kind of clause that a property holds, or the kinds, by the name of the property. */
export type Clauses = Readonly<Record<string, string | readonly string[]>>;

const CONSTRAINTS = [
  "CheckConstraintNode",
  "ForeignKeyConstraintNode",
  "PrimaryKeyConstraintNode",
  "UniqueConstraintNode",
];

/**
 * Returns the kind of clause that a property of a query holds, whatever the query; `undefined` for
 * properties that hold none, or one kind in this query and another in that. A switch, not a table:
 * this is asked for every property of every query.
 */
export function clauseOfQuery(property: string): string | undefined {
  switch (property) {
    case "from":
      return "FromNode";
    case "where":
      return "WhereNode";
    case "selections":
      return "SelectionNode";
    case "joins":
      return "JoinNode";
    case "orderBy":
      return "OrderByNode";
    case "limit":
      return "LimitNode";
    case "updates":
      return "ColumnUpdateNode";
    case "returning":
      return "ReturningNode";
    case "with":
      return "WithNode";
    case "offset":
      return "OffsetNode";
    case "groupBy":
      return "GroupByNode";
    case "having":
      return "HavingNode";
    case "setOperations":
      return "SetOperationNode";
    case "columns":
      return "ColumnNode";
    case "onConflict":
      return "OnConflictNode";
    case "onDuplicateKey":
      return "OnDuplicateKeyNode";
    case "orAction":
      return "OrActionNode";
    case "explain":
      return "ExplainNode";
    case "fetch":
      return "FetchNode";
    case "top":
      return "TopNode";
    case "output":
      return "OutputNode";
    case "whens":
      return "WhenNode";
    default:
      return undefined;
  }
}

/** The properties of a query that hold clauses. */
function ofQuery(...properties: readonly string[]): Clauses {
  const all = ["explain", "from", "joins", "limit", "orderBy", "output", "returning", "top"];
  return Object.fromEntries(
    [...all, "where", "with", ...properties].map((
      property,
    ) => [property, clauseOfQuery(property)!]),
  );
}

/**
 * The properties that hold a clause: nodes of a kind, and nothing else. Whatever stands there in its
 * place would be written without the words that a clause begins with, and so mean something that no
 * rule has looked at: `update "t" "u" set ..`. Properties that are not here hold any expression, or
 * what is written as a name.
 */
const TABLE: Readonly<Record<string, Clauses>> = {
  AddColumnNode: { column: "ColumnDefinitionNode" },
  AddConstraintNode: { constraint: CONSTRAINTS },
  AggregateFunctionNode: {
    filter: "WhereNode",
    orderBy: "OrderByNode",
    over: "OverNode",
    withinGroup: "OrderByNode",
  },
  AlterTableNode: {
    addConstraint: "AddConstraintNode",
    addIndex: "AddIndexNode",
    columnAlterations: [
      "AddColumnNode",
      "AlterColumnNode",
      "DropColumnNode",
      "ModifyColumnNode",
      "RenameColumnNode",
    ],
    dropConstraint: "DropConstraintNode",
    dropIndex: "DropIndexNode",
    renameConstraint: "RenameConstraintNode",
  },
  AlterTypeNode: { addValue: "AddValueNode", renameValue: "RenameValueNode" },
  CaseNode: { when: "WhenNode" },
  ColumnDefinitionNode: {
    check: "CheckConstraintNode",
    defaultTo: "DefaultValueNode",
    generated: "GeneratedNode",
    references: "ReferencesNode",
  },
  CommonTableExpressionNameNode: { columns: "ColumnNode", table: "TableNode" },
  CommonTableExpressionNode: { name: "CommonTableExpressionNameNode" },
  CreateIndexNode: { where: "WhereNode" },
  CreateTableNode: {
    columns: "ColumnDefinitionNode",
    constraints: CONSTRAINTS,
    indexes: "AddIndexNode",
  },
  DeleteQueryNode: { ...ofQuery(), using: "UsingNode" },
  ForeignKeyConstraintNode: { references: "ReferencesNode" },
  GroupByNode: { items: "GroupByItemNode" },
  InsertQueryNode: ofQuery("columns", "onConflict", "onDuplicateKey", "orAction"),
  JSONOperatorChainNode: { operator: "OperatorNode", values: "ValueNode" },
  JSONPathNode: { inOperator: "OperatorNode", pathLegs: "JSONPathLegNode" },
  JSONReferenceNode: { traversal: ["JSONPathNode", "JSONOperatorChainNode"] },
  JoinNode: { on: "OnNode" },
  MergeQueryNode: { ...ofQuery("whens"), using: "JoinNode" },
  ModifyColumnNode: { column: "ColumnDefinitionNode" },
  OnConflictNode: {
    indexWhere: "WhereNode",
    updateWhere: "WhereNode",
    updates: "ColumnUpdateNode",
  },
  OnDuplicateKeyNode: { updates: "ColumnUpdateNode" },
  OrderByItemNode: { collation: "CollateNode" },
  OrderByNode: { items: "OrderByItemNode" },
  OverNode: { orderBy: "OrderByNode", partitionBy: "PartitionByNode" },
  PartitionByNode: { items: "PartitionByItemNode" },
  ReturningNode: { selections: "SelectionNode" },
  SelectQueryNode: {
    ...ofQuery("fetch", "groupBy", "having", "offset", "selections", "setOperations"),
    endModifiers: "SelectModifierNode",
    frontModifiers: "SelectModifierNode",
  },
  UpdateQueryNode: ofQuery("updates"),
  ValuesNode: { values: ["ValueListNode", "PrimitiveValueListNode"] },
  WithNode: { expressions: "CommonTableExpressionNode" },
};

/** A map: this is asked for every node that is not of the commonest kinds. */
const CLAUSES: ReadonlyMap<string, Clauses> = new Map(Object.entries(TABLE));

/** Returns which properties of a kind hold clauses; `undefined` where none does. */
export function clausesOf(kind: string): Clauses | undefined {
  return CLAUSES.get(kind);
}

/** Returns true if a clause of a kind may stand where others of these kinds do. */
export function isOfKinds(kind: string, kinds: string | readonly string[]): boolean {
  return typeof kinds === "string" ? kind === kinds : kinds.includes(kind);
}

/** A node that stands in a property that holds clauses, and is none of these. */
export interface Misplaced {
  readonly property: string;
  readonly kind: string;
}

/** Returns the first child of a node that is not the clause that should stand there. */
export function misplacedIn(node: OperationNode): Misplaced | undefined {
  const clauses = clausesOf(node.kind);
  if (clauses === undefined) return undefined;
  const children = node as unknown as Readonly<Record<string, unknown>>;
  for (const property in children) {
    const kinds = clauses[property];
    const child = children[property];
    if (kinds === undefined || child === undefined || child === null) continue;
    for (const item of Array.isArray(child) ? child : [child]) {
      const kind = kindOf(item);
      if (!isOfKinds(kind, kinds)) return { property, kind };
    }
  }
  return undefined;
}

function kindOf(child: unknown): string {
  const kind = (child as { kind?: unknown } | null | undefined)?.kind;
  return typeof kind === "string" ? kind : typeof child;
}
