import type { Kysely } from "kysely";

export interface Database {
  authors: {
    id: number;
    tenant_id: number;
    name: string;
    email: string | null;
    deleted_at: string | null;
  };
  posts: {
    id: number;
    tenant_id?: number;
    author_id: number;
    title: string;
    status: "draft" | "published";
    deleted_at?: string | null;
    created_at?: string | null;
    updated_at?: string | null;
  };
  comments: {
    id: number;
    tenant_id?: number;
    post_id: number;
    body: string;
  };
}

// Creates the tables of an empty database, before each run.
export async function setup(
  db: Kysely<Database>,
): Promise<void> {
  await db.schema.createTable("authors")
    .addColumn(
      "id",
      "integer",
      (column) => column.primaryKey(),
    )
    .addColumn(
      "tenant_id",
      "integer",
      (column) => column.notNull(),
    )
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("email", "text")
    .addColumn("deleted_at", "timestamp")
    .execute();
  await db.schema.createTable("posts")
    .addColumn(
      "id",
      "integer",
      (column) => column.primaryKey(),
    )
    .addColumn("tenant_id", "integer")
    .addColumn(
      "author_id",
      "integer",
      (column) => column.notNull(),
    )
    .addColumn("title", "text", (column) => column.notNull())
    .addColumn("status", "text", (column) => column.notNull())
    .addColumn("deleted_at", "timestamp")
    .addColumn("created_at", "timestamp")
    .addColumn("updated_at", "timestamp")
    .execute();
  await db.schema.createTable("comments")
    .addColumn(
      "id",
      "integer",
      (column) => column.primaryKey(),
    )
    .addColumn("tenant_id", "integer")
    .addColumn(
      "post_id",
      "integer",
      (column) => column.notNull(),
    )
    .addColumn("body", "text", (column) => column.notNull())
    .execute();

  const gone = "2026-01-31 12:00:00";
  await db.insertInto("authors").values([
    {
      id: 1,
      tenant_id: 1,
      name: "Ada",
      email: "ada@one.example",
      deleted_at: null,
    },
    {
      id: 2,
      tenant_id: 1,
      name: "Eve",
      email: "eve@one.example",
      deleted_at: null,
    },
    {
      id: 3,
      tenant_id: 2,
      name: "Zoe",
      email: "zoe@two.example",
      deleted_at: null,
    },
    {
      id: 4,
      tenant_id: 1,
      name: "Tom",
      email: "tom@one.example",
      deleted_at: gone,
    },
  ]).execute();
  await db.insertInto("posts").values([
    post(1, 1, 1, "Notes on the engine", "published"),
    post(2, 1, 1, "A draft of Ada's", "draft"),
    post(3, 1, 2, "House rules", "published"),
    post(4, 1, 2, "A draft of Eve's", "draft"),
    {
      ...post(5, 1, 1, "Deleted last year", "published"),
      deleted_at: gone,
    },
    post(6, 2, 3, "The other tenant's plans", "published"),
    post(7, 2, 3, "The other tenant's draft", "draft"),
    post(8, 1, 4, "Tom's farewell", "published"),
  ]).execute();
  await db.insertInto("comments").values([
    { id: 1, tenant_id: 1, post_id: 1, body: "Clear" },
    { id: 2, tenant_id: 1, post_id: 3, body: "Agreed" },
    { id: 3, tenant_id: 2, post_id: 6, body: "Top secret" },
  ]).execute();
}

function post(
  id: number,
  tenant_id: number,
  author_id: number,
  title: string,
  status: "draft" | "published",
) {
  return {
    id,
    tenant_id,
    author_id,
    title,
    status,
    deleted_at: null,
  };
}
