import type { Kysely } from "kysely";
import type { SchemaSnapshot } from "../snapshot/schema_snapshot.ts";
import { excludedOf, type HistoryOptions, readLive } from "./_live.ts";

/**
 * Reads the schema of a scratch database that is compared with that of a database: its default schema
 * takes the place of that of the database.
 */
export async function readLikeLive(
  db: Kysely<any>,
  options: HistoryOptions,
  action: string,
): Promise<SchemaSnapshot> {
  const [, ...others] = options.schemas ?? [];
  const exclude = excludedOf(options);
  if (others.length === 0) return await readLive(db, { exclude }, action);
  const { defaultSchema } = await readLive(db, {}, action);
  return await readLive(db, { schemas: [defaultSchema, ...others], exclude }, action);
}
