// A caller without a tenant: never "no filter".
import { bindContext } from "@kysera/executor";
import type { Kysely } from "kysely";
import type { Database } from "../schema.ts";

export default (db: Kysely<Database>) =>
  bindContext(db, { auth: { userId: 1, roles: [] } })
    .selectFrom("posts")
    .selectAll();
