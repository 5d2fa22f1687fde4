import type { SchemaDialect, SchemaSnapshot } from "@kysera/migrations/schema";
import { type Kysely, sql } from "kysely";
import { NO_SERVER_FACTS, type ServerFacts } from "./_facts.ts";
import { readPostgresFacts } from "./_postgres.ts";

/** Reads what is known of the server and the session beside the schema. */
export async function readServerFacts(
  db: Kysely<any>,
  { dialect }: SchemaSnapshot,
): Promise<ServerFacts> {
  return { ...NO_SERVER_FACTS, ...await READERS[dialect](db) };
}

const READERS: Readonly<
  Record<SchemaDialect, (db: Kysely<any>) => Promise<Partial<ServerFacts>>>
> = {
  postgres: readPostgresFacts,
  mysql: async (db) => {
    const { rows: [row] } = await sql<{ connections: number; timeout: number }>`
      select @@max_connections as connections, @@wait_timeout as timeout`.execute(db);
    const { rows: grants } = await sql<Record<string, string>>`show grants`.execute(db);
    return {
      maxConnections: Number(row!.connections),
      idleTimeout: Number(row!.timeout) * 1000,
      // What stands behind it may be the hash of a password.
      ownsServer: grants.some((grant) =>
        /^grant all privileges on \*\.\*|^grant [^.]*\bsuper\b[^.]* on \*\.\*/i
          .test(Object.values(grant)[0] ?? "")
      ),
    };
  },
  sqlite: async (db) => {
    const { rows } = await sql<{ journal_mode: string }>`pragma journal_mode`.execute(db);
    return { journalMode: rows[0]?.journal_mode };
  },
};
