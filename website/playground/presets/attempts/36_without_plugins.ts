// Taking the plugins off, inside a transaction as well.
import type { Kysely } from "kysely";
import type { Database } from "../schema.ts";

export default (db: Kysely<Database>) =>
  db.withoutPlugins().transaction().execute((trx) =>
    trx.withoutPlugins().selectFrom("posts").select([
      "id",
      "title",
    ]).execute()
  );
