import { type Expression, type Kysely, sql } from "kysely";
import type { Settings } from "../../contract/_settings.ts";
import { inline } from "../../sql/_inline.ts";
import { id, q, tableNode } from "../../sql/_nodes.ts";
import type { Ask } from "../common/_catalog.ts";
import type { AuditedTable, TableName } from "../common/_table.ts";
import {
  type FoundTriggers,
  OPERATIONS,
  TRIGGER_PREFIX,
  type TriggerParts,
} from "../common/_triggers.ts";
import { SAID, WORDS } from "./_hand_over.ts";
import { kept, keyOf } from "./_parts.ts";
import { rowImage } from "./_row_image.ts";

/** What `pg_trigger.tgtype` has for triggers of statements. */
const TYPES = { insert: 4, update: 16, delete: 8, truncate: 34 } as const;
/** The rows as they were and as they are, as a trigger may call them. */
const SOURCES = {
  insert: ["", "kysera_new"],
  update: ["kysera_old", "kysera_new"],
  delete: ["kysera_old", ""],
} as const;

/**
 * The triggers of PostgreSQL: for each table a function, one trigger for the statements of each kind,
 * and one that refuses TRUNCATE. They are fired once for a statement, and tell all of its rows at once.
 */
export function postgresTriggers(
  db: Kysely<any>,
  settings: Settings,
  auditTable: TableName,
): TriggerParts {
  const text = (piece: Expression<any>): string =>
    inline(db, piece, { placeholder: "$", backslashEscapes: false });
  const log = q(tableNode(auditTable.name, auditTable.schema));
  // What older versions had for all tables.
  const former = q(tableNode(`${auditTable.name}_write`, auditTable.schema));
  const refuse = q(tableNode(`${auditTable.name}_refuse_truncate`, auditTable.schema));
  const refusal = `
begin
  raise exception 'Cannot truncate audited table "%": delete its rows', tg_table_name;
end `;
  const truncate = `${TRIGGER_PREFIX}truncate`;
  return {
    before: [text(
      sql`create or replace function ${refuse}() returns trigger language plpgsql as ${
        sql.raw(quoted(refusal))
      }`,
    )],
    after: [former, refuse].map((each) => dropUnused(text(sql`drop function if exists ${each}()`))),
    table(table) {
      const target = q(tableNode(table.name, table.schema));
      const write = q(tableNode(functionOf(table), table.info.schema));
      const body = bodyOf(table, settings, log, text);
      const dropped = (name: string): string =>
        text(sql`drop trigger if exists ${id(name)} on ${target}`);
      const triggers = OPERATIONS.map((operation) => {
        const [old, now] = SOURCES[operation];
        const name = TRIGGER_PREFIX + operation;
        const sources = [
          ...old === "" ? [] : [sql`old table as ${id(old)}`],
          ...now === "" ? [] : [sql`new table as ${id(now)}`],
        ];
        return {
          name,
          text: described(TYPES[operation], old, now, body),
          create: text(sql`create trigger ${id(name)} after ${sql.raw(operation)} on ${target}
            referencing ${
            sql.join(sources, sql` `)
          } for each statement execute function ${write}()`),
        };
      });
      const refusing = {
        name: truncate,
        text: described(TYPES.truncate, "", "", refusal),
        create: text(sql`create trigger ${id(truncate)} before truncate on ${target}
          for each statement execute function ${refuse}()`),
      };
      const all = [...triggers, refusing];
      const row = dropped(`${TRIGGER_PREFIX}row`);
      return {
        create: [
          text(
            sql`create or replace function ${write}() returns trigger language plpgsql as ${
              sql.raw(quoted(body))
            }`,
          ),
          row,
          ...all.map(({ name, create }) => replaced(dropped(name), create)),
        ],
        drop: [
          row,
          ...all.map(({ name }) => dropped(name)),
          text(sql`drop function if exists ${write}()`),
        ],
        expected: all,
      };
    },
  };
}

/** What the function of a table does. */
function bodyOf(
  table: AuditedTable,
  { captureOldValues, captureNewValues }: Settings,
  log: Expression<any>,
  text: (piece: Expression<any>) => string,
): string {
  const image = (name: string, row: Expression<any>): Expression<any> => sql`${row} as ${id(name)}`;
  const row = rowImage(table, "r");
  const entries = (
    operation: Expression<any>,
    source: Expression<any>,
    has: { readonly b?: boolean; readonly n?: boolean },
  ): Expression<any> =>
    sql`insert into ${log} (table_name, entity_id, operation, old_values, new_values, changed_by,
      changed_at, metadata, request_id)
    select ${table.label}::text, ${keyOf(table, has.n ? sql`c.n` : sql`c.b`)}, ${operation},
      ${has.b && captureOldValues ? kept(sql`c.b`, table) : sql`null`}::text,
      ${has.n && captureNewValues ? kept(sql`c.n`, table) : sql`null`}::text,
      kysera_by, kysera_at, kysera_why, kysera_for
    from (${source}) as c`;
  const numbered = (name: string, rows: Expression<any>): Expression<any> =>
    sql`(select row_number() over () as i, ${image(name, row)} from ${rows} as r)`;
  const [old, now] = [id("kysera_old"), id("kysera_new")];
  const inserted = entries(sql`'INSERT'`, sql`select ${image("n", row)} from ${now} as r`, {
    n: true,
  });
  const deleted = entries(sql`'DELETE'`, sql`select ${image("b", row)} from ${old} as r`, {
    b: true,
  });
  const both = { b: true, n: true };
  // A row is in both, at the same place.
  const updated = entries(
    updateOf(table),
    sql`select o.b, u.n from ${numbered("b", old)} as o join ${numbered("n", now)} as u
      on u.i = o.i order by o.i`,
    both,
  );
  return `
#variable_conflict use_variable
declare
  kysera_said text := current_setting('${SAID}', true);
  kysera_by text; kysera_at text; kysera_why text; kysera_for text;
begin
  if pg_trigger_depth() = 1 and strpos(current_query(), '"kysera_changes"') > 0 then
    return null;
  end if;
  if strpos(kysera_said, extract(epoch from statement_timestamp())::text || ' ') = 1
      and strpos(current_query(), '"${WORDS}"') > 0 then
    kysera_said := substr(kysera_said, strpos(kysera_said, ' ') + 1);
    if kysera_said = '' then
      return null;
    end if;
    kysera_by := kysera_said::json->>0;
    kysera_at := kysera_said::json->>1;
    kysera_why := kysera_said::json->>2;
    kysera_for := kysera_said::json->>3;
  else
    kysera_by := nullif(current_setting('kysera.actor', true), '');
    kysera_at := to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
    kysera_for := nullif(current_setting('kysera.request', true), '');
  end if;
  if tg_op = 'INSERT' then
    ${text(inserted)};
  elsif tg_op = 'DELETE' then
    ${text(deleted)};
  else
    ${text(updated)};
  end if;
  return null;
end `;
}

