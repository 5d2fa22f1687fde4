import type { Kysely } from "kysely";
import type { Database } from "./schema.ts";

export default async (db: Kysely<Database>) => {
  await db.insertInto("posts")
    .values({
      id: 20,
      tenant_id: 1,
      author_id: 1,
      title: "New",
      status: "draft",
    })
    .execute();
  await db.updateTable("posts as p").from("authors as a")
    .set({ title: "Written by Eve" })
    .whereRef("a.id", "=", "p.author_id").where(
      "a.name",
      "=",
      "Eve",
    )
    .execute();
  return db.selectFrom("posts").select([
    "id",
    "title",
    "created_at",
    "updated_at",
  ])
    .where("updated_at", "is not", null).orderBy("id");
};
