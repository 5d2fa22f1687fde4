import {
  AliasNode,
  type ColumnNode,
  type JoinNode,
  type OperationNode,
  type RawNode,
  type ReferenceNode,
  SelectionNode,
  type SelectQueryNode,
  TableNode,
} from "kysely";
import { QueryRefusedError } from "../../contract/errors.ts";
import type { QueryOperation } from "../../contract/plugin.ts";
import { mapChildren } from "../../tree/_nodes.ts";
import { isPlainFunction } from "../../tree/_plain_function.ts";
import { textOf } from "../../tree/_raw_text.ts";
import type { Pass } from "../_pass.ts";
import type { GuardedReference } from "../_reference.ts";
import type { MaskedColumns } from "../rules.ts";
import { keyOfColumn } from "./_columns.ts";

/** Parts of a statement that name what is written, or are scopes of their own. */
const NAMES: ReadonlySet<string> = new Set([
  "kind",
  "with",
  "table",
  "into",
  "from",
  "using",
  "columns",
]);

/**
 * Masks: columns of a target that the caller may not read. What is read of a table is masked where
 * it is named, by a derived table (`_sources.ts`); the target of a statement must stay a table, so
 * each place that reads its row has the mask instead of the column.
 *
 * | place                                        | rule                                       |
 * | -------------------------------------------- | ------------------------------------------ |
 * | WHERE, SET, ON, ORDER BY, DO UPDATE's WHERE  | the mask takes the column's place          |
 * | RETURNING                                    | as well, under the column's name           |
 * | RETURNING *                                  | spelt out                                  |
 * | a name without its table, with other tables  | refused: it must say whose it is           |
 * | or in a subquery                             |                                            |
 * | raw SQL that names the column or the row     | refused                                    |
 *
 * @param others whether the statement has other tables
 */
export function maskTarget<T extends OperationNode>(
  node: T,
  target: GuardedReference,
  operation: QueryOperation,
  others: boolean,
  pass: Pass,
): T {
  const mask = target.mask(operation);
  if (mask === undefined) return node;
  const masking = new Masking(target, mask, others, pass);
  // The children of a node are its properties.
  const children = node as unknown as Record<string, any>;
  const out: Record<string, unknown> = { ...children };
  for (const [key, value] of Object.entries(children)) {
    if (NAMES.has(key) || typeof value !== "object" || value === null) continue;
    if (key === "updates") out[key] = value.map((update: Update) => masking.update(update));
    else if (key === "joins") out[key] = value.map((join: JoinNode) => masking.join(join));
    else if (key === "onConflict" || key === "onDuplicateKey") out[key] = masking.conflict(value);
    else out[key] = masking.any(value);
  }
  // Every member is what it was, with expressions in the place of expressions.
  return out as unknown as T;
}

/** Masks each target of a statement. */
export function maskTargets<T extends OperationNode>(
  node: T,
  targets: readonly GuardedReference[],
  operation: QueryOperation,
  others: boolean,
  pass: Pass,
): T {
  return targets.reduce((out, target) => maskTarget(out, target, operation, others, pass), node);
}

/** Refuses what a user writes to columns that the caller may not write. */
export function refuseReadOnlyColumns(
  columns: readonly OperationNode[],
  operation: QueryOperation,
  target: GuardedReference,
  pass: Pass,
): void {
  const mask = target.mask(operation);
  if (mask === undefined || mask.readOnly.size === 0) return;
  for (const column of columns) {
    const key = keyOfColumn(column, target, pass);
    const plugin = mask.readOnly.get(key);
    if (plugin === undefined) continue;
    const table = target.tableName;
    throw new QueryRefusedError(
      `Cannot write column "${key}" of table "${table}": plugin "${plugin}" denies it; leave it out`,
      "COLUMN_DENIED",
      table,
    );
  }
}

type Update = OperationNode & { readonly value: OperationNode };

class Masking {
  readonly #reference: GuardedReference;
  readonly #mask: MaskedColumns;
  readonly #others: boolean;
  readonly #pass: Pass;
  readonly #name: string;

  constructor(reference: GuardedReference, mask: MaskedColumns, others: boolean, pass: Pass) {
    this.#reference = reference;
    this.#mask = mask;
    this.#others = others;
    this.#pass = pass;
    this.#name = reference.name;
  }

