/** A node of each of Kysely's kinds, as it would stand in a query of the table `tags`. */
import type { OperationNode } from "kysely";

/** A node, written out: the fuzzer makes those that no builder would. */
export type Loose = OperationNode & Readonly<Record<string, unknown>>;

export function node(kind: string, properties: Readonly<Record<string, unknown>> = {}): Loose {
  // The kind may be one that this version of Kysely does not have.
  return { kind, ...properties } as unknown as Loose;
}

export const identifier = (name: string): Loose => node("IdentifierNode", { name });
export const column = (name: string): Loose => node("ColumnNode", { column: identifier(name) });
export const reference = (name: string): Loose => node("ReferenceNode", { column: column(name) });
export const value = (value: unknown): Loose => node("ValueNode", { value });
export const parens = (inner: unknown): Loose => node("ParensNode", { node: inner });
export const raw = (...parts: readonly (string | Loose)[]): Loose =>
  node("RawNode", {
    sqlFragments: parts.filter((part) => typeof part === "string"),
    parameters: parts.filter((part) => typeof part !== "string"),
  });
export const schemable = (name: string, schema?: string): Loose =>
  node("SchemableIdentifierNode", {
    ...(schema === undefined ? {} : { schema: identifier(schema) }),
    identifier: identifier(name),
  });
export const table = (name: string, schema?: string): Loose =>
  node("TableNode", { table: schemable(name, schema) });
export const alias = (inner: unknown, name: string): Loose =>
  node("AliasNode", { node: inner, alias: identifier(name) });
export const selection = (selection: unknown): Loose => node("SelectionNode", { selection });
export const from = (...froms: readonly unknown[]): Loose => node("FromNode", { froms });
export const where = (condition: unknown): Loose => node("WhereNode", { where: condition });
export const binary = (left: unknown, operator: string, right: unknown): Loose =>
  node("BinaryOperationNode", {
    leftOperand: left,
    operator: node("OperatorNode", { operator }),
    rightOperand: right,
  });
export const select = (source: unknown, more: Readonly<Record<string, unknown>> = {}): Loose =>
  node("SelectQueryNode", {
    from: from(source),
    selections: [selection(reference("id"))],
    ...more,
  });
export const update = (column: unknown, value: unknown): Loose =>
  node("ColumnUpdateNode", { column, value });
export const join = (source: unknown, joinType = "InnerJoin"): Loose =>
  node("JoinNode", {
    joinType,
    table: source,
    on: node("OnNode", { on: binary(value(1), "=", value(1)) }),
  });
export const orderBy = (item: unknown): Loose =>
  node("OrderByNode", { items: [node("OrderByItemNode", { orderBy: item })] });

const tags = table("tags");
const isOne = binary(reference("id"), "=", value(1));
const type = schemable("kind");
const constraint = identifier("c");

