// An alias, and a qualified name: a filter on the name of
// the table would miss them.
import type { Kysely } from "kysely";
import type { Database } from "../schema.ts";

export default (db: Kysely<Database>) =>
  db.selectFrom("posts as whatever").select([
    "whatever.id",
    "whatever.title",
  ]);
