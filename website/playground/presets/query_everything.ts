import type { Kysely } from "kysely";
import type { Database } from "./schema.ts";

// Nothing here names a tenant, a deleted row or a draft.
export default (db: Kysely<Database>) =>
  db.selectFrom("posts as p")
    .innerJoin("authors as a", "a.id", "p.author_id")
    .leftJoin("comments as c", "c.post_id", "p.id")
    .select(["p.title", "p.status", "a.name", "a.email"])
    .select("c.body as comment")
    .orderBy("p.id");
