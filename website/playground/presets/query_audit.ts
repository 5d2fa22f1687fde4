import { diff, getAuditLogs } from "@kysera/audit";
import type { Kysely } from "kysely";
import type { Database } from "./schema.ts";

export default async (db: Kysely<Database>) => {
  // One statement, several rows, an entry for each, in
  // one transaction.
  await db.updateTable("posts").set({ status: "published" })
    .where("status", "=", "draft").execute();

  const entries = await getAuditLogs(db, { table: "posts" });
  return entries.map((entry) => ({
    row: entry.entity_id,
    by: entry.changed_by,
    request: entry.request_id,
    changed: diff(entry),
  }));
};
