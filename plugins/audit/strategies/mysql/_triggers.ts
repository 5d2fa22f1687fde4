import { type Expression, type Kysely, sql } from "kysely";
import type { Settings } from "../../contract/_settings.ts";
import { inline, type Literals } from "../../sql/_inline.ts";
import { q, tableNode } from "../../sql/_nodes.ts";
import { keyOf } from "../common/_image.ts";
import { type AuditedTable, markerOf, type TableName } from "../common/_table.ts";
import { entryValues, OPERATIONS, triggerOf, type TriggerParts } from "../common/_triggers.ts";
import { ROWS } from "./_rows.ts";

/** How values are written out. */
const LITERALS: Literals = { placeholder: "?", backslashEscapes: true };

/** The triggers of MariaDB: one for INSERT, UPDATE and DELETE each. */
export function mysqlTriggers(
  db: Kysely<any>,
  settings: Settings,
  auditTable: TableName,
): TriggerParts {
  const text = (piece: Expression<any>): string => inline(db, piece, LITERALS);
  const marker = q(tableNode(markerOf(auditTable.name), auditTable.schema));
  const log = q(tableNode(auditTable.name, auditTable.schema));
  return {
    before: [text(
      sql`create table if not exists ${marker} (connection bigint not null,
        table_name varchar(255) not null, primary key (connection, table_name))
        character set utf8mb4 collate utf8mb4_bin`,
    )],
    after: [],
    table(table) {
      const target = q(tableNode(table.name, table.schema));
      const trigger = (operation: string): Expression<any> =>
        q(tableNode(triggerOf(table, operation), table.schema));
      const create = OPERATIONS.map((operation) => {
        const values = [
          ...entryValues(table, operation, settings, ROWS, entity),
          sql`@kysera_actor`,
          sql`concat(left(date_format(utc_timestamp(3), '%Y-%m-%dT%H:%i:%s.%f'), 23), 'Z')`,
          sql`@kysera_request`,
        ];
        return text(
          sql`create trigger ${trigger(operation)} after ${sql.raw(operation)} on ${target}
            for each row begin
            if not exists (select 1 from ${marker}
              where connection = connection_id() and table_name = ${table.label}) then
            insert into ${log} (table_name, entity_id, operation, old_values, new_values,
              changed_by, changed_at, request_id) values (${sql.join(values)});
            end if; end`,
        );
      });
      const drop = OPERATIONS.map((operation) =>
        text(sql`drop trigger if exists ${trigger(operation)}`)
      );
      return { create, drop };
    },
  };
}

function entity(table: AuditedTable, row: string): Expression<any> {
  const { key } = table;
  if (key.length === 0) return sql`null`;
  if (key.length === 1) {
    // The value as JSON, without what makes it a text there.
    return sql`json_unquote(json_extract(${keyOf(table, key, row, ROWS)}, '$[0]'))`;
  }
  const parts = key.map((column) => {
    const one = keyOf(table, [column], row, ROWS);
    return sql`substr(${one}, 2, length(${one}) - 2)`;
  });
  return sql`concat('[', concat_ws(',', ${sql.join(parts)}), ']')`;
}
