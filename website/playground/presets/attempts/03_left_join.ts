// A hidden row on the right side of a left join finds no
// partner; the rows on the left stay.
import type { Kysely } from "kysely";
import type { Database } from "../schema.ts";

export default (db: Kysely<Database>) =>
  db.selectFrom("comments as c")
    .leftJoin("posts as p", "p.id", "c.post_id")
    .leftJoin("authors as a", "a.id", "p.author_id")
    .select(["c.body", "p.title", "a.name"]);
