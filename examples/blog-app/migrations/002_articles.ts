import type { Kysely } from "kysely";
import { columnsOf } from "../platform/columns.ts";

export async function up(db: Kysely<any>): Promise<void> {
  const { identity, varchar, text, time, uniqueUnlessDeleted } = columnsOf(db);
  const slug = varchar(255);
  await db.schema.createTable("articles")
    .addColumn("id", "integer", identity)
    .addColumn("author_id", "integer", (column) => column.notNull())
    .addColumn("slug", slug, (column) => column.notNull())
    .addColumn("title", varchar(255), (column) => column.notNull())
    .addColumn("description", text, (column) => column.notNull())
    .addColumn("body", text, (column) => column.notNull())
    .addColumn("search_text", text, (column) => column.notNull())
    .addColumn("published_at", time)
    .addColumn("created_at", time, (column) => column.notNull())
    .addColumn("updated_at", time, (column) => column.notNull())
    .addColumn("deleted_at", time)
    .addForeignKeyConstraint("articles_author_fkey", ["author_id"], "users", ["id"])
    .execute();
  // The slug of a deleted article may be used again.
  await uniqueUnlessDeleted(db, {
    table: "articles",
    column: "slug",
    type: slug,
    constraint: "articles_slug_key",
  });
  await db.schema.createIndex("articles_published").on("articles").columns(["published_at", "id"])
    .execute();
  await db.schema.createIndex("articles_author").on("articles").columns([
    "author_id",
    "published_at",
  ]).execute();

  await db.schema.createTable("article_tags")
    .addColumn("article_id", "integer", (column) => column.notNull())
    .addColumn("tag", varchar(100), (column) => column.notNull())
    .addColumn("position", "integer", (column) => column.notNull())
    .addPrimaryKeyConstraint("article_tags_pkey", ["article_id", "tag"])
    .addForeignKeyConstraint("article_tags_article_fkey", ["article_id"], "articles", ["id"])
    .execute();
  await db.schema.createIndex("article_tags_tag").on("article_tags").column("tag").execute();

  await db.schema.createTable("favorites")
    .addColumn("user_id", "integer", (column) => column.notNull())
    .addColumn("article_id", "integer", (column) => column.notNull())
    .addColumn("created_at", time, (column) => column.notNull())
    .addPrimaryKeyConstraint("favorites_pkey", ["user_id", "article_id"])
    .addForeignKeyConstraint("favorites_user_fkey", ["user_id"], "users", ["id"])
    .addForeignKeyConstraint("favorites_article_fkey", ["article_id"], "articles", ["id"])
    .execute();
  await db.schema.createIndex("favorites_article").on("favorites").column("article_id").execute();
}

export async function down(db: Kysely<any>): Promise<void> {
  await db.schema.dropTable("favorites").execute();
  await db.schema.dropTable("article_tags").execute();
  await db.schema.dropTable("articles").execute();
}
