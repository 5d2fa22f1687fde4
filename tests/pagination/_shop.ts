import { type Generated, type Kysely, type KyselyPlugin, type RawBuilder, sql } from "kysely";
import type { TestDatabase, TestDialect } from "../support/matrix.ts";

/** A little shop: customers, their orders, and what was in them. */
export interface Shop {
  customers: { id: Generated<number>; name: string; city: string | null };
  orders: { id: Generated<number>; customer_id: number; total: number | null; status: string };
  tags: { order_id: number; word: string };
}

/** Opens a database with the shop in it. */
export async function openShop(
  dialect: TestDialect,
  plugins: KyselyPlugin[] = [],
): Promise<TestDatabase & { db: Kysely<Shop> }> {
  const database = await dialect.open({ plugins });
  const { db } = database;
  await db.schema.createTable("customers")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("name", "varchar(20)", (column) => column.notNull())
    .addColumn("city", "varchar(20)")
    .execute();
  await db.schema.createTable("orders")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("customer_id", "integer", (column) => column.notNull())
    .addColumn("total", "integer")
    .addColumn("status", "varchar(10)", (column) => column.notNull())
    .execute();
  await db.schema.createTable("tags")
    .addColumn("order_id", "integer", (column) => column.notNull())
    .addColumn("word", "varchar(10)", (column) => column.notNull())
    .execute();
  await db.insertInto("customers").values([
    { id: 1, name: "Ann", city: "Rome" },
    { id: 2, name: "Bob", city: null },
    { id: 3, name: "Cid", city: "Rome" },
    { id: 4, name: "Ann", city: "Oslo" },
    { id: 5, name: "Eve", city: null },
  ]).execute();
  await db.insertInto("orders").values([
    { id: 10, customer_id: 1, total: 5, status: "open" },
    { id: 11, customer_id: 1, total: null, status: "paid" },
    { id: 12, customer_id: 2, total: 5, status: "paid" },
    { id: 13, customer_id: 3, total: 7, status: "open" },
    { id: 14, customer_id: 3, total: null, status: "open" },
    { id: 15, customer_id: 4, total: 1, status: "paid" },
    { id: 16, customer_id: 1, total: 7, status: "gone" },
  ]).execute();
  await db.insertInto("tags").values([
    { order_id: 10, word: "a" },
    { order_id: 10, word: "b" },
    { order_id: 12, word: "a" },
  ]).execute();
  return database;
}

/** `a or b`, which no builder would put into parentheses. */
export const openOrPaid: RawBuilder<boolean> = sql<boolean>`status = 'open' or status = 'paid'`;
