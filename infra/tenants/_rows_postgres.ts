import { sql } from "kysely";
import type { RowTexts } from "./_row_texts.ts";

/**
 * Rows as JSON, which PostgreSQL writes and reads itself: a driver would shorten times and read big
 * numbers wrong.
 */
export const POSTGRES_ROWS: RowTexts = {
  async page(db, { table, columns, key, rows: which }, after, limit) {
    const keys = sql.join(key.map(({ name }) => sql.id(name)));
    const behind = after === undefined
      ? sql`true`
      : sql`(${keys}) > (select ${keys} from json_populate_record(null::${table}, cast(${after.text} as text)::json))`;
    const { rows } = await sql<{ row: string }>`
      select row_to_json(t)::text as row
      from (select ${sql.join(columns.map(({ name }) => sql.id(name)))} from ${table}
        where ${which ?? sql`true`} and ${behind} order by ${keys} limit ${limit}) as t`
      .execute(db);
    return rows.map(({ row }) => ({ text: row, values: row }));
  },

  async insert(db, { table, columns }, rows) {
    const names = sql.join(columns.map(({ name }) => sql.id(name)));
    const texts = `[${rows.map(({ text }) => text).join(",")}]`;
    await sql`insert into ${table} (${names}) overriding system value
      select ${names} from json_populate_recordset(null::${table}, cast(${texts} as text)::json)`
      .execute(db);
  },

  async advanceSequences(db, { table, relation, schema, columns }) {
    const qualified = schema === undefined
      ? sql`format('%I', cast(${relation.name} as text))`
      : sql`format('%I.%I', cast(${schema} as text), cast(${relation.name} as text))`;
    const numbers = columns.filter(({ type }) => /^(?:smallint|integer|bigint)$/.test(type ?? ""));
    for (const { name } of numbers) {
      await sql`select setval(own.name, greatest(highest.value,
          coalesce(pg_sequence_last_value(own.name::regclass), 0)))
        from (select pg_get_serial_sequence(${qualified}, cast(${name} as text)) as name) as own,
          (select max(${sql.id(name)})::bigint as value from ${table}) as highest
        where own.name is not null and highest.value > 0`.execute(db);
    }
  },
};
