import type { Kysely } from "kysely";
import type { Database } from "./schema.ts";

export default (db: Kysely<Database>) => [
  // Only drafts of one's own can be deleted ..
  db.deleteFrom("posts").returning(["id", "title"]),
  // .. the tenant of a new row is set ..
  db.insertInto("posts")
    .values({
      id: 20,
      author_id: 1,
      title: "New",
      status: "draft",
    })
    .returning(["id", "tenant_id"]),
  // .. and a subquery is subject to the policies as well.
  db.selectFrom("authors as a").select((eb) => [
    "a.name",
    eb.selectFrom("posts").whereRef("author_id", "=", "a.id")
      .select((eb) => eb.fn.countAll().as("count")).as(
        "posts",
      ),
  ]),
];
