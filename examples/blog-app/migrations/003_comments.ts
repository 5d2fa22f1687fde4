import type { Kysely } from "kysely";
import { columnsOf } from "../platform/columns.ts";

export async function up(db: Kysely<any>): Promise<void> {
  const { identity, text, time } = columnsOf(db);
  await db.schema.createTable("comments")
    .addColumn("id", "integer", identity)
    .addColumn("article_id", "integer", (column) => column.notNull())
    .addColumn("author_id", "integer", (column) => column.notNull())
    .addColumn("body", text, (column) => column.notNull())
    .addColumn("created_at", time, (column) => column.notNull())
    .addColumn("updated_at", time, (column) => column.notNull())
    .addColumn("deleted_at", time)
    .addForeignKeyConstraint("comments_article_fkey", ["article_id"], "articles", ["id"])
    .addForeignKeyConstraint("comments_author_fkey", ["author_id"], "users", ["id"])
    .execute();
  await db.schema.createIndex("comments_article").on("comments").columns(["article_id", "id"])
    .execute();
}

export async function down(db: Kysely<any>): Promise<void> {
  await db.schema.dropTable("comments").execute();
}
