// An aggregate tells how many rows there are, without
// showing one.
import type { Kysely } from "kysely";
import type { Database } from "../schema.ts";

export default (db: Kysely<Database>) =>
  db.selectFrom("posts")
    .select((
      eb,
    ) => [
      eb.fn.countAll<number>().as("count"),
      eb.fn.max("title").as("last"),
    ]);
