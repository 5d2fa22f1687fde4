import { sql } from "kysely";
import { LEXES } from "../sql/_lexis.ts";
import { isBusyError } from "./_errors.ts";
import type { CatalogColumn, MigrationTraits } from "./_traits.ts";

export const sqlite: MigrationTraits = {
  lexis: LEXES.sqlite,
  columns: { name: sql`text`, text: sql`text`, bigint: "integer" },
  transactionalDdl: true,
  isServer: false,
  hasSchemas: false,
  isolationLevel: undefined,
  clock: sql`cast((julianday('now') - 2440587.5) * 86400000 as integer)`,
  async readColumns(db, names, schema) {
    const main = schema ?? "main";
    const { rows } = await sql<CatalogColumn>`
      select ${main} as "schema", m.name as "table", p.name as "column"
      from ${schema === undefined ? sql`sqlite_master` : sql.table(`${schema}.sqlite_master`)} as m,
        pragma_table_info(m.name, ${main}) as p
      where m.type = 'table' and m.name in (${sql.join([...names])})
      order by m.name, p.cid`.execute(db);
    return rows;
  },
  readTime: (column) => sql.ref(column),
  // The first write of a transaction is granted to one connection alone.
  tryTransactionLock: () => Promise.resolve(true),
  transactionLock: () => sql`1 = 1`,
  trySessionLock: () => Promise.resolve(true),
  releaseSessionLock: () => Promise.resolve(),
  serverHolder: () => Promise.resolve(undefined),
  async readOnly(own, body) {
    const { rows } = await sql<{ query_only: number | bigint }>`pragma query_only`.execute(own);
    await sql`pragma query_only = on`.execute(own);
    try {
      return await body(own);
    } finally {
      if (Number(rows[0]?.query_only) !== 1) await sql`pragma query_only = off`.execute(own);
    }
  },
  isBusy: (error) => isBusyError(error, "sqlite"),
  isRefusedInTransaction: (error) => / within a transaction/.test(messageOf(error)),
  isMissingRelation: (error) => /no such (?:table|column|function|view)/.test(messageOf(error)),
  canRecordWith: () => true,
  clearUnfinished: () => Promise.resolve("cleared"),
  async fingerprint(db, names) {
    const { rows } = await sql<{ sql: string | null; name: string }>`
      select name, sql from sqlite_master
      where lower(name) in (${sql.join([...names].map((name) => name.toLowerCase()).concat(""))})
        or lower(tbl_name) in (${
      sql.join([...names].map((name) => name.toLowerCase()).concat(""))
    }) order by type, name`.execute(db);
    return rows.map(({ name, sql }) => `${name} ${sql}`).join("\n");
  },
};

/** SQLite has one code for every error of a statement, so only the message tells. */
function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "";
}
