import { type Kysely, sql } from "kysely";
import { type Catalog, refuseCascade, tableId } from "./_catalog.ts";
import type { TableName } from "./_table_name.ts";

const MAIN = "main";

/** What SQLite holds; without a schema what the main database does. */
export const sqliteCatalog: Catalog = {
  dialect: "sqlite",

  async size(db, database = MAIN) {
    const { rows } = await sql<{ size: number }>`
      select page_count * page_size as size
      from pragma_page_count(${database}), pragma_page_size(${database})`.execute(db);
    return Number(rows[0]?.size ?? 0);
  },

  async tables(db, schema = MAIN, table) {
    let query = listed(db, schema)
      .where("t.type", "in", ["table", "virtual"])
      .where("t.name", "not like", sql<string>`'sqlite\\_%' escape '\\'`)
      // Cloudflare's own may not be read.
      .where("t.name", "not like", sql<string>`'\\_cf\\_%' escape '\\'`)
      .orderBy("t.name");
    // As in SQLite's own statements, case does not count.
    if (table !== undefined) query = query.where("t.name", "=", sql`${table} collate nocase`);
    return (await query.execute()).map(({ name }) => name);
  },

  async columns(db, { schema = MAIN, table }) {
    const rows = await db
      .selectFrom((eb) => eb.fn<any>("pragma_table_info", [eb.val(table), eb.val(schema)]).as("c"))
      .select("c.name as name")
      .orderBy("c.cid")
      .execute();
    return rows.map(({ name }) => name);
  },

  async truncate(db, tables, cascade) {
    refuseCascade("sqlite", cascade);
    if (db.isTransaction) await deleteAll(db, tables);
    else await db.transaction().execute((transaction) => deleteAll(transaction, tables));
  },
};

/** Not sqlite_master, which cannot tell the tables that belong to a virtual one. */
function listed(db: Kysely<any>, schema: string) {
  return db.selectFrom((eb) => eb.fn<any>("pragma_table_list").as("t"))
    .select("t.name as name")
    .where("t.schema", "=", schema);
}

async function deleteAll(db: Kysely<any>, tables: readonly TableName[]): Promise<void> {
  // Until the end of the transaction, when no row may be left that refers to one that is gone.
  await sql`pragma defer_foreign_keys = on`.execute(db);
  for (const name of tables) {
    await sql`delete from ${tableId(name)}`.execute(db);
    const { schema = MAIN, table } = name;
    // There only if a table counts its ids.
    const sequence = { schema, table: "sqlite_sequence" };
    const found = await listed(db, schema).where("t.name", "=", sequence.table).executeTakeFirst();
    if (found === undefined) continue;
    await sql`delete from ${tableId(sequence)} where name = ${table} collate nocase`.execute(db);
  }
}
