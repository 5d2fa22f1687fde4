import type { Kysely } from "kysely";
import { columnsOf } from "../platform/columns.ts";

export async function up(db: Kysely<any>): Promise<void> {
  const { identity, varchar, text, time } = columnsOf(db);
  await db.schema.createTable("users")
    .addColumn("id", "integer", identity)
    .addColumn("username", varchar(64), (column) => column.notNull())
    .addColumn("email", varchar(255), (column) => column.notNull())
    .addColumn("password_hash", varchar(255), (column) => column.notNull())
    .addColumn("bio", text)
    .addColumn("image", text)
    .addColumn("created_at", time, (column) => column.notNull())
    .addColumn("updated_at", time, (column) => column.notNull())
    .addUniqueConstraint("users_username_key", ["username"])
    .addUniqueConstraint("users_email_key", ["email"])
    .execute();

  await db.schema.createTable("follows")
    .addColumn("follower_id", "integer", (column) => column.notNull())
    .addColumn("followed_id", "integer", (column) => column.notNull())
    .addColumn("created_at", time, (column) => column.notNull())
    .addPrimaryKeyConstraint("follows_pkey", ["follower_id", "followed_id"])
    .addForeignKeyConstraint("follows_follower_fkey", ["follower_id"], "users", ["id"])
    .addForeignKeyConstraint("follows_followed_fkey", ["followed_id"], "users", ["id"])
    .execute();
  await db.schema.createIndex("follows_followed").on("follows").column("followed_id").execute();
}

export async function down(db: Kysely<any>): Promise<void> {
  await db.schema.dropTable("follows").execute();
  await db.schema.dropTable("users").execute();
}
