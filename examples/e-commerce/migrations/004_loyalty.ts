import type { Kysely } from "kysely";
import { columnsOf } from "../platform/columns.ts";

export async function up(db: Kysely<any>): Promise<void> {
  const { varchar, time } = columnsOf(db);
  await db.schema.createTable("loyalty_accounts")
    .addColumn("user_id", "integer", (column) => column.primaryKey())
    .addColumn("points", "integer", (column) => column.notNull())
    .addColumn("created_at", time, (column) => column.notNull())
    .addColumn("updated_at", time, (column) => column.notNull())
    .addForeignKeyConstraint("loyalty_accounts_user_fkey", ["user_id"], "users", ["id"])
    .execute();
  // No foreign keys: the consumer could be another program with a database of its own.
  await db.schema.createTable("loyalty_inbox")
    .addColumn("order_id", varchar(36), (column) => column.primaryKey())
    .addColumn("user_id", "integer", (column) => column.notNull())
    .addColumn("last_sequence", "integer", (column) => column.notNull())
    .addColumn("points", "integer", (column) => column.notNull())
    .execute();
}

export async function down(db: Kysely<any>): Promise<void> {
  await db.schema.dropTable("loyalty_inbox").execute();
  await db.schema.dropTable("loyalty_accounts").execute();
}