  update(update: Update): OperationNode {
    return { ...update, value: this.#expression(update.value, false) } as OperationNode;
  }

  join(join: JoinNode): JoinNode {
    return join.on === undefined ? join : { ...join, on: this.any(join.on) as typeof join.on };
  }

  conflict(node: OperationNode): OperationNode {
    const { updates, updateWhere } = node as OperationNode & {
      updates?: readonly Update[];
      updateWhere?: OperationNode;
    };
    const out: Record<string, unknown> = { ...node };
    if (updates !== undefined) out["updates"] = updates.map((update) => this.update(update));
    if (updateWhere !== undefined) out["updateWhere"] = this.any(updateWhere);
    return out as unknown as OperationNode;
  }

  any<T>(value: T): T {
    if (Array.isArray(value)) return value.map((item) => this.any(item)) as unknown as T;
    if (typeof value !== "object" || value === null || !("kind" in value)) return value;
    return this.#expression(value as unknown as OperationNode, false) as unknown as T;
  }

  #expression(node: OperationNode, nested: boolean): OperationNode {
    switch (node.kind) {
      case "ReturningNode":
      case "OutputNode": {
        const { selections } = node as OperationNode & { selections: readonly SelectionNode[] };
        return {
          ...node,
          selections: selections.flatMap((selection) => this.#selection(selection)),
        } as OperationNode;
      }
      case "ReferenceNode":
        return this.#column(node as ReferenceNode, nested);
      case "ColumnNode":
        return this.#column({ kind: "ReferenceNode", column: node } as ReferenceNode, nested, node);
      case "TableNode":
        // PostgreSQL takes it for the row.
        if (this.#isOwn(node as TableNode)) throw this.#ambiguous(this.#name);
        return node;
      case "IdentifierNode":
      case "SchemableIdentifierNode":
        // Only raw SQL has one that is not a part of another name: sql.id("secret").
        this.#refuseName(node);
        return node;
      case "FromNode":
      case "JoinNode":
      case "UsingNode":
        return mapChildren(node, (child) => this.#source(child, nested));
      case "AliasNode": {
        const inner = this.#expression((node as AliasNode).node, nested);
        return inner === (node as AliasNode).node
          ? node
          : AliasNode.create(inner, (node as AliasNode).alias);
      }
      case "FunctionNode":
      case "AggregateFunctionNode": {
        const { func } = node as OperationNode & { func: string };
        if (!isPlainFunction(func)) throw this.#raw(func);
        return mapChildren(node, (child) => this.#expression(child, nested));
      }
      case "RawNode":
        this.#refuseRaw(node as RawNode);
        return mapChildren(node, (child) => this.#expression(child, nested));
      case "SelectQueryNode":
        if (this.#isShadowedIn(node as SelectQueryNode)) return node;
        return mapChildren(node, (child) => this.#expression(child, true));
      default:
        return mapChildren(node, (child) => this.#expression(child, nested));
    }
  }

  #selection(node: SelectionNode): SelectionNode[] {
    const { selection } = node;
    const { column, table } = selection as Partial<ReferenceNode>;
    const isAll = selection.kind === "SelectAllNode" || column?.kind === "SelectAllNode";
    if (isAll) {
      if (table !== undefined && !this.#isOwn(table)) return [node];
      if (this.#others && table === undefined) throw this.#ambiguous("*");
      return this.#mask.selections(this.#reference);
    }
    const masked = this.#expression(selection, false);
    if (masked === selection) return [node];
    const name = column ?? (selection.kind === "ColumnNode" ? selection : undefined);
    // What has an alias keeps it.
    return [
      SelectionNode.create(
        name?.kind === "ColumnNode"
          ? AliasNode.create(masked, (name as ColumnNode).column)
          : masked as SelectionNode["selection"],
      ),
    ];
  }

  /** An item of a FROM: a table there is one of its own. */
  #source(item: OperationNode, nested: boolean): OperationNode {
    if (item.kind === "TableNode") return item;
    if (item.kind !== "AliasNode" || (item as AliasNode).node.kind !== "TableNode") {
      return this.#expression(item, nested);
    }
    return item;
  }

  #refuseName(node: OperationNode): void {
    const { name, identifier } = node as OperationNode & {
      name?: string;
      identifier?: { name: string };
    };
    const found = name ?? identifier?.name;
    if (found === undefined) return;
    const key = this.#pass.rules.columnKey(found);
    if (this.#mask.has(found) || key === this.#pass.rules.columnKey(this.#name)) {
      throw this.#raw(found);
    }
  }

  /** A column; `whole` is the node it stands in. */
  #column(
    { table, column }: ReferenceNode,
    nested: boolean,
    whole?: OperationNode,
  ): OperationNode {
    const node = whole ?? { kind: "ReferenceNode", table, column } as ReferenceNode;
    if (column.kind !== "ColumnNode") {
      if (table !== undefined && this.#isOwn(table)) throw this.#ambiguous("*");
      return node;
    }
    const { name } = (column as ColumnNode).column;
    if (table !== undefined && !this.#isOwn(table)) return node;
    if (
      table === undefined &&
      this.#pass.rules.columnKey(name) === this.#pass.rules.columnKey(this.#name)
    ) {
      // PostgreSQL takes the name of a table for its row.
      throw this.#ambiguous(name);
    }
    if (!this.#mask.has(name)) return node;
    if (table === undefined && (nested || this.#others)) throw this.#ambiguous(name);
    return this.#mask.shown(name);
  }

  #isOwn(table: TableNode): boolean {
    const { identifier } = table.table;
    return this.#pass.rules.physicalName(identifier.name) ===
      this.#pass.rules.physicalName(this.#name);
  }

  /** Whether a subquery has a table of the target's name itself. */
  #isShadowedIn(node: SelectQueryNode): boolean {
    const items = [...node.from?.froms ?? [], ...node.joins?.map(({ table }) => table) ?? []];
    return items.some((item) => {
      const alias = item.kind === "AliasNode" ? (item as AliasNode).alias : undefined;
      const name = alias?.kind === "IdentifierNode"
        ? (alias as OperationNode & { name: string }).name
        : item.kind === "TableNode"
        ? (item as TableNode).table.identifier.name
        : undefined;
      return name !== undefined && this.#isOwn(TableNode.create(name));
    });
  }

  #refuseRaw(node: RawNode): void {
    const text = textOf(node).toLowerCase();
    const words = new Set(text.match(/[\p{L}_][\p{L}\p{N}_$]*/gu) ?? []);
    const name = [...this.#mask.names, this.#name].find((each) =>
      words.has(each.toLowerCase()) || words.has(this.#pass.rules.columnKey(each).toLowerCase())
    );
    if (name !== undefined || /(?:^|[\s,(.])\*\s*(?:$|[,)])/.test(text)) {
      throw this.#raw(name ?? "*");
    }
  }

  #raw(name: string): QueryRefusedError {
    const table = this.#reference.tableName;
    return new QueryRefusedError(
      `Cannot mask columns of table "${table}" in raw SQL that names "${name}"; write it with the ` +
        "query builder",
      "UNSUPPORTED",
      table,
    );
  }

  #ambiguous(name: string): QueryRefusedError {
    const table = this.#reference.tableName;
    return new QueryRefusedError(
      `Cannot tell whether "${name}" is of table "${table}", some of whose columns are masked; ` +
        `qualify it with the name of its table`,
      "AMBIGUOUS_NAME",
      table,
    );
  }
}

/** MySQL does not lock what a derived table reads: no lock is better than one that does nothing. */
export function refuseLock(node: OperationNode, derives: boolean, pass: Pass): void {
  if (pass.rules.traits.sources.locksDerivedTables || !derives) return;
  const { endModifiers = [] } = node as { endModifiers?: readonly OperationNode[] };
  const locks = endModifiers.some((modifier) => {
    const { modifier: word, rawModifier } = modifier as {
      modifier?: string;
      rawModifier?: OperationNode;
    };
    const raw = rawModifier ?? modifier;
    if (raw.kind === "RawNode") return /\b(?:for|lock)\b/i.test(textOf(raw as RawNode));
    return word !== undefined && /^For/.test(word);
  });
  if (!locks) return;
  throw new QueryRefusedError(
    "Cannot lock rows of a table some of whose columns are masked; run the query without FOR " +
      "UPDATE, or an UPDATE",
    "UNSUPPORTED",
  );
}
