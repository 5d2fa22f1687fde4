import { type Kysely, sql } from "kysely";
import { columnsOf } from "../platform/columns.ts";

export async function up(db: Kysely<any>): Promise<void> {
  const { identity, varchar, text, time, uniqueUnlessDeleted } = columnsOf(db);
  const sku = varchar(40);
  await db.schema.createTable("products")
    .addColumn("id", "integer", identity)
    .addColumn("sku", sku, (column) => column.notNull())
    .addColumn("name", varchar(100), (column) => column.notNull())
    .addColumn("description", text, (column) => column.notNull())
    .addColumn("price", "integer", (column) => column.notNull())
    .addColumn("created_at", time, (column) => column.notNull())
    .addColumn("updated_at", time, (column) => column.notNull())
    .addColumn("deleted_at", time)
    .addCheckConstraint("products_price_check", sql`price > 0`)
    .execute();
  // The number of a product that was withdrawn may be used again.
  await uniqueUnlessDeleted(db, {
    table: "products",
    column: "sku",
    type: sku,
    constraint: "products_sku_key",
  });
  await db.schema.createIndex("products_name").on("products").columns(["name", "id"]).execute();

  await db.schema.createTable("stock")
    .addColumn("product_id", "integer", (column) => column.primaryKey())
    .addColumn("on_hand", "integer", (column) => column.notNull())
    .addColumn("version", "integer", (column) => column.notNull().defaultTo(1))
    .addColumn("updated_at", time, (column) => column.notNull())
    .addForeignKeyConstraint("stock_product_fkey", ["product_id"], "products", ["id"])
    // The last line of defense: no way of selling needs it.
    .addCheckConstraint("stock_on_hand_check", sql`on_hand >= 0`)
    .execute();

  await db.schema.createTable("cart_items")
    .addColumn("user_id", "integer", (column) => column.notNull())
    .addColumn("product_id", "integer", (column) => column.notNull())
    .addColumn("quantity", "integer", (column) => column.notNull())
    .addColumn("created_at", time, (column) => column.notNull())
    .addColumn("updated_at", time, (column) => column.notNull())
    .addPrimaryKeyConstraint("cart_items_pkey", ["user_id", "product_id"])
    .addForeignKeyConstraint("cart_items_user_fkey", ["user_id"], "users", ["id"])
    .addForeignKeyConstraint("cart_items_product_fkey", ["product_id"], "products", ["id"])
    .addCheckConstraint("cart_items_quantity_check", sql`quantity > 0`)
    .execute();
}

export async function down(db: Kysely<any>): Promise<void> {
  await db.schema.dropTable("cart_items").execute();
  await db.schema.dropTable("stock").execute();
  await db.schema.dropTable("products").execute();
}
