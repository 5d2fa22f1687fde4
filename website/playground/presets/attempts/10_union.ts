// A union: each arm is a query of its own.
import type { Kysely } from "kysely";
import type { Database } from "../schema.ts";

export default (db: Kysely<Database>) =>
  db.selectFrom("comments").select("body as text")
    .union(db.selectFrom("posts").select("title as text"));
