import { type Expression, sql } from "kysely";
import type { Settings } from "../../contract/_settings.ts";
import { q, tableNode } from "../../sql/_nodes.ts";
import type { EntryStrategy } from "../strategy.ts";
import { type ChainHead, chainTableOf, hashOf, readHead } from "./_chain.ts";
import type { Change, Run, TableName } from "./_table.ts";

/** What all entries of one statement have in common. */
export interface SharedValues {
  readonly actor: string | null;
  readonly at: string;
  readonly metadata: string | null;
  readonly request: string | null;
}

/** Where entries go, and what they all have. */
export interface LogTarget {
  readonly entries: EntryStrategy;
  readonly auditTable: TableName;
  readonly settings: Settings;
  readonly values: SharedValues;
}

/** The columns of an entry that differ from the others of its statement, in the order they go in. */
export const OWN_COLUMNS: Expression<any> =
  sql`table_name, entity_id, operation, old_values, new_values, hash`;
/** The others. */
export const SHARED_COLUMNS: Expression<any> = sql`changed_by, changed_at, metadata, request_id`;

/** The audit table. */
export function auditTableOf({ auditTable }: Pick<LogTarget, "auditTable">): Expression<any> {
  return q(tableNode(auditTable.name, auditTable.schema));
}

/** The values that all entries of a statement have. */
export function sharedOf({ values }: LogTarget): Expression<any> {
  return sql`${values.actor}, ${values.at}, ${values.metadata}, ${values.request}`;
}

/** Writes changes down: in as few statements as the dialect takes, chained where that is asked for. */
export async function log(run: Run, target: LogTarget, changes: readonly Change[]): Promise<void> {
  if (changes.length === 0) return;
  const { settings } = target;
  const rowOf = (change: Change): (string | null)[] => [
    change.table,
    change.key,
    change.operation,
    settings.captureOldValues ? change.before : null,
    settings.captureNewValues ? change.after : null,
  ];
  if (settings.hashChain === undefined) {
    await target.entries.insert(run, target, changes.map((change) => [...rowOf(change), null]));
    return;
  }
  const head = await readHead(run, target);
  const rows: (string | null)[][] = [];
  let { hash } = head;
  for (const change of changes) {
    const row = rowOf(change);
    hash = await hashOf(settings.hashChain, hash, [...row, ...sharedList(target)]);
    rows.push([...row, hash]);
  }
  const next: ChainHead = { entries: head.entries + rows.length, hash };
  await target.entries.insert(run, target, rows);
  await run(sql`update ${chainTableOf(target)} set entries = ${next.entries}, hash = ${next.hash}
    where id = 1`);
}

function sharedList({ values }: LogTarget): (string | null)[] {
  return [values.actor, values.at, values.metadata, values.request];
}

/** Returns the beginning of an INSERT of entries. */
export function insertInto(target: LogTarget): Expression<any> {
  return sql`insert into ${auditTableOf(target)} (${OWN_COLUMNS}, ${SHARED_COLUMNS})`;
}
