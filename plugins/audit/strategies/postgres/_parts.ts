import {
  CommonTableExpressionNameNode,
  CommonTableExpressionNode,
  type Expression,
  type FromNode,
  type OperationNode,
  sql,
} from "kysely";
import type { QueryExpectation } from "@kysera/executor";
import type { Settings } from "../../contract/_settings.ts";
import { copy, q } from "../../sql/_nodes.ts";
import type { SharedValues } from "../common/_log.ts";
import { type AuditedTable, MASK } from "../common/_table.ts";
import type { Write } from "../common/_writes.ts";

/** RETURNING has `old` and `new` since. */
export const HAS_OLD = 180_000;
/** What a statement fails with that another transaction came in between; told from other failures. */
export const MEANWHILE = "kysera audit: rows changed meanwhile";

/** A write whose table is audited. */
export interface AuditedWrite extends Write {
  readonly table: AuditedTable;
  /** The alias of its table. */
  readonly alias: string;
}

/** What a statement is to do beside the write. */
export interface Plan {
  readonly settings: Settings;
  readonly auditTable: { readonly name: string; readonly schema: string | undefined };
  readonly values: SharedValues;
  /** Whether the changes are given back, for the chain, and not written. */
  readonly gives: boolean;
  /**
   * The rows that were locked beforehand, as JSON: the write then touches these alone. Without it,
   * the statement fails where another transaction came in between.
   */
  readonly locked: string | undefined;
  /** How many rows the query's own write has to change, as a batch expects. */
  readonly expected?: QueryExpectation | undefined;
}
/** Whether an UPDATE has to look at its rows first. */
export function looksFirst({ kind, table }: AuditedWrite): boolean {
  return kind === "update" && table.info.version < HAS_OLD;
}
/** What a source is called. */
export function aliasOf(node: OperationNode): string | undefined {
  const { alias } = node as { alias?: OperationNode & { name?: string } };
  return alias?.kind === "IdentifierNode" ? alias.name : undefined;
}

/** The target of an UPDATE, and what it is joined to. */
export function sourcesOf(
  table: OperationNode,
  from: FromNode | undefined,
  joins: readonly OperationNode[] | undefined,
): Expression<any> {
  const froms = [table, ...from?.froms ?? []].map(q);
  return joins === undefined
    ? sql.join(froms)
    : sql`${sql.join(froms)} ${sql.join(joins.map(q), sql` `)}`;
}

/** What entries call a row: the text of its key, or a list of a composite one. */
export function keyOf({ key }: AuditedTable, row: Expression<any>): Expression<any> {
  if (key.length === 0) return sql`null::text`;
  if (key.length === 1) return sql`${row}->>${key[0]}::text`;
  const values = key.map((column) => sql`coalesce((${row}->${column}::text)::text, 'null')`);
  return sql`'[' || ${sql.join(values, sql` || ',' || `)} || ']'`;
}

/** What is kept of a row. */
export function kept(row: Expression<any>, table: AuditedTable): Expression<any> {
  if (table.keepsAll) return row;
  const names = new Set(table.kept.map(({ name }) => name));
  const dropped = table.info.columns.filter(({ name }) => !names.has(name));
  let out: Expression<any> = row;
  for (const { name } of dropped) out = sql`(${out} - ${name}::text)`;
  for (const column of table.masked) {
    out = sql`(${out} || case when ${row}->>${column}::text is null then '{}'::jsonb
      else jsonb_build_object(${column}::text, ${MASK}::text) end)`;
  }
  return out;
}

/** A part of a WITH. */
export function cte(name: string, body: Expression<any>, materialized = false): OperationNode {
  const made = CommonTableExpressionNode.create(
    CommonTableExpressionNameNode.create(name),
    // A part that is raw SQL has its brackets itself.
    isBracketed(body) ? body.toOperationNode() : sql`(${body})`.toOperationNode(),
  );
  return materialized ? copy(made, { materialized: true }) : made;
}

function isBracketed(body: Expression<any>): boolean {
  const { sqlFragments } = body.toOperationNode() as { sqlFragments?: readonly string[] };
  return sqlFragments?.[0] === "(" && sqlFragments.at(-1) === ")";
}

/** A part of a WITH that is a statement. */
export function cteOf(name: string, node: OperationNode): OperationNode {
  // The compiler brackets statements, except MERGE.
  return node.kind === "MergeQueryNode"
    ? cte(name, q(node))
    : CommonTableExpressionNode.create(CommonTableExpressionNameNode.create(name), node);
}

/** All rows of several SELECTs. */
export function unionOf(pieces: readonly Expression<any>[]): Expression<any> {
  return sql.join(pieces, sql` union all `);
}
