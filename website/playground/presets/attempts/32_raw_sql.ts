// Raw SQL, which no plugin could be enforced on.
import { type Kysely, sql } from "kysely";
import type { Database } from "../schema.ts";

export default (db: Kysely<Database>) =>
  sql`select id, title from posts`.execute(db);