/** What a kind's nodes hold, where it is not their required properties alone. */
const samples: Readonly<Record<string, () => Loose>> = {
  AddColumnNode: () => node("AddColumnNode", { column: sampleOf("ColumnDefinitionNode") }),
  AddConstraintNode: () =>
    node("AddConstraintNode", { constraint: sampleOf("UniqueConstraintNode") }),
  AddIndexNode: () => node("AddIndexNode", { name: identifier("i"), columns: [column("label")] }),
  AddValueNode: () =>
    node("AddValueNode", { value: node("ValueNode", { value: "v", immediate: true }) }),
  AggregateFunctionNode: () =>
    node("AggregateFunctionNode", { func: "max", aggregated: [reference("id")] }),
  AliasNode: () => alias(reference("id"), "e"),
  AlterColumnNode: () =>
    node("AlterColumnNode", { column: column("label"), dataType: sampleOf("DataTypeNode") }),
  AlterTableNode: () =>
    node("AlterTableNode", { table: tags, columnAlterations: [sampleOf("AddColumnNode")] }),
  AlterTypeNode: () => node("AlterTypeNode", { name: type, renameTo: identifier("other") }),
  AndNode: () => node("AndNode", { left: isOne, right: isOne }),
  BinaryOperationNode: () => isOne,
  CaseNode: () => node("CaseNode", { when: [sampleOf("WhenNode")], else: value(2) }),
  CastNode: () =>
    node("CastNode", { expression: reference("id"), dataType: sampleOf("DataTypeNode") }),
  CheckConstraintNode: () => node("CheckConstraintNode", { expression: isOne }),
  CollateNode: () => node("CollateNode", { collation: identifier("nocase") }),
  ColumnDefinitionNode: () =>
    node("ColumnDefinitionNode", { column: column("c"), dataType: sampleOf("DataTypeNode") }),
  ColumnNode: () => column("id"),
  ColumnUpdateNode: () => update(column("label"), value("x")),
  CommonTableExpressionNameNode: () =>
    node("CommonTableExpressionNameNode", { table: table("cte") }),
  CommonTableExpressionNode: () =>
    node("CommonTableExpressionNode", {
      name: sampleOf("CommonTableExpressionNameNode"),
      expression: select(tags),
    }),
  CreateIndexNode: () =>
    node("CreateIndexNode", { name: identifier("i"), table: tags, columns: [column("label")] }),
  CreateSchemaNode: () => node("CreateSchemaNode", { schema: identifier("s1") }),
  CreateTableNode: () =>
    node("CreateTableNode", { table: table("made"), columns: [sampleOf("ColumnDefinitionNode")] }),
  CreateTypeNode: () => node("CreateTypeNode", { name: type }),
  CreateViewNode: () => node("CreateViewNode", { name: schemable("seen"), as: select(tags) }),
  DataTypeNode: () => node("DataTypeNode", { dataType: "integer" }),
  DefaultInsertValueNode: () => node("DefaultInsertValueNode"),
  DefaultValueNode: () => node("DefaultValueNode", { defaultValue: value(1) }),
  DeleteQueryNode: () => node("DeleteQueryNode", { from: from(tags), where: where(isOne) }),
  DropColumnNode: () => node("DropColumnNode", { column: column("label") }),
  DropConstraintNode: () => node("DropConstraintNode", { constraintName: constraint }),
  DropIndexNode: () => node("DropIndexNode", { name: schemable("i") }),
  DropSchemaNode: () => node("DropSchemaNode", { schema: identifier("s1") }),
  DropTableNode: () => node("DropTableNode", { table: tags }),
  DropTypeNode: () => node("DropTypeNode", { name: type }),
  DropViewNode: () => node("DropViewNode", { name: schemable("seen") }),
  ExplainNode: () => node("ExplainNode"),
  FetchNode: () => node("FetchNode", { rowCount: value(1), modifier: "only" }),
  ForeignKeyConstraintNode: () =>
    node("ForeignKeyConstraintNode", {
      columns: [column("id")],
      references: sampleOf("ReferencesNode"),
    }),
  FromNode: () => from(tags),
  FunctionNode: () => node("FunctionNode", { func: "abs", arguments: [reference("id")] }),
  GeneratedNode: () => node("GeneratedNode", { always: true, expression: value(1) }),
  GroupByItemNode: () => node("GroupByItemNode", { groupBy: reference("id") }),
  GroupByNode: () => node("GroupByNode", { items: [sampleOf("GroupByItemNode")] }),
  HavingNode: () => node("HavingNode", { having: isOne }),
  IdentifierNode: () => identifier("id"),
  InsertQueryNode: () =>
    node("InsertQueryNode", {
      into: tags,
      columns: [column("id")],
      values: sampleOf("ValuesNode"),
    }),
  JSONOperatorChainNode: () =>
    node("JSONOperatorChainNode", {
      operator: node("OperatorNode", { operator: "->>" }),
      values: [node("ValueNode", { value: "a", immediate: true })],
    }),
  JSONPathLegNode: () => node("JSONPathLegNode", { type: "Member", value: "a" }),
  JSONPathNode: () => node("JSONPathNode", { pathLegs: [sampleOf("JSONPathLegNode")] }),
  JSONReferenceNode: () =>
    node("JSONReferenceNode", {
      reference: reference("label"),
      traversal: sampleOf("JSONOperatorChainNode"),
    }),
  JoinNode: () => join(alias(tags, "j")),
  LimitNode: () => node("LimitNode", { limit: value(1) }),
  ListNode: () => node("ListNode", { items: [reference("id")] }),
  MatchedNode: () => node("MatchedNode", { not: false, bySource: false }),
  MergeQueryNode: () =>
    node("MergeQueryNode", {
      into: tags,
      using: join(alias(table("tags"), "s"), "Using"),
      whens: [
        node("WhenNode", {
          condition: sampleOf("MatchedNode"),
          result: raw("do nothing"),
        }),
      ],
    }),
  ModifyColumnNode: () => node("ModifyColumnNode", { column: sampleOf("ColumnDefinitionNode") }),
  OffsetNode: () => node("OffsetNode", { offset: value(1) }),
  OnConflictNode: () => node("OnConflictNode", { columns: [column("id")], doNothing: true }),
  OnDuplicateKeyNode: () => node("OnDuplicateKeyNode", { updates: [sampleOf("ColumnUpdateNode")] }),
  OnNode: () => node("OnNode", { on: isOne }),
  OperatorNode: () => node("OperatorNode", { operator: "=" }),
  OrActionNode: () => node("OrActionNode", { action: "ignore" }),
  OrNode: () => node("OrNode", { left: isOne, right: isOne }),
  OrderByItemNode: () => node("OrderByItemNode", { orderBy: reference("id") }),
  OrderByNode: () => node("OrderByNode", { items: [sampleOf("OrderByItemNode")] }),
  OutputNode: () => node("OutputNode", { selections: [reference("id")] }),
  OverNode: () => node("OverNode", { orderBy: sampleOf("OrderByNode") }),
  ParensNode: () => parens(reference("id")),
  PartitionByItemNode: () => node("PartitionByItemNode", { partitionBy: reference("id") }),
  PartitionByNode: () => node("PartitionByNode", { items: [sampleOf("PartitionByItemNode")] }),
  PrimaryKeyConstraintNode: () => node("PrimaryKeyConstraintNode", { columns: [column("id")] }),
  PrimitiveValueListNode: () => node("PrimitiveValueListNode", { values: [1] }),
  RawNode: () => raw("abs(", reference("id"), ")"),
  ReferenceNode: () => reference("id"),
  ReferencesNode: () => node("ReferencesNode", { table: tags, columns: [column("id")] }),
  RefreshMaterializedViewNode: () =>
    node("RefreshMaterializedViewNode", { name: schemable("seen") }),
  RenameColumnNode: () =>
    node("RenameColumnNode", { column: column("label"), renameTo: column("name") }),
  RenameConstraintNode: () =>
    node("RenameConstraintNode", { oldName: constraint, newName: identifier("d") }),
  RenameValueNode: () =>
    node("RenameValueNode", {
      oldValue: node("ValueNode", { value: "a", immediate: true }),
      newValue: node("ValueNode", { value: "b", immediate: true }),
    }),
  ReturningNode: () => node("ReturningNode", { selections: [selection(reference("id"))] }),
  SchemableIdentifierNode: () => schemable("tags"),
  SelectAllNode: () => node("SelectAllNode"),
  SelectModifierNode: () => node("SelectModifierNode", { modifier: "ForUpdate" }),
  SelectQueryNode: () => select(tags),
  SelectionNode: () => selection(reference("id")),
  SetOperationNode: () =>
    node("SetOperationNode", { operator: "union", all: true, expression: select(tags) }),
  TableNode: () => table("tags"),
  TopNode: () => node("TopNode", { expression: 1 }),
  TupleNode: () => node("TupleNode", { values: [reference("id"), value(1)] }),
  UnaryOperationNode: () =>
    node("UnaryOperationNode", {
      operator: node("OperatorNode", { operator: "-" }),
      operand: reference("id"),
    }),
  UniqueConstraintNode: () => node("UniqueConstraintNode", { columns: [column("id")] }),
  UpdateQueryNode: () =>
    node("UpdateQueryNode", {
      table: tags,
      updates: [sampleOf("ColumnUpdateNode")],
      where: where(isOne),
    }),
  UsingNode: () => node("UsingNode", { tables: [alias(tags, "u")] }),
  ValueListNode: () => node("ValueListNode", { values: [value(1)] }),
  ValueNode: () => value(1),
  ValuesNode: () => node("ValuesNode", { values: [sampleOf("PrimitiveValueListNode")] }),
  WhenNode: () => node("WhenNode", { condition: isOne, result: value(1) }),
  WhereNode: () => where(isOne),
  WithNode: () => node("WithNode", { expressions: [sampleOf("CommonTableExpressionNode")] }),
};

