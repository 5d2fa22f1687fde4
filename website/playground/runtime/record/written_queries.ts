import { type OperationNode, OperationNodeTransformer, type QueryId } from "kysely";

/** Remembers what queries were before they were rewritten, subqueries included. */
export class WrittenQueries {
  readonly #originals = new WeakMap<OperationNode, OperationNode>();
  readonly #restorer = new Restorer(this.#originals);

  /** Notes that a query was rewritten. */
  note(written: OperationNode, rewritten: OperationNode): void {
    if (written !== rewritten) this.#originals.set(rewritten, written);
  }

  /**
   * Returns a query as its user wrote it.
   *
   * @param node the query, which may have been rewritten, as may queries within it
   * @param queryId the id of the query
   */
  restore<T extends OperationNode>(node: T, queryId: QueryId): T {
    return this.#restorer.transformNode(node, queryId);
  }
}

/** Puts the original in the place of each query that was rewritten. */
class Restorer extends OperationNodeTransformer {
  readonly #originals: WeakMap<OperationNode, OperationNode>;

  constructor(originals: WeakMap<OperationNode, OperationNode>) {
    super();
    this.#originals = originals;
  }

  protected override transformNodeImpl<T extends OperationNode>(
    node: T,
    queryId: QueryId,
  ): T {
    // A rewritten query stands where a query may stand.
    const original = (this.#originals.get(node) ?? node) as T;
    return super.transformNodeImpl(original, queryId);
  }
}