/** What an UPDATE did to a row. */
function updateOf({ deletedAt }: AuditedTable): Expression<any> {
  if (deletedAt === undefined) return sql`'UPDATE'`;
  const [b, n] = [sql`c.b->>${deletedAt}::text`, sql`c.n->>${deletedAt}::text`];
  return sql`case when ${b} is null and ${n} is not null then 'SOFT_DELETE'
    when ${b} is not null and ${n} is null then 'RESTORE' else 'UPDATE' end`;
}

/** Reads which triggers a table has. */
export async function findPostgresTriggers(
  ask: Ask,
  { info: { name, schema } }: AuditedTable,
): Promise<FoundTriggers> {
  // A foreign key of a table to itself may change a row again; the triggers of a statement are fired
  // after all of that. Columns that are generated when they are read are null to triggers.
  const rows = await ask(
    sql`select t.tgname::text as name, t.tgtype::int as type, t.tgenabled::text as enabled,
      coalesce(t.tgoldtable::text, '') as old, coalesce(t.tgnewtable::text, '') as now,
      p.prosrc as body, t.tgqual is null as always
    from pg_trigger t join pg_proc p on p.oid = t.tgfoid join pg_class c on c.oid = t.tgrelid
      join pg_namespace n on n.oid = c.relnamespace
    where c.relname = ${name} and n.nspname = ${schema} and not t.tgisinternal
    union all
    select '', 0, 'O', '', '', '', true from pg_constraint k join pg_class c on c.oid = k.conrelid
      join pg_namespace n on n.oid = c.relnamespace
    where c.relname = ${name} and n.nspname = ${schema} and k.contype = 'f'
      and k.confrelid = k.conrelid and k.confupdtype in ('c', 'n', 'd')
    union all
    select '', 0, 'O', '', '', '', true from pg_attribute a join pg_class c on c.oid = a.attrelid
      join pg_namespace n on n.oid = c.relnamespace
    where c.relname = ${name} and n.nspname = ${schema} and a.attgenerated = 'v'`,
  );
  const enabled = rows.filter(({ enabled }) => enabled === "O" || enabled === "A");
  const isOurs = (row: Readonly<Record<string, unknown>>): boolean =>
    String(row["name"]).startsWith(TRIGGER_PREFIX);
  return {
    ours: enabled.filter((row) => isOurs(row) && row["always"] === true).map((row) => ({
      name: String(row["name"]),
      text: described(
        Number(row["type"]),
        String(row["old"]),
        String(row["now"]),
        String(row["body"]),
      ),
    })),
    // One that comes before the write changes the row that is written.
    mayDiffer: enabled.some((row) => !isOurs(row) && (Number(row["type"]) & BEFORE) === 0),
  };
}

/** The bit of `tgtype` that a trigger has which is fired before the write. */
const BEFORE = 2;

function described(type: number, old: string, now: string, body: string): string {
  return [type, old, now, body].join(" ");
}

/** The most bytes of a name. */
const MOST_BYTES = 63;

/** The name of the function of a table, which is in the schema of the table. */
function functionOf({ info: { name } }: AuditedTable): string {
  const whole = TRIGGER_PREFIX + name;
  if (new TextEncoder().encode(whole).length <= MOST_BYTES) return whole;
  // FNV-1a: two long names of one schema differ somewhere.
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  return `${TRIGGER_PREFIX}${(hash >>> 0).toString(16)}_${
    name.replace(/[^\w]/g, "_").slice(0, 40)
  }`;
}

/**
 * Two statements as one, between which nothing is written: before PostgreSQL 14 a trigger cannot be
 * replaced otherwise.
 */
function replaced(drop: string, create: string): string {
  return `do ${quoted(`begin ${drop}; ${create}; end `)}`;
}

/** Drops what nothing needs any more. */
function dropUnused(drop: string): string {
  return `do ${
    quoted(`begin ${drop}; exception when dependent_objects_still_exist then null; end `)
  }`;
}

function quoted(body: string): string {
  let tag = "$kysera$";
  while (body.includes(tag)) tag = `${tag.slice(0, -1)}_$`;
  return `${tag}${body}${tag}`;
}
