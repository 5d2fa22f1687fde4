import {
  type CompiledQuery,
  OperationNodeTransformer,
  type PrimitiveValueListNode,
  type QueryId,
  type RootOperationNode,
  ValueNode,
} from "kysely";

/** A query in which an object stands for each value. */
export interface StoodIn {
  readonly tree: RootOperationNode;
  /** What stands for the values, in the order of the parameters. */
  readonly standIns: readonly object[];
}

/** What is known of the queries of one SQL: the first of them, and what stands for all of them. */
interface Seen {
  /** It holds values of a caller, and is not kept for this. */
  readonly first: WeakSet<RootOperationNode>;
  stood?: StoodIn | "none";
}

/** Longer SQL is that of a list, and lists of one length seldom come again. */
const MOST_TEXT = 8_192;
const MOST_QUERIES = 256;

/** Finds queries that differ in nothing but their values, by their SQL. */
export class Canonical {
  readonly #compile: (node: RootOperationNode, queryId: QueryId) => CompiledQuery;
  readonly #seen = new Map<string, Seen>();

  /** @param compile compiles a tree as it is */
  constructor(compile: (node: RootOperationNode, queryId: QueryId) => CompiledQuery) {
    this.#compile = compile;
  }

  /**
   * Returns what stands for a query and all others of its SQL.
   *
   * @returns `undefined` for the first query of its SQL, and for one whose values cannot be told apart
   */
  of(query: CompiledQuery): StoodIn | undefined {
    const { sql, query: tree } = query;
    if (sql.length > MOST_TEXT) return undefined;
    const seen = this.#seen.get(sql);
    if (seen === undefined) {
      if (this.#seen.size >= MOST_QUERIES) this.#seen.delete(this.#seen.keys().next().value!);
      this.#seen.set(sql, { first: new WeakSet([tree]) });
      return undefined;
    }
    if (seen.stood === undefined && !seen.first.has(tree)) {
      seen.stood = this.#standIn(query) ?? "none";
    }
    return seen.stood === "none" ? undefined : seen.stood;
  }

  #standIn({ query, queryId, sql, parameters }: CompiledQuery): StoodIn | undefined {
    const transformer = new StandIns();
    let compiled: CompiledQuery;
    let tree: RootOperationNode;
    try {
      tree = transformer.transformNode(query, queryId);
      compiled = this.#compile(tree, queryId);
    } catch {
      // A node that Kysely does not know.
      return undefined;
    }
    const standIns = compiled.parameters.filter((each): each is object =>
      typeof each === "object" && each !== null && transformer.made.has(each)
    );
    const isWhole = compiled.sql === sql && standIns.length === parameters.length &&
      compiled.parameters.length === parameters.length;
    return isWhole ? { tree, standIns } : undefined;
  }
}

/** Puts an object in the place of each value, one of its own for each place. */
class StandIns extends OperationNodeTransformer {
  readonly made = new Set<object>();

  protected override transformValue(node: ValueNode): ValueNode {
    return node.immediate === true ? node : ValueNode.create(this.#make());
  }

  protected override transformPrimitiveValueList(
    node: PrimitiveValueListNode,
  ): PrimitiveValueListNode {
    return { ...node, values: node.values.map(() => this.#make()) };
  }

  #make(): object {
    const standIn = Object.freeze({});
    this.made.add(standIn);
    return standIn;
  }
}
