import { type Expression, type Kysely, sql } from "kysely";
import type { Settings } from "../../contract/_settings.ts";
import { inline, type Literals } from "../../sql/_inline.ts";
import { id, q, tableNode } from "../../sql/_nodes.ts";
import { markerOf, type TableName } from "../common/_table.ts";
import { entryValues, OPERATIONS, triggerOf, type TriggerParts } from "../common/_triggers.ts";
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
  return {
    before: [text(sql`create table if not exists ${marker} (table_name text primary key)`)],
    after: [],
    table(table) {
      const target = q(tableNode(table.name, table.schema));
      const create = OPERATIONS.map((operation) => {
        const values = [
          ...entryValues(table, operation, settings, ROWS, entitySql),
          sql`strftime('%Y-%m-%dT%H:%M:%fZ', 'now')`,
        ];
        return text(
          sql`create trigger if not exists ${id(triggerOf(table, operation))}
            after ${sql.raw(operation)} on ${target}
            when not exists (select 1 from ${marker} where table_name = ${table.label})
            begin insert into ${id(auditTable.name)}
            (table_name, entity_id, operation, old_values, new_values, changed_at)
            values (${sql.join(values)}); end`,
        );
      });
      const drop = OPERATIONS.map((operation) =>
        text(sql`drop trigger if exists ${id(triggerOf(table, operation))}`)
      );
      return { create, drop };
    },
  };
}
