import { maxParametersOf } from "@kysera/core";
import { sql } from "kysely";
import type { RowTexts } from "./_row_texts.ts";

/** Rows as values of the driver: SQLite stores what it is given. */
export const SQLITE_ROWS: RowTexts = {
  async page(db, { table, columns, key, rows: which }, after, limit) {
    const keys = sql.join(key.map(({ name }) => sql.id(name)));
    const last = after?.values as readonly unknown[] | undefined;
    const behind = last === undefined
      ? sql`1 = 1`
      : sql`(${keys}) > (${sql.join(key.map((column) => last[columns.indexOf(column)]))})`;
    const { rows } = await sql<Record<string, unknown>>`
      select ${sql.join(columns.map(({ name }, i) => sql`${sql.id(name)} as ${sql.id(`c${i}`)}`))}
      from ${table} where ${which ?? sql`1 = 1`} and ${behind} order by ${keys} limit ${limit}`
      .execute(db);
    return rows.map((row) => {
      const values = columns.map((_, i) => row[`c${i}`]);
      return { text: JSON.stringify(values.map(told)), values };
    });
  },

  async insert(db, { table, columns }, rows) {
    const size = Math.max(1, Math.floor(maxParametersOf(db) / columns.length));
    for (let i = 0; i < rows.length; i += size) {
      const tuples = rows.slice(i, i + size).map(({ values }) =>
        sql`(${sql.join(values as readonly unknown[])})`
      );
      await sql`insert into ${table} (${sql.join(columns.map(({ name }) => sql.id(name)))})
        values ${sql.join(tuples)}`.execute(db);
    }
  },

  // A table gives numbers behind the highest one that it has.
  advanceSequences: () => Promise.resolve(),
};

function told(value: unknown): unknown {
  if (value instanceof Uint8Array) return { bytes: [...value].map(hex).join("") };
  if (typeof value === "bigint") return { integer: String(value) };
  return Object.is(value, -0) ? { real: "-0" } : value;
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
