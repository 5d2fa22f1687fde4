import {
  type Expression,
  type OperationNode,
  type QueryResult,
  type RootOperationNode,
  sql,
} from "kysely";
import { AuditNotPossibleError } from "../../contract/errors.ts";
import { copy, id, partsOf, q, returningMore, selection, withNode } from "../../sql/_nodes.ts";
import { restrictedTo } from "../common/_before.ts";
import type { HandOverWork } from "../trigger_strategy.ts";
import { cte, cteOf } from "./_parts.ts";
import { returnedNames } from "./_returned_names.ts";

/** The setting that triggers read; it ends with the transaction. */
export const SAID = "kysera.said";
/** A name that a statement has which sets it, and no other has. */
export const WORDS = "kysera_said";

/** A statement that does a write and tells the triggers who does it. */
interface Told {
  readonly node: RootOperationNode;
  /** Whether the number of rows is in the result. */
  readonly counts: boolean;
}

/**
 * Tells the triggers who does a write, in the statement of the write: by a setting of the transaction,
 * which holds the time that the statement began at. So it is for this statement alone.
 */
export async function handOverOnPostgres(work: HandOverWork): Promise<QueryResult<any>> {
  const { query, writes, next, scope, templates, values } = work;
  const said = values === undefined
    ? ""
    : JSON.stringify([values.actor, values.at, values.metadata, values.request]);
  const isAlone = writes.length === 1 && writes[0]!.cte === undefined;
  const { made: { counts }, compiled } = templates.get(
    {
      key: query.query,
      name: "told",
      query,
      compile: scope.compile,
      standsFor: (values) => scope.standsFor(values),
      values: { said },
    },
    ({ said }, root) => isAlone ? told(root, said) : toldAround(root, said),
  );
  const result = await next(compiled);
  if (!counts) return result;
  const { rows } = result;
  const count = rows[0]?.["kyseracount"];
  if (count !== undefined) return { ...result, rows: [], numAffectedRows: BigInt(count) };
  // Where the rows were returned for another plugin's check alone, there is only their number.
  const affected = rows.length > 0 ? BigInt(rows.length) : result.numAffectedRows ?? 0n;
  return { ...result, numAffectedRows: affected };
}

/** The condition that is true, once the setting is set. */
function isSaid(said: string): Expression<any> {
  return sql`(select set_config(${sql.lit(SAID)},
    extract(epoch from statement_timestamp())::text || ' ' || ${said}::text, true)
    as ${id(WORDS)}) is not null`;
}

/** A query whose own write is the only one. */
function told(root: RootOperationNode, said: string): Told {
  switch (root.kind) {
    case "UpdateQueryNode":
    case "DeleteQueryNode":
      // No row is changed before all of the condition is true.
      return { node: restrictedTo(root, isSaid(said)) as RootOperationNode, counts: false };
    case "MergeQueryNode":
      return { node: toldMerge(root, said), counts: false };
    default:
      return toldAround(root, said);
  }
}

/** A query whose writes are parts of a WITH; the condition is evaluated before them. */
function toldAround(root: RootOperationNode, said: string): Told {
  const { with: clause, returning } = partsOf(root);
  const isSelect = root.kind === "SelectQueryNode";
  const own = copy(root as OperationNode, {
    with: undefined,
    ...isSelect || returning !== undefined
      ? {}
      : { returning: returningMore(undefined, [selection(sql`1`, "kysera_row")]) },
  });
  const rows = isSelect
    ? sql`*`
    : returning === undefined
    ? sql`count(*)::text as kyseracount`
    : returnedNames(returning);
  // Materialized: what it selects from is not to be planned together with the condition.
  const part = isSelect ? cte("kysera_result", q(own), true) : cteOf("kysera_result", own);
  const parts = [...clause?.expressions ?? [], part];
  const node = sql`${q(withNode(parts, clause?.recursive))} select ${rows} from ${
    id("kysera_result")
  } where ${isSaid(said)}`;
  // The compiler takes a raw node for a statement.
  return { node: node.toOperationNode() as RootOperationNode, counts: !isSelect };
}

/** A MERGE, which a WITH cannot hold before PostgreSQL 17: each of its actions waits for it. */
function toldMerge(root: RootOperationNode, said: string): RootOperationNode {
  const { whens = [] } = root as { readonly whens?: readonly OperationNode[] };
  return copy(root as OperationNode, {
    whens: whens.map((when) => {
      const { condition } = when as { readonly condition?: OperationNode };
      if (condition === undefined) {
        throw new AuditNotPossibleError("?", "its MERGE has an action without a condition");
      }
      return copy(when, { condition: andSaid(condition, said).toOperationNode() });
    }),
  }) as RootOperationNode;
}

function andSaid(condition: OperationNode, said: string): Expression<any> {
  const { left, right } = condition as { left?: OperationNode; right?: OperationNode };
  return condition.kind === "AndNode" && left !== undefined && right !== undefined
    ? sql`${q(left)} and (${q(right)}) and ${isSaid(said)}`
    : sql`${q(condition)} and ${isSaid(said)}`;
}
