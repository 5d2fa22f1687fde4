// A common table expression that has the name of a guarded
// table.
import type { Kysely } from "kysely";
import type { Database } from "../schema.ts";

export default (db: Kysely<Database>) =>
  db.with(
    "posts",
    (qc) =>
      qc.selectFrom("authors").select([
        "id",
        "name as title",
      ]),
  )
    .selectFrom("posts").select(["id", "title"])
    .where(
      "id",
      "not in",
      (eb) => eb.selectFrom("comments").select("post_id"),
    );
