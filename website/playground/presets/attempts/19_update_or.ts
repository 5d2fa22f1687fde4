// An update whose condition is true for every row.
import type { Kysely } from "kysely";
import type { Database } from "../schema.ts";

export default (db: Kysely<Database>) =>
  db.updateTable("posts").set({ title: "Hacked" })
    .where((eb) =>
      eb.or([eb("id", "=", 6), eb("id", ">", 0)])
    );
