import { type Expression, type Kysely, sql } from "kysely";
import type { Settings } from "../../contract/_settings.ts";
import { inline, type Literals } from "../../sql/_inline.ts";
import { id, q, tableNode } from "../../sql/_nodes.ts";
import type { Ask } from "../common/_catalog.ts";
import { type AuditedTable, callerTableOf, markerOf, type TableName } from "../common/_table.ts";
import {
  entryValues,
  type FoundTriggers,
  OPERATIONS,
  TRIGGER_PREFIX,
  triggerOf,
  type TriggerParts,
} from "../common/_triggers.ts";
import { entitySql } from "./_entity.ts";
import { ROWS } from "./_rows.ts";

/** How values are written out. */
const LITERALS: Literals = { placeholder: "?", backslashEscapes: false };

/** The triggers of SQLite: one for INSERT, UPDATE and DELETE each. */
export function sqliteTriggers(
  db: Kysely<any>,
  settings: Settings,
  auditTable: TableName,
): TriggerParts {
  const text = (piece: Expression<any>): string => inline(db, piece, LITERALS);
  const marker = id(markerOf(auditTable.name));
  const caller = id(callerTableOf(auditTable.name));
  return {
    before: [
      text(sql`create table if not exists ${marker} (table_name text primary key)`),
      text(sql`create table if not exists ${caller} (id integer primary key check (id = 1),
        actor text, at text, metadata text, request text, skip integer)`),
    ],
    after: [],
    table(table) {
      const target = q(tableNode(table.name, table.schema));
      const triggers = OPERATIONS.map((operation) => {
        const name = triggerOf(table, operation);
        const body = text(
          sql`when not exists (select 1 from ${marker} where table_name = ${table.label})
            begin insert into ${id(auditTable.name)}
            (table_name, entity_id, operation, old_values, new_values, changed_by, changed_at,
              metadata, request_id)
            select ${sql.join(entryValues(table, operation, settings, ROWS, entitySql))}, c.actor,
              coalesce(c.at, strftime('%Y-%m-%dT%H:%M:%fZ', 'now')), c.metadata, c.request
            from (select 1) left join ${caller} as c on true where c.skip is not 1; end`,
        );
        const head = text(
          sql`create trigger ${id(name)} after ${sql.raw(operation)} on ${target} for each row`,
        );
        return { name, text: body, create: `${head} ${body}` };
      });
      const drop = triggers.map(({ name }) => text(sql`drop trigger if exists ${id(name)}`));
      return {
        create: triggers.flatMap(({ create }, i) => [drop[i]!, create]),
        drop,
        expected: triggers,
      };
    },
  };
}

/** Reads which triggers a table has. SQLite fires those first that were made last. */
export async function findSqliteTriggers(
  ask: Ask,
  { info }: AuditedTable,
): Promise<FoundTriggers> {
  // A trigger is in the database of its table, except temporary ones.
  if (info.schema !== "main") return { ours: [], mayDiffer: false };
  const temporary = info.tellsSchema === true
    ? sql` union all select name, sql from sqlite_temp_master
      where type = 'trigger' and lower(tbl_name) = lower(${info.name})`
    : sql``;
  const rows = await ask(
    sql`select name, sql from sqlite_master
      where type = 'trigger' and lower(tbl_name) = lower(${info.name})${temporary}`,
  );
  const all = rows.map(({ name, sql }) => ({ name: String(name), text: String(sql) }));
  const ours = all.filter(({ name }) => name.startsWith(TRIGGER_PREFIX));
  return { ours, mayDiffer: ours.length < all.length };
}
