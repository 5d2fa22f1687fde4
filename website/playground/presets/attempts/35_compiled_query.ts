// A query that was compiled by nobody: its text and its
// parameters.
import { CompiledQuery, type Kysely } from "kysely";
import type { Database } from "../schema.ts";

export default (db: Kysely<Database>) =>
  db.executeQuery(
    CompiledQuery.raw("select id, title from posts"),
  );
