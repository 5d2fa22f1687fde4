import {
  AliasNode,
  BinaryOperationNode,
  ColumnNode,
  type DeleteQueryNode,
  IdentifierNode,
  type KyselyPlugin,
  OperationNodeTransformer,
  OperatorNode,
  ParensNode,
  ReferenceNode,
  type SelectQueryNode,
  TableNode,
  type UpdateQueryNode,
  ValueNode,
  WhereNode,
} from "kysely";
import type { OperationNode, QueryId } from "kysely";
import { filteredNames } from "./schema.ts";

/** What a soft delete plugin may get wrong. */
export interface Mistakes {
  /** Only the root's first table is filtered. */
  firstTableOnly?: boolean;
  /** The filters of joined tables are left out. */
  noJoins?: boolean;
  /** A condition is put behind what is there without parentheses. */
  noParens?: boolean;
  /** A CTE that has a table's name is filtered like the table. */
  blindToCtes?: boolean;
  /** UPDATE and DELETE are left alone. */
  readsOnly?: boolean;
}

/** A Kysely plugin that hides deleted rows, but not well. */
export function leaky(mistakes: Mistakes): KyselyPlugin {
  return {
    transformQuery: ({ node, queryId }) =>
      new LeakyTransformer(mistakes).transformNode(node, queryId),
    transformResult: ({ result }) => Promise.resolve(result),
  };
}

class LeakyTransformer extends OperationNodeTransformer {
  readonly #mistakes: Mistakes;
  #ctes = new Set<string>();
  #depth = 0;

  constructor(mistakes: Mistakes) {
    super();
    this.#mistakes = mistakes;
  }

  protected override transformSelectQuery(node: SelectQueryNode, id?: QueryId): SelectQueryNode {
    const root = this.#depth++ === 0;
    for (const cte of node.with?.expressions ?? []) {
      this.#ctes.add(cte.name.table.table.identifier.name);
    }
    const out = super.transformSelectQuery(node, id!);
    this.#depth--;
    if (this.#mistakes.firstTableOnly && !root) return out;
    let where = node.from?.froms.flatMap((from) => this.#filter(from)) ?? [];
    if (this.#mistakes.firstTableOnly) where = where.slice(0, 1);
    else if (!this.#mistakes.noJoins) {
      where.push(...(node.joins ?? []).flatMap((join) => this.#filter(join.table)));
    }
    return { ...out, ...this.#where(out.where, where) };
  }

  protected override transformUpdateQuery(node: UpdateQueryNode, id?: QueryId): UpdateQueryNode {
    const out = super.transformUpdateQuery(node, id!);
    if (this.#mistakes.readsOnly || !node.table || node.table.kind === "ListNode") return out;
    return { ...out, ...this.#where(out.where, this.#filter(node.table)) };
  }

  protected override transformDeleteQuery(node: DeleteQueryNode, id?: QueryId): DeleteQueryNode {
    const out = super.transformDeleteQuery(node, id!);
    if (this.#mistakes.readsOnly || node.using) return out;
    return { ...out, ...this.#where(out.where, node.from.froms.flatMap((f) => this.#filter(f))) };
  }

  #filter(source: OperationNode): OperationNode[] {
    const table = AliasNode.is(source) ? source.node : source;
    if (!TableNode.is(table)) return [];
    const { schema, identifier } = table.table;
    if (!filteredNames.includes(identifier.name)) return [];
    if (!schema && !this.#mistakes.blindToCtes && this.#ctes.has(identifier.name)) return [];
    const alias = AliasNode.is(source) && IdentifierNode.is(source.alias)
      ? source.alias.name
      : identifier.name;
    return [
      BinaryOperationNode.create(
        ReferenceNode.create(ColumnNode.create("deleted_at"), TableNode.create(alias)),
        OperatorNode.create("is"),
        ValueNode.createImmediate(null),
      ),
    ];
  }

  #where(where: WhereNode | undefined, filters: OperationNode[]): { where?: WhereNode } {
    for (const filter of filters) {
      where = where === undefined ? WhereNode.create(filter) : WhereNode.cloneWithOperation(
        this.#mistakes.noParens ? where : WhereNode.create(ParensNode.create(where.where)),
        "And",
        filter,
      );
    }
    return where === undefined ? {} : { where };
  }
}
