import { type Kysely, sql } from "kysely";
import { LEXES } from "../sql/_lexis.ts";
import { inReadOnlyTransaction } from "./_read_only.ts";
import { fieldOf, isBusyError } from "./_errors.ts";
import type { CatalogColumn, MigrationTraits } from "./_traits.ts";
import type { TableNames } from "./_table_names.ts";

/** The name of the lock; locks are of the whole server, and a name has 64 characters at the most. */
function lockName({ schema, history }: TableNames) {
  return sql`concat('kysera:', substr(sha2(concat_ws(':', coalesce(${schema ?? null}, database()),
    ${history}), 256), 1, 40))`;
}

/** Words after which the objects that are not tables are looked at, too. */
const OTHER_OBJECTS = ["trigger", "procedure", "function", "event"];

/** What scripts of schemas set, and dumps among them. */
const KEPT = [
  "foreign_key_checks",
  "unique_checks",
  "sql_mode",
  "time_zone",
  "character_set_client",
  "collation_connection",
  "lock_wait_timeout",
];

/** A variable of the session. */
function variable(name: string) {
  return sql`@@session.${sql.ref(name)}`;
}

export const mysql: MigrationTraits = {
  lexis: LEXES.mysql,
  columns: {
    name: sql`varchar(255) character set utf8mb4 collate utf8mb4_bin`,
    text: sql`longtext`,
    bigint: "bigint",
  },
  transactionalDdl: false,
  isServer: true,
  hasSchemas: false,
  isolationLevel: undefined,
  clock: sql`timestampdiff(microsecond, '1970-01-01 00:00:00', utc_timestamp(6)) div 1000`,
  async readColumns(db, names, schema) {
    const { rows } = await sql<CatalogColumn>`
      select table_schema as \`schema\`, table_name as \`table\`, column_name as \`column\`
      from information_schema.columns
      where table_schema = coalesce(${schema ?? null}, database())
        and table_name in (${sql.join([...names])})
      order by table_name, ordinal_position`.execute(db);
    return rows;
  },
  readTime: (column, kind) =>
    kind === "utc"
      ? sql`cast(${sql.ref(column)} as char)`
      : sql`unix_timestamp(${sql.ref(column)}) * 1000`,
  tryTransactionLock: () => Promise.resolve(true),
  transactionLock: () => sql`1 = 1`,
  async limitSession(db, ms) {
    const seconds = Math.ceil(ms / 1000);
    await sql`set session lock_wait_timeout = least(@@session.lock_wait_timeout, ${
      sql.lit(seconds)
    })`
      .execute(db);
  },
  async keepSession(db) {
    const { rows: [before] } = await sql<Record<string, unknown>>`select ${
      sql.join(KEPT.map((name) => sql`${variable(name)} as ${sql.ref(name)}`))
    }`.execute(db);
    return async () => {
      await sql`set ${sql.join(KEPT.map((name) => sql`${variable(name)} = ${before![name]}`))}`
        .execute(db);
    };
  },
  async trySessionLock(db, names) {
    const { rows } = await sql<{ locked: number | bigint | string | null }>`
      select get_lock(${lockName(names)}, 0) as locked`.execute(db);
    const locked = rows[0]?.locked;
    // 0 says that somebody else holds it, NULL that the server gave up.
    return locked !== null && locked !== undefined && Number(locked) === 1;
  },
  async releaseSessionLock(db, names) {
    await sql`select release_lock(${lockName(names)})`.execute(db);
  },
  async serverHolder(db, names) {
    const { rows } = await sql<{ id: number | null; host: string | null; user: string | null }>`
      select l.id, p.host, p.user
      from (select is_used_lock(${lockName(names)}) as id) as l
      left join information_schema.processlist as p on p.id = l.id`.execute(db);
    const [holder] = rows;
    if (holder === undefined || holder.id === null) return undefined;
    const from = holder.host ? ` of ${holder.user} from ${holder.host}` : "";
    return { from: `session ${holder.id}${from}` };
  },
  readOnly: inReadOnlyTransaction,
  isBusy: (error) => isBusyError(error, "mysql"),
  isRefusedInTransaction: () => false,
  isMissingRelation: (error) => [1146, 1054, 1049, 1305].includes(Number(fieldOf(error, "errno"))),
  canRecordWith: (kind) => kind === "write",
  clearUnfinished: () => Promise.resolve("cleared"),
  isNew: (names) =>
    OTHER_OBJECTS.some((word) => names.has(word)) ? undefined : sql<boolean>`not exists (
      select 1 from information_schema.tables
      where table_schema = database() and table_name in (${sql.join([...names, ""])}))`,
  async fingerprint(db, names) {
    const list = sql.join([...names, ""]);
    const { rows } = await sql<{ name: string; kind: string }>`
      select table_name as name, table_type as kind from information_schema.tables
      where table_schema = database() and table_name in (${list})
      order by table_name`.execute(db);
    const lines: string[] = [];
    for (const { name, kind } of rows) lines.push(`${kind} ${await definitionOf(db, name)}`);
    if (OTHER_OBJECTS.some((word) => names.has(word))) {
      const others = await sql<{ line: string }>`
        select concat('trigger ', trigger_name, ' ', event_object_table, ' ', action_timing, ' ',
          event_manipulation, ' ', action_statement) as line
        from information_schema.triggers
        where trigger_schema = database() and trigger_name in (${list})
        union all
        select concat(routine_type, ' ', routine_name, ' ', coalesce(routine_definition, ''), ' ',
          last_altered)
        from information_schema.routines
        where routine_schema = database() and routine_name in (${list})
        union all
        select concat('event ', event_name, ' ', event_definition, ' ', last_altered)
        from information_schema.events
        where event_schema = database() and event_name in (${list})
        order by line`.execute(db);
      lines.push(...others.rows.map(({ line }) => line));
    }
    return lines.join("\n");
  },
};

/** What made a table or view what it is, without the number that its next row is given. */
async function definitionOf(db: Kysely<any>, name: string): Promise<string> {
  const { rows } = await sql<Record<string, unknown>>`show create table ${sql.id(name)}`.execute(
    db,
  );
  const row = rows[0] ?? {};
  const text = row["Create Table"] ?? row["Create View"] ?? "";
  return String(text).replace(/ AUTO_INCREMENT=\d+/, "");
}
