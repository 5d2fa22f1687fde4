import { createAuditTable, dropAuditTable } from "@kysera/audit";
import type { Kysely } from "kysely";

export async function up(db: Kysely<any>): Promise<void> {
  await createAuditTable(db);
}

export async function down(db: Kysely<any>): Promise<void> {
  await dropAuditTable(db);
}
