import type { SchemaSnapshot } from "@kysera/migrations/schema";
import { type Kysely, sql } from "kysely";
import type { Facts } from "./_check.ts";

/** Reads what is known of the server and the session beside the schema. */
export async function readFacts(
  db: Kysely<any>,
  { dialect }: SchemaSnapshot,
  deletedAt: string,
): Promise<Facts> {
  const facts: Facts = { bypassesPolicies: false, journalMode: undefined, deletedAt };
  if (dialect === "postgres") {
    const { rows } = await sql<{ exempt: boolean }>`
      select rolsuper or rolbypassrls as exempt from pg_roles where rolname = current_user`
      .execute(db);
    return { ...facts, bypassesPolicies: rows[0]?.exempt ?? false };
  }
  if (dialect === "sqlite") {
    const { rows } = await sql<{ journal_mode: string }>`pragma journal_mode`.execute(db);
    return { ...facts, journalMode: rows[0]?.journal_mode };
  }
  return facts;
}
