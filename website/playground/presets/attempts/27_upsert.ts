// An upsert that hits a row of another tenant: it would be
// changed, and returned.
import type { Kysely } from "kysely";
import type { Database } from "../schema.ts";

export default (db: Kysely<Database>) =>
  db.insertInto("posts")
    .values({
      id: 6,
      author_id: 1,
      title: "Mine now",
      status: "published",
    })
    .onConflict((oc) =>
      oc.column("id").doUpdateSet({ title: "Mine now" })
    )
    .returningAll();
