// A new row that says it belongs to another tenant.
import type { Kysely } from "kysely";
import type { Database } from "../schema.ts";

export default (db: Kysely<Database>) =>
  db.insertInto("posts")
    .values({
      id: 20,
      tenant_id: 2,
      author_id: 3,
      title: "Planted",
      status: "published",
    });
