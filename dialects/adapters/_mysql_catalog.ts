import { BadRequestError } from "@kysera/core";
import { sql } from "kysely";
import { type Catalog, refuseCascade, tableId } from "./_catalog.ts";

/** What MySQL and MariaDB hold; without a schema what the current database does. */
export const mysqlCatalog: Catalog = {
  dialect: "mysql",

  async size(db, database) {
    const { size } = await db.selectFrom("information_schema.tables as t")
      .select((eb) => eb.fn.sum(eb("t.data_length", "+", eb.ref("t.index_length"))).as("size"))
      .where("t.table_schema", "=", orCurrent(database))
      .executeTakeFirstOrThrow();
    return Number(size ?? 0);
  },

  async tables(db, schema, table) {
    let query = db.selectFrom("information_schema.tables as t")
      .select("t.table_name as name")
      .where("t.table_schema", "=", orCurrent(schema))
      .where("t.table_type", "=", "BASE TABLE")
      .orderBy("t.table_name");
    if (table !== undefined) query = query.where("t.table_name", "=", table);
    return (await query.execute()).map(({ name }) => name);
  },

  async columns(db, { schema, table }) {
    const rows = await db.selectFrom("information_schema.columns as c")
      .select("c.column_name as name")
      .where("c.table_schema", "=", orCurrent(schema))
      .where("c.table_name", "=", table)
      .orderBy("c.ordinal_position")
      .execute();
    return rows.map(({ name }) => name);
  },

  async truncate(db, tables, cascade) {
    refuseCascade("mysql", cascade);
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
  },
};

function orCurrent(schema: string | undefined) {
  return schema === undefined ? sql<string>`database()` : schema;
}
