import { softDelete, withDeleted } from "@kysera/soft-delete";
import type { Kysely } from "kysely";
import type { Database } from "./schema.ts";

export default async (db: Kysely<Database>) => {
  // A DELETE marks the row, whoever writes it.
  await db.deleteFrom("posts").where("id", "=", 1).execute();
  await softDelete(db, "authors", 2);

  // Rows that are marked are hidden, and may be shown on
  // purpose.
  const shown = await db.selectFrom("posts as p")
    .leftJoin("authors as a", "a.id", "p.author_id")
    .select(["p.id", "p.title", "a.name"])
    .execute();
  const all = await withDeleted(db).selectFrom("posts")
    .select("id").execute();
  return [...shown, {
    id: all.length,
    title: "posts in all",
    name: null,
  }];
};
