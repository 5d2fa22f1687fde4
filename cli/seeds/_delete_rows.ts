import { readSchema } from "@kysera/migrations/schema";
import { type Kysely, sql } from "kysely";
import { inOrderOfKeys } from "../data/_in_order_of_keys.ts";

/**
 * Deletes the rows of every table, those that refer to others first. The history of migrations stays.
 *
 * @returns the names of the tables
 */
export async function deleteRows(db: Kysely<any>): Promise<string[]> {
  const { tables, defaultSchema, dialect } = await readSchema(db);
  const own = tables.filter(({ kind, partitioning }) =>
    kind === "table" && partitioning.bound === null
  );
  const names = inOrderOfKeys(own).tables.map(({ name }) => name).reverse();
  await db.transaction().execute(async (trx) => {
    const ids = names.map((name) => sql.id(defaultSchema, name));
    // It is the one statement that takes tables that refer to each other, and begins numbers anew.
    if (dialect === "postgres" && ids.length > 0) {
      await sql`truncate table ${sql.join(ids)} restart identity cascade`.execute(trx);
      return;
    }
    if (dialect === "sqlite") await sql`pragma defer_foreign_keys = on`.execute(trx);
    for (const id of ids) await sql`delete from ${id}`.execute(trx);
  });
  return names;
}
