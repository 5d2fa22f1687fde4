import { type Kysely, sql } from "kysely";
import { BaseAdapter, tableId } from "./_base_adapter.ts";
import type { TableName } from "./_table_name.ts";

/**
 * The adapter of SQLite (3.37 or later). Without a schema it sees the main database.
 *
 * @example
 * ```ts
 * import { DatabaseSync } from "node:sqlite";
 * import { Kysely } from "kysely";
 * import { nodeSqliteDialect, sqliteAdapter } from "@kysera/dialects";
 * import assert from "node:assert/strict";
 *
 * const db = new Kysely<any>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * await db.schema.createTable("users").addColumn("id", "integer").execute();
 * assert.deepEqual(await sqliteAdapter.getTables(db), ["users"]);
 * await db.destroy();
 * ```
 */
export class SQLiteAdapter extends BaseAdapter {
  readonly dialect = "sqlite";

  async getDatabaseSize(db: Kysely<any>, database?: string): Promise<number> {
    const schema = database ?? this.defaultSchema ?? "main";
    const { rows } = await sql<{ size: number }>`
      select page_count * page_size as size
      from pragma_page_count(${schema}), pragma_page_size(${schema})`.execute(db);
    return Number(rows[0]?.size ?? 0);
  }

  protected async listTables(
    db: Kysely<any>,
    schema: string | undefined,
    table: string | undefined,
  ): Promise<string[]> {
    // Not sqlite_master, which cannot tell the tables that belong to a virtual one.
    let query = db.selectFrom((eb) => eb.fn<any>("pragma_table_list").as("t"))
      .select("t.name as name")
      .where("t.schema", "=", schema ?? "main")
      .where("t.type", "in", ["table", "virtual"])
      .where("t.name", "not like", sql<string>`'sqlite\\_%' escape '\\'`)
      .orderBy("t.name");
    // As in SQLite's own statements, case does not count.
    if (table !== undefined) query = query.where("t.name", "=", sql`${table} collate nocase`);
    return (await query.execute()).map(({ name }) => name);
  }

  protected async listColumns(db: Kysely<any>, { schema, table }: TableName): Promise<string[]> {
    const rows = await db
      .selectFrom((eb) =>
        eb.fn<any>("pragma_table_info", [eb.val(table), eb.val(schema ?? "main")]).as("c")
      )
      .select("c.name as name")
      .orderBy("c.cid")
      .execute();
    return rows.map(({ name }) => name);
  }

  protected async truncate(
    db: Kysely<any>,
    tables: readonly TableName[],
    cascade: boolean,
  ): Promise<void> {
    this.refuseCascade(cascade);
    if (db.isTransaction) await this.#deleteAll(db, tables);
    else await db.transaction().execute((transaction) => this.#deleteAll(transaction, tables));
  }

  async #deleteAll(db: Kysely<any>, tables: readonly TableName[]): Promise<void> {
    // Until the end of the transaction, when no row may be left that refers to one that is gone.
    await sql`pragma defer_foreign_keys = on`.execute(db);
    for (const name of tables) {
      await sql`delete from ${tableId(name)}`.execute(db);
      const schema = name.schema ?? "main";
      const sequence = { schema, table: "sqlite_sequence" };
      const counted = await db.selectFrom((eb) => eb.fn<any>("pragma_table_list").as("t"))
        .select("t.name as name")
        .where("t.schema", "=", schema)
        .where("t.name", "=", sequence.table)
        .executeTakeFirst();
      if (counted === undefined) continue;
      await sql`delete from ${tableId(sequence)} where name = ${name.table} collate nocase`
        .execute(db);
    }
  }
}

/** The adapter of SQLite with its defaults. */
export const sqliteAdapter: SQLiteAdapter = new SQLiteAdapter();
