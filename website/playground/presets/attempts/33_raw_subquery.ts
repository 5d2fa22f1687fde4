// Raw SQL in the select list of a query that is built.
import { type Kysely, sql } from "kysely";
import type { Database } from "../schema.ts";

export default (db: Kysely<Database>) =>
  db.selectFrom("comments")
    .select([
      "body",
      sql<string>`(select title from posts where id = 6)`.as(
        "title",
      ),
    ]);
