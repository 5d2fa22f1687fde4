import { type Kysely, sql } from "kysely";
import { BaseAdapter, tableId } from "./_base_adapter.ts";
import type { TableName } from "./_table_name.ts";

const SYSTEM_SCHEMAS = ["pg_catalog", "pg_toast", "information_schema"];

/**
 * The adapter of PostgreSQL. Without a schema it sees what the search path of the connection sees.
 *
 * @example
 * ```ts
 * import { PGlite } from "@electric-sql/pglite";
 * import { Kysely } from "kysely";
 * import { pgliteDialect, postgresAdapter } from "@kysera/dialects";
 * import assert from "node:assert/strict";
 *
 * const db = new Kysely<any>({ dialect: pgliteDialect({ database: () => PGlite.create() }) });
 * await db.schema.createTable("Users").addColumn("id", "serial").execute();
 * assert.equal(await postgresAdapter.tableExists(db, "Users"), true);
 * assert.equal(await postgresAdapter.tableExists(db, "users"), false);
 * assert.deepEqual(await postgresAdapter.getTableColumns(db, "Users"), ["id"]);
 * await db.destroy();
 * ```
 */
export class PostgresAdapter extends BaseAdapter {
  readonly dialect = "postgres";

  async getDatabaseSize(db: Kysely<any>, database?: string): Promise<number> {
    const { size } = await db.selectNoFrom((eb) =>
      eb.fn<number | string | bigint>("pg_database_size", [
        database === undefined ? eb.fn("current_database") : sql`${database}::name`,
      ]).as("size")
    ).executeTakeFirstOrThrow();
    return Number(size);
  }

  protected async listTables(
    db: Kysely<any>,
    schema: string | undefined,
    table: string | undefined,
  ): Promise<string[]> {
    let query = this.#relations(db, schema)
      .select("c.relname as name")
      // Tables, and tables of partitions
      .where("c.relkind", "in", ["r", "p"])
      .orderBy("c.relname");
    if (table !== undefined) query = query.where("c.relname", "=", table);
    return (await query.execute()).map(({ name }) => name);
  }

  protected async listColumns(db: Kysely<any>, { schema, table }: TableName): Promise<string[]> {
    const rows = await this.#relations(db, schema)
      .innerJoin("pg_catalog.pg_attribute as a", "a.attrelid", "c.oid")
      .select("a.attname as name")
      .where("c.relname", "=", table)
      // Those below are columns of the system.
      .where("a.attnum", ">", 0)
      .where("a.attisdropped", "=", false)
      .where("c.relkind", "in", ["r", "p", "v", "m", "f"])
      .orderBy("a.attnum")
      .execute();
    return rows.map(({ name }) => name);
  }

  protected async truncate(
    db: Kysely<any>,
    tables: readonly TableName[],
    cascade: boolean,
  ): Promise<void> {
    const names = sql.join(tables.map(tableId));
    await (cascade
      ? sql`truncate table ${names} restart identity cascade`
      : sql`truncate table ${names} restart identity`).execute(db);
  }

  #relations(db: Kysely<any>, schema: string | undefined) {
    const query = db.selectFrom("pg_catalog.pg_class as c")
      .innerJoin("pg_catalog.pg_namespace as n", "n.oid", "c.relnamespace");
    return schema === undefined
      ? query.where((eb) => eb.fn<boolean>("pg_table_is_visible", ["c.oid"]))
        .where("n.nspname", "not in", SYSTEM_SCHEMAS)
      : query.where("n.nspname", "=", schema);
  }
}

/** The adapter of PostgreSQL with its defaults. */
export const postgresAdapter: PostgresAdapter = new PostgresAdapter();
