// Guessing a masked column: by a condition, and by the order.
import type { Kysely } from "kysely";
import type { Database } from "../schema.ts";

export default (db: Kysely<Database>) => [
  db.selectFrom("authors").select(["name", "email"]).where(
    "email",
    "like",
    "eve@%",
  ),
  db.selectFrom("authors").select(["name", "email"]).orderBy(
    "email",
  ),
];
