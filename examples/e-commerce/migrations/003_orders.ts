import { type Kysely, sql } from "kysely";
import { columnsOf } from "../platform/columns.ts";

export async function up(db: Kysely<any>): Promise<void> {
  const { identity, varchar, time } = columnsOf(db);
  const uuid = varchar(36);
  await db.schema.createTable("orders")
    .addColumn("id", uuid, (column) => column.primaryKey())
    .addColumn("user_id", "integer", (column) => column.notNull())
    .addColumn("status", varchar(16), (column) => column.notNull())
    .addColumn("total", "integer", (column) => column.notNull())
    .addColumn("line_count", "integer", (column) => column.notNull())
    .addColumn("message_count", "integer", (column) => column.notNull())
    .addColumn("idempotency_key", varchar(100), (column) => column.notNull())
    .addColumn("placed_on", varchar(10), (column) => column.notNull())
    .addColumn("created_at", time, (column) => column.notNull())
    .addColumn("updated_at", time, (column) => column.notNull())
    .addForeignKeyConstraint("orders_user_fkey", ["user_id"], "users", ["id"])
    .addUniqueConstraint("orders_idempotency_key", ["user_id", "idempotency_key"])
    .execute();
  await db.schema.createIndex("orders_newest").on("orders").columns(["created_at", "id"]).execute();
  await db.schema.createIndex("orders_day").on("orders").column("placed_on").execute();

  await db.schema.createTable("order_lines")
    .addColumn("order_id", uuid, (column) => column.notNull())
    .addColumn("product_id", "integer", (column) => column.notNull())
    .addColumn("sku", varchar(40), (column) => column.notNull())
    .addColumn("name", varchar(100), (column) => column.notNull())
    .addColumn("quantity", "integer", (column) => column.notNull())
    .addColumn("unit_price", "integer", (column) => column.notNull())
    .addPrimaryKeyConstraint("order_lines_pkey", ["order_id", "product_id"])
    .addForeignKeyConstraint("order_lines_order_fkey", ["order_id"], "orders", ["id"])
    .addForeignKeyConstraint("order_lines_product_fkey", ["product_id"], "products", ["id"])
    .addCheckConstraint("order_lines_quantity_check", sql`quantity > 0`)
    .execute();

  await db.schema.createTable("stock_movements")
    .addColumn("id", uuid, (column) => column.primaryKey())
    .addColumn("product_id", "integer", (column) => column.notNull())
    .addColumn("order_id", uuid)
    .addColumn("kind", varchar(16), (column) => column.notNull())
    .addColumn("quantity", "integer", (column) => column.notNull())
    .addColumn("created_at", time, (column) => column.notNull())
    .addForeignKeyConstraint("stock_movements_product_fkey", ["product_id"], "products", ["id"])
    .addForeignKeyConstraint("stock_movements_order_fkey", ["order_id"], "orders", ["id"])
    .execute();
  await db.schema.createIndex("stock_movements_product").on("stock_movements")
    .column("product_id").execute();
  await db.schema.createIndex("stock_movements_order").on("stock_movements")
    .column("order_id").execute();

  await db.schema.createTable("payments")
    .addColumn("id", uuid, (column) => column.primaryKey())
    .addColumn("order_id", uuid, (column) => column.notNull())
    .addColumn("kind", varchar(16), (column) => column.notNull())
    .addColumn("amount", "integer", (column) => column.notNull())
    .addColumn("status", varchar(16), (column) => column.notNull())
    .addColumn("created_at", time, (column) => column.notNull())
    .addColumn("updated_at", time, (column) => column.notNull())
    .addForeignKeyConstraint("payments_order_fkey", ["order_id"], "orders", ["id"])
    .addUniqueConstraint("payments_order_kind_key", ["order_id", "kind"])
    .execute();

  await db.schema.createTable("outbox")
    .addColumn("id", "integer", identity)
    .addColumn("order_id", uuid, (column) => column.notNull())
    .addColumn("sequence", "integer", (column) => column.notNull())
    .addColumn("kind", varchar(32), (column) => column.notNull())
    .addColumn("attempts", "integer", (column) => column.notNull().defaultTo(0))
    .addColumn("available_at", time, (column) => column.notNull())
    .addColumn("lease", uuid)
    .addColumn("leased_until", time)
    .addColumn("delivered_at", time)
    .addColumn("created_at", time, (column) => column.notNull())
    .addForeignKeyConstraint("outbox_order_fkey", ["order_id"], "orders", ["id"])
    .addUniqueConstraint("outbox_order_sequence_key", ["order_id", "sequence"])
    .execute();
  await db.schema.createIndex("outbox_left").on("outbox").columns(["delivered_at", "id"]).execute();
}

export async function down(db: Kysely<any>): Promise<void> {
  await db.schema.dropTable("outbox").execute();
  await db.schema.dropTable("payments").execute();
  await db.schema.dropTable("stock_movements").execute();
  await db.schema.dropTable("order_lines").execute();
  await db.schema.dropTable("orders").execute();
}
