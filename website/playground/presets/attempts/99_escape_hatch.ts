// The documented escape hatch: easy to find in a review,
// and nothing comes past it by accident.
import { getRawDb } from "@kysera/executor";
import type { Kysely } from "kysely";
import type { Database } from "../schema.ts";

export default (db: Kysely<Database>) =>
  getRawDb(db).selectFrom("posts").select(["id", "title"]);
