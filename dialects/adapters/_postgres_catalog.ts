import { type Kysely, sql } from "kysely";
import { type Catalog, tableId } from "./_catalog.ts";

const SYSTEM_SCHEMAS = ["pg_catalog", "pg_toast", "information_schema"];

/** What PostgreSQL holds; without a schema what the search path of the connection sees. */
export const postgresCatalog: Catalog = {
  dialect: "postgres",

  async size(db, database) {
    const { size } = await db.selectNoFrom((eb) =>
      eb.fn<number | string | bigint>("pg_database_size", [
        database === undefined ? eb.fn("current_database") : sql`${database}::name`,
      ]).as("size")
    ).executeTakeFirstOrThrow();
    return Number(size);
  },

  async tables(db, schema, table) {
    let query = relations(db, schema)
      .select("c.relname as name")
      // Tables, and tables of partitions
      .where("c.relkind", "in", ["r", "p"])
      .orderBy("c.relname");
    if (table !== undefined) query = query.where("c.relname", "=", table);
    return (await query.execute()).map(({ name }) => name);
  },

  async columns(db, { schema, table }) {
    const rows = await relations(db, schema)
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
  },

  async truncate(db, tables, cascade) {
    const names = sql.join(tables.map(tableId));
    await (cascade
      ? sql`truncate table ${names} restart identity cascade`
      : sql`truncate table ${names} restart identity`).execute(db);
  },
};

function relations(db: Kysely<any>, schema: string | undefined) {
  const query = db.selectFrom("pg_catalog.pg_class as c")
    .innerJoin("pg_catalog.pg_namespace as n", "n.oid", "c.relnamespace");
  return schema === undefined
    ? query.where((eb) => eb.fn<boolean>("pg_table_is_visible", ["c.oid"]))
      .where("n.nspname", "not in", SYSTEM_SCHEMAS)
    : query.where("n.nspname", "=", schema);
}
