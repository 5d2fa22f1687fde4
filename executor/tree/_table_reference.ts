import {
  ColumnNode,
  ExpressionWrapper,
  type IdentifierNode,
  ReferenceNode,
  type TableNode,
} from "kysely";
import type { MergeAction, QueryOperation, TableReference } from "../contract/plugin.ts";

/** How a reference is written. */
export interface ReferenceName {
  /** The table. */
  readonly table: TableNode;
  /** What qualifies the reference's columns: its alias, or the table. */
  readonly qualifier: TableNode;
  /** The alias, where there is one. */
  readonly alias: IdentifierNode | undefined;
  /** What the query knows the reference by, where a derived table is put there. */
  readonly known?: TableNode | undefined;
  /** What a MERGE does with its target. */
  readonly actions?: readonly MergeAction[] | undefined;
}

/** A table reference as hooks see it. */
export class Reference implements TableReference {
  /** @inheritdoc */
  readonly table: string;
  /** @inheritdoc */
  readonly physicalName: string;
  /** @inheritdoc */
  readonly schema: string | undefined;
  /** @inheritdoc */
  readonly alias: string;
  /** @inheritdoc */
  readonly operation: QueryOperation;
  /** @inheritdoc */
  readonly role: "source" | "target";
  /** @inheritdoc */
  readonly returning: boolean;
  /** @inheritdoc */
  readonly actions: readonly MergeAction[] | undefined;
  readonly #qualifier: TableNode;

  constructor(
    { table, qualifier, actions }: ReferenceName,
    operation: QueryOperation,
    physicalName: string,
    returning = false,
  ) {
    this.returning = returning;
    this.actions = actions;
    this.table = table.table.identifier.name;
    this.physicalName = physicalName;
    this.schema = table.table.schema?.name;
    this.alias = qualifier.table.identifier.name;
    this.operation = operation;
    this.role = operation === "select" ? "source" : "target";
    this.#qualifier = qualifier;
  }

  column<T = unknown>(name: string): ExpressionWrapper<any, any, T> {
    return new ExpressionWrapper(ReferenceNode.create(ColumnNode.create(name), this.#qualifier));
  }
}
