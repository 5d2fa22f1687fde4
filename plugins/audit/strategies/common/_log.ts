import type { DialectName } from "@kysera/executor";
import { type Expression, sql } from "kysely";
import { type ChainHead, hashOf, readHead } from "./_chain.ts";
import { id, q, tableNode } from "../../sql/_nodes.ts";
import type { Settings } from "../../contract/_settings.ts";
import type { Change, Run } from "../../write/_tables.ts";
import type { SharedValues } from "../../write/_values.ts";

/** Where entries go, and what they all have. */
export interface LogTarget {
  readonly dialect: DialectName;
  readonly auditTable: { readonly name: string; readonly schema: string | undefined };
  readonly settings: Settings;
  readonly values: SharedValues;
}

/** How many rows go into one INSERT of MySQL. */
const MOST_ROWS = 500;

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
    await insert(run, target, changes.map((change) => [...rowOf(change), null]));
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
  await insert(run, target, rows);
  await run(sql`update ${chainTableOf(target)} set entries = ${next.entries}, hash = ${next.hash}
    where id = 1`);
}

/** The table that holds where the chain ends. */
export function chainTableOf({ auditTable }: Pick<LogTarget, "auditTable">): Expression<any> {
  return q(tableNode(`${auditTable.name}_chain`, auditTable.schema));
}

function sharedList({ values }: LogTarget): (string | null)[] {
  return [values.actor, values.at, values.metadata, values.request];
}

async function insert(
  run: Run,
  target: LogTarget,
  rows: readonly (readonly (string | null)[])[],
): Promise<void> {
  const into = sql`insert into ${auditTableOf(target)} (${OWN_COLUMNS}, ${SHARED_COLUMNS})`;
  if (target.dialect === "mysql") {
    for (let i = 0; i < rows.length; i += MOST_ROWS) {
      const lists = rows.slice(i, i + MOST_ROWS).map((row) =>
        sql`(${sql.join(row.map((value) => sql.val(value)))}, ${sharedOf(target)})`
      );
      await run(sql`${into} values ${sql.join(lists)}`);
    }
    return;
  }
  const all = JSON.stringify(rows);
  if (target.dialect === "postgres") {
    const shared = sql`${target.values.actor}::text, ${target.values.at}::text,
      ${target.values.metadata}::text, ${target.values.request}::text`;
    await run(sql`${into} select e.v->>0, e.v->>1, e.v->>2, e.v->>3, e.v->>4, e.v->>5, ${shared}
      from json_array_elements(${all}::json) with ordinality as e(v, n) order by e.n`);
    return;
  }
  const values = rows[0]!.map((_, i) => sql`json_extract(e.value, ${`$[${i}]`})`);
  await run(sql`${into} select ${sql.join(values)}, ${sharedOf(target)}
    from json_each(${all}) as ${id("e")} order by e.key`);
}
