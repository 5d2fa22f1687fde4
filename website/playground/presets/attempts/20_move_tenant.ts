// An update that moves a row of one's own into another
// tenant.
import type { Kysely } from "kysely";
import type { Database } from "../schema.ts";

export default (db: Kysely<Database>) =>
  db.updateTable("posts").set({ tenant_id: 2 }).where(
    "id",
    "=",
    1,
  );
