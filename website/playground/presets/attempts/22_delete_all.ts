// A delete of everything: it marks what one may delete,
// and nothing else.
import type { Kysely } from "kysely";
import type { Database } from "../schema.ts";

export default (db: Kysely<Database>) =>
  db.deleteFrom("posts").returning(["id", "title"]);
