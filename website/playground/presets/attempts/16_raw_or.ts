// A raw OR without parentheses: `.. or true and tenant_id
// = 1` would show every row.
import { type Kysely, sql } from "kysely";
import type { Database } from "../schema.ts";

export default (db: Kysely<Database>) =>
  db.selectFrom("posts").select(["id", "title"])
    .where(sql<boolean>`status = 'published' or 1 = 1`);
