import type { Kysely } from "kysely";
import { columnsOf } from "../platform/columns.ts";

export async function up(db: Kysely<any>): Promise<void> {
  const { identity, varchar, time } = columnsOf(db);
  await db.schema.createTable("users")
    .addColumn("id", "integer", identity)
    .addColumn("name", varchar(64), (column) => column.notNull())
    .addColumn("email", varchar(255), (column) => column.notNull())
    .addColumn("password_hash", varchar(255), (column) => column.notNull())
    .addColumn("role", varchar(16), (column) => column.notNull())
    .addColumn("created_at", time, (column) => column.notNull())
    .addColumn("updated_at", time, (column) => column.notNull())
    .addUniqueConstraint("users_email_key", ["email"])
    .execute();
}

export async function down(db: Kysely<any>): Promise<void> {
  await db.schema.dropTable("users").execute();
}
