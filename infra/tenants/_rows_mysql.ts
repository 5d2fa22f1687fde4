import { maxParametersOf } from "@kysera/core";
import type { RelationColumn } from "@kysera/executor";
import { type RawBuilder, sql } from "kysely";
import type { RowTexts } from "./_row_texts.ts";

/** Rows as texts, which MySQL writes and reads itself; bytes as hexadecimal digits. */
export const MYSQL_ROWS: RowTexts = {
  async page(db, { table, columns, key, rows: which }, after, limit) {
    const keys = sql.join(key.map(({ name }) => sql.id(name)));
    const last = after?.values as readonly (string | null)[] | undefined;
    const behind = last === undefined
      ? sql`1 = 1`
      : sql`(${keys}) > (${
        sql.join(key.map((column) => valueOf(column, last[columns.indexOf(column)]!)))
      })`;
    const texts = columns.map((column, i) => sql`${textOf(column)} as ${sql.id(`c${i}`)}`);
    const { rows } = await sql<Record<string, string | null>>`
      select ${sql.join(texts)} from ${table}
      where ${which ?? sql`1 = 1`} and ${behind} order by ${keys} limit ${limit}`.execute(db);
    return rows.map((row) => {
      const values = columns.map((_, i) => row[`c${i}`]!);
      return { text: JSON.stringify(values), values };
    });
  },

  async insert(db, { table, columns }, rows) {
    const size = Math.max(1, Math.floor(maxParametersOf(db) / columns.length));
    for (let i = 0; i < rows.length; i += size) {
      const tuples = rows.slice(i, i + size).map(({ values }) =>
        sql`(${
          sql.join((values as readonly (string | null)[]).map((value, at) =>
            stored(columns[at]!, value)
          ))
        })`
      );
      await sql`insert into ${table} (${sql.join(columns.map(({ name }) => sql.id(name)))})
        values ${sql.join(tuples)}`.execute(db);
    }
  },

  // A table gives numbers behind the highest one that it has.
  advanceSequences: () => Promise.resolve(),
};

const BYTES = /binary|blob|^(?:bit|geometry|point|linestring|polygon|multi|geom)/;

function isBytes({ type = "" }: RelationColumn): boolean {
  return BYTES.test(type);
}

function textOf(column: RelationColumn): RawBuilder<unknown> {
  const name = sql.id(column.name);
  if (isBytes(column)) return sql`hex(${name})`;
  // A text of a float has six digits of it.
  if (column.type?.startsWith("float") === true) return sql`cast(cast(${name} as double) as char)`;
  return sql`cast(${name} as char)`;
}

function stored(column: RelationColumn, value: string | null): RawBuilder<unknown> {
  return isBytes(column) && value !== null ? sql`unhex(${value})` : sql`${value}`;
}

/** A value to compare with a column, as of the column's kind. */
function valueOf(column: RelationColumn, value: string): RawBuilder<unknown> {
  const { type = "" } = column;
  // A number that is compared with a text is compared as a float.
  if (/int|^decimal/.test(type)) return sql`cast(${value} as decimal(65, 30))`;
  return stored(column, value);
}
