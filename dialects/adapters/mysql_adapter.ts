import { BadRequestError } from "@kysera/core";
import { type Kysely, sql } from "kysely";
import { BaseAdapter, tableId } from "./_base_adapter.ts";
import type { TableName } from "./_table_name.ts";

/**
 * The adapter of MySQL and MariaDB. Without a schema it sees the current database.
 *
 * @example
 * ```ts
 * import { mysqlAdapter } from "@kysera/dialects";
 * import assert from "node:assert/strict";
 *
 * assert.equal(mysqlAdapter.escapeIdentifier("order"), "`order`");
 * assert.equal(mysqlAdapter.getDefaultPort(), 3306);
 * ```
 */
export class MySQLAdapter extends BaseAdapter {
  readonly dialect = "mysql";

  async getDatabaseSize(db: Kysely<any>, database?: string): Promise<number> {
    const { size } = await db.selectFrom("information_schema.tables as t")
      .select((eb) => eb.fn.sum(eb("t.data_length", "+", eb.ref("t.index_length"))).as("size"))
      .where("t.table_schema", "=", this.#schema(database))
      .executeTakeFirstOrThrow();
    return Number(size ?? 0);
  }

  protected async listTables(
    db: Kysely<any>,
    schema: string | undefined,
    table: string | undefined,
  ): Promise<string[]> {
    let query = db.selectFrom("information_schema.tables as t")
      .select("t.table_name as name")
      .where("t.table_schema", "=", this.#schema(schema))
      .where("t.table_type", "=", "BASE TABLE")
      .orderBy("t.table_name");
    if (table !== undefined) query = query.where("t.table_name", "=", table);
    return (await query.execute()).map(({ name }) => name);
  }

  protected async listColumns(db: Kysely<any>, { schema, table }: TableName): Promise<string[]> {
    const rows = await db.selectFrom("information_schema.columns as c")
      .select("c.column_name as name")
      .where("c.table_schema", "=", this.#schema(schema))
      .where("c.table_name", "=", table)
      .orderBy("c.ordinal_position")
      .execute();
    return rows.map(({ name }) => name);
  }

  protected async truncate(
    db: Kysely<any>,
    tables: readonly TableName[],
    cascade: boolean,
  ): Promise<void> {
    this.refuseCascade(cascade);
    if (db.isTransaction) {
      throw new BadRequestError(
        "Cannot truncate inside a transaction: MySQL would commit what was done before",
      );
    }
    if (tables.length === 1) {
      await sql`truncate table ${tableId(tables[0]!)}`.execute(db);
      return;
    }
    // TRUNCATE refuses a table that another one refers to, even an empty one.
    await db.connection().execute(async (connection) => {
      const { rows } = await sql<{ checks: number }>`select @@foreign_key_checks as checks`
        .execute(connection);
      await sql`set foreign_key_checks = 0`.execute(connection);
      try {
        for (const table of tables) await sql`truncate table ${tableId(table)}`.execute(connection);
      } finally {
        await sql`set foreign_key_checks = ${rows[0]!.checks}`.execute(connection);
      }
    });
  }

  #schema(schema: string | undefined) {
    return schema === undefined ? sql<string>`database()` : schema;
  }
}

/** The adapter of MySQL and MariaDB with its defaults. */
export const mysqlAdapter: MySQLAdapter = new MySQLAdapter();
