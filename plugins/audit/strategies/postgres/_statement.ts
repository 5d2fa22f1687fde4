import {
  type Expression,
  type OperationNode,
  type ReturningNode,
  type RootOperationNode,
  sql,
} from "kysely";
import { copy, id, partsOf, q, tableNode, withNode } from "../../sql/_nodes.ts";
import { refuseShadowed } from "../common/_before.ts";
import { type AuditedWrite, cte, type Plan, sourcesOf, unionOf } from "./_parts.ts";
import { returnedNames } from "./_returned_names.ts";
import { WritePart } from "./_write_part.ts";

/** A statement that does a write and writes down what it did. */
export interface PostgresStatement {
  readonly node: RootOperationNode;
  /** Whether the rows of its result are those of the user's RETURNING, with more columns. */
  readonly returns: boolean;
  /** Whether the user's own query is the root, and its result as it was. */
  readonly asItWas: boolean;
}
/**
 * One statement: the write, and what it did to the log, as parts of one WITH.
 *
 * | write                     | the old row                                       | the new row |
 * | ------------------------- | ------------------------------------------------- | ----------- |
 * | INSERT                    |                                                   | RETURNING   |
 * | DELETE                    | RETURNING                                         |             |
 * | UPDATE, upsert, MERGE, 18 | RETURNING old                                     | RETURNING   |
 * | UPDATE, before 18         | SELECT .. FOR UPDATE, joined to the UPDATE by key | RETURNING   |
 * | upsert, before 18         | SELECT .. FOR UPDATE of the rows it would meet    | RETURNING   |
 * | MERGE, before 18          | refused                                           |             |
 */
export function postgresStatement(
  query: RootOperationNode,
  writes: readonly AuditedWrite[],
  plan: Plan,
): PostgresStatement {
  const { with: clause } = partsOf(query);
  const parts: OperationNode[] = [];
  const parted = writes.map((write) => new WritePart(write, plan));
  for (const { write, readsTable } of parted) {
    // Every write names one table.
    const [target] = write.targets;
    if (!readsTable) continue;
    for (const part of [query, write.node]) {
      refuseShadowed(part, { ...target!, table: write.table });
    }
  }
  for (const [i, part] of (clause?.expressions ?? []).entries()) {
    const own = parted.find(({ write }) => write.cte === i);
    if (own === undefined) parts.push(part);
    else parts.push(...own.before(), ...own.ofUser(part));
  }
  const root = parted.find(({ write }) => write.cte === undefined);
  if (root !== undefined) parts.push(...root.before(), ...root.ofRoot());
  parts.push(cte("kysera_changes", unionOf(parted.map((part) => part.changes()))));
  const guards = parted.flatMap((part) => part.guard());
  const { expected } = plan;
  if (root !== undefined && expected !== undefined) {
    guards.push(sql`select null::text, null::text,
      cast(cast(${expected.marker}::text || g.n as integer) as text), null::text, null::text
      from (select count(*) as n from ${id("kysera_write")}) as g where g.n <> ${expected.rows}`);
  }
  const source = sql`select kysera_table, kysera_key, kysera_operation, kysera_old::text,
    kysera_new::text from ${id("kysera_changes")}${
    guards.length === 0 ? sql`` : sql` union all ${unionOf(guards)}`
  }`;
  const { recursive } = clause ?? {};
  const returning = root === undefined ? undefined : partsOf(root.write.node).returning;
  if (plan.gives) {
    parts.push(cte("kysera_given", sql`(${source})`, true));
    return giving(query, root, parts, recursive, returning);
  }
  const log = sql`insert into ${q(tableNode(plan.auditTable.name, plan.auditTable.schema))}
    (table_name, entity_id, operation, old_values, new_values, changed_by, changed_at, metadata,
     request_id)
    select kysera_table, kysera_key, kysera_operation, kysera_old, kysera_new,
      ${plan.values.actor}::text, ${plan.values.at}::text, ${plan.values.metadata}::text,
      ${plan.values.request}::text
    from (${source}) as kysera_log`;
  const alone = root !== undefined && writes.length === 1 && returning === undefined;
  if (alone) {
    // The number of rows that the log grew by is that of the rows written.
    const head = q(withNode(parts, recursive));
    // The compiler takes a raw node for a statement.
    const node = sql`${head} ${log}`.toOperationNode() as RootOperationNode;
    return { node, returns: false, asItWas: false };
  }
  parts.push(cte("kysera_log", sql`(${log})`));
  if (root === undefined) {
    const node = copy(query, { with: withNode(parts, recursive) });
    return { node, returns: false, asItWas: true };
  }
  const head = q(withNode(parts, recursive));
  const tail = returning === undefined
    ? sql`select count(*)::text as kyseracount from ${id("kysera_write")}`
    : sql`select ${returnedNames(returning)} from ${id("kysera_write")}`;
  const node = sql`${head} ${tail}`.toOperationNode() as RootOperationNode;
  return { node, returns: returning !== undefined, asItWas: false };
}

/** The statement whose result holds the changes: for the first row of it, as one text. */
function giving(
  query: RootOperationNode,
  root: WritePart | undefined,
  parts: readonly OperationNode[],
  recursive: boolean | undefined,
  returning: ReturningNode | undefined,
): PostgresStatement {
  const head = q(withNode(parts, recursive));
  const changes = sql`(select ':' || coalesce(json_agg(json_build_array(kysera_table, kysera_key,
    kysera_operation, kysera_old, kysera_new))::text, '[]') from ${id("kysera_given")})`;
  if (root === undefined) {
    const rest = q(copy(query, { with: undefined }));
    // The parts of a SELECT are seen in its subqueries.
    const node = sql`${head}, kysera_result as ${rest}
      select r.*, g.kyserachanges from (select ${changes} as kyserachanges) as g
      left join (select true as kyserahasrow, * from kysera_result) as r on true`;
    return { node: node.toOperationNode() as RootOperationNode, returns: true, asItWas: false };
  }
  const rows = returning === undefined
    ? sql`select count(*)::text as kyseracount, true as kyserahasrow from ${id("kysera_write")}`
    : sql`select ${returnedNames(returning)}, true as kyserahasrow from ${id("kysera_write")}`;
  const node = sql`${head} select r.*, g.kyserachanges
    from (select ${changes} as kyserachanges) as g left join (${rows}) as r on true`;
  return {
    node: node.toOperationNode() as RootOperationNode,
    returns: returning !== undefined,
    asItWas: false,
  };
}

/** Locks the rows of an UPDATE, and tells which they are. */
export function postgresLock(
  { node, alias, targets, table: known }: AuditedWrite,
): Expression<any> {
  refuseShadowed(node, { ...targets[0]!, table: known });
  const { table, from, joins, where, with: clause } = partsOf(node);
  return sql`${clause === undefined ? sql`` : q(clause)} select ${
    id(alias)
  }.tableoid::oid::text as o,
    ${id(alias)}.ctid::text as c from ${sourcesOf(table!, from, joins)}
    ${where === undefined ? sql`` : q(where)} for update of ${id(alias)}`;
}
