/** A guarded table for tests of raw SQL, with a row that nobody may see. */
import { createExecutor } from "@kysera/executor";
import type { KyseraExecutor, Plugin } from "@kysera/executor";
import { type Kysely, sql } from "kysely";
import type { TestDialect } from "../support/matrix.ts";

/** What only the hidden row holds. */
export const SECRET = "xk-secret";

/** Hides what has a `deleted_at`. */
const hide: Plugin = {
  name: "hide",
  version: "1.0.0",
  stable: true,
  rawSql: "deny",
  appliesTo: ({ name }) => name === "items" || name === "notes",
  filter: (reference, { eb }) => eb(reference.column("deleted_at"), "is", null),
};

export interface Items {
  /** Kysely itself, for which nothing is hidden. */
  readonly db: Kysely<any>;
  readonly executor: KyseraExecutor<any>;
}

/** Opens a database with the table, and closes it whatever happens. */
export async function withItems(
  dialect: TestDialect,
  body: (items: Items) => Promise<void>,
): Promise<void> {
  // One connection: locks and settings are a session's.
  const { db, close } = await dialect.open({ connections: 1 });
  try {
    await fill(db, dialect.dialect);
    const executor = await createExecutor<any, readonly Plugin[]>(db, [hide]);
    await body({ db, executor });
  } finally {
    await close();
  }
}

async function fill(db: Kysely<any>, family: TestDialect["dialect"]): Promise<void> {
  const json = family === "postgres" ? sql`jsonb` : family === "mysql" ? sql`json` : sql`text`;
  let table = db.schema.createTable("items")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("name", "varchar(50)", (column) => column.notNull())
    .addColumn("kind", "varchar(20)")
    .addColumn("price", "decimal(10, 2)")
    .addColumn("qty", "integer")
    .addColumn("data", json)
    .addColumn("created_at", family === "sqlite" ? "text" : "timestamp")
    .addColumn("deleted_at", "varchar(30)");
  if (family === "postgres") table = table.addColumn("labels", sql`text[]`);
  await table.execute();
  await db.schema.createTable("notes")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("label", "varchar(50)")
    .addColumn("deleted_at", "varchar(30)")
    .execute();
  const row = (
    id: number,
    name: string,
    kind: string | null,
    price: number,
    qty: number,
    color: string,
    deleted: boolean,
  ): Record<string, unknown> => ({
    id,
    name,
    kind,
    price,
    qty,
    data: JSON.stringify({ color, size: id * 10, list: [id, 2], a: { b: "deep" } }),
    created_at: `2024-0${id}-15 10:20:30`,
    deleted_at: deleted ? "2024-01-01" : null,
    ...(family === "postgres" ? { labels: ["x", color] } : {}),
  });
  await db.insertInto("items").values([
    row(1, "Apple 10% pie", "a", 9.99, 5, "red", false),
    row(2, "banana-split", "b", 1.5, 2, "yellow", false),
    row(3, SECRET, SECRET, 3, 3, SECRET, true),
    row(4, "apple", "a", 20, 7, "green", false),
    row(5, "cherry", null, 0.25, 1, "red", false),
  ]).execute();
  await db.insertInto("notes").values({ id: 1, label: SECRET, deleted_at: "2024-01-01" }).execute();
  if (family === "mysql") await sql`create fulltext index items_name on items (name)`.execute(db);
}
