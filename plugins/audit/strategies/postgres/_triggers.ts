import { type Expression, type Kysely, sql } from "kysely";
import type { Settings } from "../../contract/_settings.ts";
import { inline } from "../../sql/_inline.ts";
import { id, q, tableNode } from "../../sql/_nodes.ts";
import { type AuditedTable, MASK, type TableName } from "../common/_table.ts";
import { TRIGGER_PREFIX, type TriggerParts } from "../common/_triggers.ts";

/**
 * The triggers of PostgreSQL: one function for all tables, one trigger for the rows of each, and one
 * that refuses TRUNCATE.
 */
export function postgresTriggers(
  db: Kysely<any>,
  settings: Settings,
  auditTable: TableName,
): TriggerParts {
  const text = (piece: Expression<any>): string =>
    inline(db, piece, { placeholder: "$", backslashEscapes: false });
  const log = q(tableNode(auditTable.name, auditTable.schema));
  const write = q(tableNode(`${auditTable.name}_write`, auditTable.schema));
  const refuse = q(tableNode(`${auditTable.name}_refuse_truncate`, auditTable.schema));
  const row = id(`${TRIGGER_PREFIX}row`);
  const truncate = id(`${TRIGGER_PREFIX}truncate`);
  const wanted = (is: boolean, value: string): Expression<any> => is ? id(value) : sql`null`;
  return {
    // The statement of the plugin has a part of this name, and no other has.
    before: [
      text(sql`create or replace function ${write}() returns trigger language plpgsql as $kysera$
        declare
          b jsonb; n jsonb; r jsonb; k text; o text := tg_op;
          keys jsonb := tg_argv[1]::jsonb;
          mark text := tg_argv[2];
          c text;
        begin
          if pg_trigger_depth() = 1 and strpos(current_query(), '"kysera_changes"') > 0 then
            return null;
          end if;
          if tg_op <> 'INSERT' then b := to_jsonb(old); end if;
          if tg_op <> 'DELETE' then n := to_jsonb(new); end if;
          r := coalesce(n, b);
          if jsonb_array_length(keys) = 1 then k := r->>(keys->>0);
          elsif jsonb_array_length(keys) > 1 then
            select '[' || string_agg(coalesce((r->e.v)::text, 'null'), ',' order by e.i) || ']'
              into k from jsonb_array_elements_text(keys) with ordinality as e(v, i);
          end if;
          if tg_op = 'UPDATE' and b ? mark then
            if b->>mark is null and n->>mark is not null then o := 'SOFT_DELETE';
            elsif b->>mark is not null and n->>mark is null then o := 'RESTORE';
            end if;
          end if;
          for c in select jsonb_array_elements_text(tg_argv[3]::jsonb) loop
            b := b - c; n := n - c;
          end loop;
          for c in select jsonb_array_elements_text(tg_argv[4]::jsonb) loop
            if b->>c is not null then b := b || jsonb_build_object(c, ${MASK}); end if;
            if n->>c is not null then n := n || jsonb_build_object(c, ${MASK}); end if;
          end loop;
          insert into ${log} (table_name, entity_id, operation, old_values, new_values, changed_by,
            changed_at, request_id)
          values (tg_argv[0], k, o, ${wanted(settings.captureOldValues, "b")}::text,
            ${wanted(settings.captureNewValues, "n")}::text,
            nullif(current_setting('kysera.actor', true), ''),
            to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
            nullif(current_setting('kysera.request', true), ''));
          return null;
        end $kysera$`),
      text(sql`create or replace function ${refuse}() returns trigger language plpgsql as $kysera$
        begin
          raise exception 'Cannot truncate audited table "%": delete its rows', tg_table_name;
        end $kysera$`),
    ],
    after: [
      text(sql`drop function if exists ${write}()`),
      text(sql`drop function if exists ${refuse}()`),
    ],
    table(table) {
      const target = q(tableNode(table.name, table.schema));
      const values = argumentsOf(table);
      return {
        create: [
          replaced(
            text(sql`drop trigger if exists ${row} on ${target}`),
            text(sql`create trigger ${row} after insert or update or delete on ${target}
              for each row execute function ${write}(${
              sql.join(values.map((each) => sql`${each}`))
            })`),
          ),
          replaced(
            text(sql`drop trigger if exists ${truncate} on ${target}`),
            text(sql`create trigger ${truncate} before truncate on ${target}
              for each statement execute function ${refuse}()`),
          ),
        ],
        drop: [
          text(sql`drop trigger if exists ${row} on ${target}`),
          text(sql`drop trigger if exists ${truncate} on ${target}`),
        ],
      };
    },
  };
}

/**
 * Two statements as one, between which nothing is written: before PostgreSQL 14 a trigger cannot be
 * replaced otherwise.
 */
function replaced(drop: string, create: string): string {
  let tag = "$kysera$";
  while (create.includes(tag)) tag = `${tag.slice(0, -1)}_$`;
  return `do ${tag} begin ${drop}; ${create}; end ${tag}`;
}

function argumentsOf({ label, key, deletedAt, kept, masked, info }: AuditedTable): string[] {
  const names = new Set(kept.map(({ name }) => name));
  const dropped = info.columns.map(({ name }) => name).filter((name) => !names.has(name));
  return [
    label,
    JSON.stringify(key),
    deletedAt ?? "",
    JSON.stringify(dropped),
    JSON.stringify([...masked]),
  ];
}
