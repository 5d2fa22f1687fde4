import { type Expression, type Kysely, sql } from "kysely";
import type { Settings } from "../../contract/_settings.ts";
import { inline, type Literals } from "../../sql/_inline.ts";
import { q, tableNode } from "../../sql/_nodes.ts";
import { keyOf } from "../common/_image.ts";
import type { Ask } from "../common/_catalog.ts";
import { type AuditedTable, markerOf, type TableName } from "../common/_table.ts";
import {
  entryValues,
  type FoundTriggers,
  OPERATIONS,
  TRIGGER_PREFIX,
  triggerOf,
  type TriggerParts,
} from "../common/_triggers.ts";
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
      const triggers = OPERATIONS.map((operation) => {
        const values = entryValues(table, operation, settings, ROWS, entity);
        const handed = (said: string, otherwise: Expression<any>): Expression<any> =>
          sql`if(kysera_handed, ${sql.raw(`@kysera_${said}`)}, ${otherwise})`;
        const now =
          sql`concat(left(date_format(utc_timestamp(3), '%Y-%m-%dT%H:%i:%s.%f'), 23), 'Z')`;
        const body = text(
          // What was handed over is for the first statement that reads it: all of its rows, and
          // what its triggers write, have the time that it began at.
          sql`begin
            declare kysera_handed integer default 0;
            if @kysera_said = -1 then set @kysera_said = unix_timestamp(now(6)); end if;
            set kysera_handed = coalesce(@kysera_said = unix_timestamp(now(6)), 0);
            if not (kysera_handed and @kysera_skip) and not exists (select 1 from ${marker}
              where connection = connection_id() and table_name = ${table.label}) then
            insert into ${log} (table_name, entity_id, operation, old_values, new_values,
              changed_by, changed_at, metadata, request_id)
            values (${sql.join(values)}, ${handed("by", sql`@kysera_actor`)},
              ${handed("at", now)}, ${handed("why", sql`null`)},
              ${handed("for", sql`@kysera_request`)});
            end if; end`,
        );
        // MySQL cannot replace a trigger.
        const words = table.info.returns ? sql`create or replace trigger` : sql`create trigger`;
        const head = text(
          sql`${words} ${trigger(operation)} after ${sql.raw(operation)} on ${target} for each row`,
        );
        return { name: triggerOf(table, operation), text: shown(body), create: `${head} ${body}` };
      });
      const drop = OPERATIONS.map((operation) =>
        text(sql`drop trigger if exists ${trigger(operation)}`)
      );
      return {
        create: triggers.flatMap(({ create }, i) =>
          table.info.returns ? [create] : [drop[i]!, create]
        ),
        drop,
        expected: triggers,
      };
    },
  };
}

/** Reads which triggers a table has. No trigger can write the table that it is of. */
export async function findMysqlTriggers(
  ask: Ask,
  { info }: AuditedTable,
): Promise<FoundTriggers> {
  const rows = await ask(
    sql`select trigger_name as name, action_statement as body from information_schema.triggers
      where event_object_schema = coalesce(${info.schema || null}, database())
        and event_object_table = ${info.name} and action_timing = 'AFTER'`,
  );
  const all = rows.map(({ name, body }) => ({ name: String(name), text: shown(String(body)) }));
  return { ours: all.filter(({ name }) => name.startsWith(TRIGGER_PREFIX)), mayDiffer: false };
}

/** The catalog of MariaDB shows one of two backslashes in a text. */
function shown(body: string): string {
  return body.replaceAll("\\\\", "\\");
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