/** What else a node must hold, or must not, for a property of its to be written. */
const needs: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "AlterColumnNode.dataTypeExpression": { dataType: node("DataTypeNode", { dataType: "integer" }) },
  "AlterColumnNode.setDefault": { dataType: undefined },
  "AlterTypeNode.addValue": { renameTo: undefined },
  "AlterTypeNode.renameValue": { renameTo: undefined },
  "AlterTypeNode.setSchema": { renameTo: undefined },
  "OnConflictNode.constraint": { columns: undefined },
  "OnConflictNode.indexExpression": { columns: undefined },
  "OnConflictNode.updates": { doNothing: undefined },
  "OnConflictNode.updateWhere": {
    doNothing: undefined,
    updates: [update(column("label"), value("x"))],
  },
  "SelectModifierNode.rawModifier": { modifier: undefined },
  "UpdateQueryNode.joins": { from: from(alias(tags, "f")) },
};

/** A node of a kind, as queries have it. */
export function sampleOf(kind: string): Loose {
  const sample = samples[kind];
  if (sample === undefined) {
    throw new Error(`There is no sample of ${kind}: add it to tests/executor/nodes/samples.ts`);
  }
  return sample();
}

/** A node of a kind with something planted in one of its properties. */
export function planted(kind: string, property: string, plant: unknown): Loose {
  return { ...sampleOf(kind), ...needs[`${kind}.${property}`], [property]: plant } as Loose;
}
