import type { Kysely } from "kysely";
import { columnsOf } from "../../platform/columns.ts";

export async function up(db: Kysely<any>): Promise<void> {
  const { id, short, time, required } = columnsOf(db);
  await db.schema.createTable("organisations")
    .addColumn("id", id, (column) => column.primaryKey())
    .addColumn("slug", short, (column) => column.notNull().unique())
    .addColumn("name", short, required)
    .addColumn("plan", short, required)
    .addColumn("strategy", short, required)
    .addColumn("database_name", short)
    .addColumn("schema_name", short)
    .addColumn("state", short, required)
    .addColumn("created_at", time, required)
    .execute();
  await db.schema.createTable("users")
    .addColumn("id", id, (column) => column.primaryKey())
    .addColumn("email", short, (column) => column.notNull().unique())
    .addColumn("password_hash", short, required)
    .addColumn("is_support", "integer", (column) => column.notNull().defaultTo(0))
    .addColumn("created_at", time, required)
    .execute();
  await db.schema.createTable("account_uses")
    .addColumn("member_id", id, (column) => column.primaryKey())
    .addColumn("user_id", id, (column) => column.notNull().references("users.id"))
    .execute();
  await db.schema.createIndex("account_uses_user").on("account_uses").column("user_id").execute();
}

export async function down(db: Kysely<any>): Promise<void> {
  await db.schema.dropTable("account_uses").execute();
  await db.schema.dropTable("users").execute();
  await db.schema.dropTable("organisations").execute();
}
