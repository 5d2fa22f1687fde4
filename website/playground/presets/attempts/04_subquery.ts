// A subquery in the select list, correlated, over a table
// the outer query does not name.
import type { Kysely } from "kysely";
import type { Database } from "../schema.ts";

export default (db: Kysely<Database>) =>
  db.selectFrom("authors as a").select((eb) => [
    "a.name",
    eb.selectFrom("posts as p").whereRef(
      "p.author_id",
      "=",
      "a.id",
    )
      .select((eb) => eb.fn.max("p.title").as("t")).as(
        "last_title",
      ),
  ]);
