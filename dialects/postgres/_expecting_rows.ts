import { BadRequestError } from "@kysera/core";
import {
  CommonTableExpressionNameNode,
  CommonTableExpressionNode,
  type CompiledQuery,
  IdentifierNode,
  type OperationNode,
  PostgresQueryCompiler,
  RawNode,
  ReturningNode,
  SelectAllNode,
  SelectionNode,
  ValueNode,
  WithNode,
} from "kysely";

/** What the error of a statement tells that has changed another number of rows. */
export const ROWS_MARKER = "KYSERA_BATCH_ROWS_";

const READ = "SelectQueryNode";
const COUNTED = [READ, "InsertQueryNode", "UpdateQueryNode", "DeleteQueryNode"];
const WRITTEN = "kysera_written";

/** A statement that writes. */
type Writing = OperationNode & {
  readonly with?: WithNode;
  readonly returning?: ReturningNode;
};

/**
 * Returns a statement that fails unless it changes, or returns, so many rows, which PostgreSQL cannot
 * tell a later one: the statement becomes a part of WITH, beside its own parts, of which a SELECT
 * counts the rows.
 *
 * @throws {BadRequestError} for a statement whose rows cannot be counted so
 */
export function expectingRows(query: CompiledQuery, rows: number, index: number): CompiledQuery {
  if (!COUNTED.includes(query.query.kind)) {
    throw new BadRequestError(
      "Cannot expect a number of rows: over HTTP it is counted of SELECT, INSERT, UPDATE and DELETE " +
        "alone, and not of raw SQL",
    );
  }
  const { with: own, returning, ...rest } = query.query as Writing;
  const givesRows = returnsRows(query);
  const statement = (givesRows ? query.query.kind === READ ? rest : { ...rest, returning } : {
    ...rest,
    returning: ReturningNode.create([SelectionNode.create(SelectAllNode.create())]),
  }) as OperationNode;
  const part = CommonTableExpressionNode.create(
    CommonTableExpressionNameNode.create(WRITTEN),
    statement,
  );
  const parts = own === undefined ? WithNode.create(part) : WithNode.cloneWithExpression(own, part);
  const written = IdentifierNode.create(WRITTEN);
  const count = new Parts();
  // The count is in what is cast: a constant would be cast before anything is run.
  count.add("(select cast(case when count(*) = ").value(rows).add(" then '0' else ")
    .value(`${ROWS_MARKER}${index}_`).add(" || count(*) end as integer) as kysera_count from ")
    .node(written).add(") as kysera_counted");
  const select = new Parts();
  select.node(parts);
  if (!givesRows) select.add(" select kysera_count from ").node(count.toNode());
  else {
    select.add(" select ").node(written).add(".* from ").node(count.toNode()).add(" left join ")
      .node(written).add(" on kysera_count = 0");
  }
  const compiled = new PostgresQueryCompiler().compileQuery(select.toNode(), query.queryId);
  // What stands in the tree of a prepared query is not its values; these come first, in their order.
  return {
    ...compiled,
    query: query.query,
    parameters: [
      ...query.parameters,
      ...compiled.parameters.slice(query.parameters.length),
    ],
  };
}

/** Returns true if a statement returns rows of its own: it reads, or has RETURNING. */
export function returnsRows({ query }: CompiledQuery): boolean {
  return query.kind === READ || (query as Writing).returning !== undefined;
}

/** Text and nodes, one after the other. */
class Parts {
  readonly #fragments: string[] = [""];
  readonly #nodes: OperationNode[] = [];

  add(text: string): this {
    this.#fragments[this.#fragments.length - 1] += text;
    return this;
  }

  node(node: OperationNode): this {
    this.#nodes.push(node);
    this.#fragments.push("");
    return this;
  }

  value(value: unknown): this {
    return this.node(ValueNode.create(value));
  }

  toNode(): RawNode {
    return RawNode.create(this.#fragments, this.#nodes);
  }
}
