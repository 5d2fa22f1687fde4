import { assertKnownOptions } from "@kysera/core";
import type { Kysely } from "kysely";
import { tableNames } from "../../dialect/_table_names.ts";
import { readSchema } from "../read/read_schema.ts";
import type { SchemaSnapshot } from "../snapshot/schema_snapshot.ts";

/** Which schemas are read, and where the history is. */
export interface HistoryOptions {
  /** The schemas to read; the first one is the default schema. Default: the current one. */
  readonly schemas?: readonly string[] | undefined;
  /** Tables and views to leave out, beside those of the runner and of Kysely's Migrator. */
  readonly exclude?: readonly string[] | undefined;
  /** The table of the history, as in the options of the runner. */
  readonly tableName?: string | undefined;
  /** The schema of that table, as in the options of the runner. */
  readonly schema?: string | undefined;
}

const OPTIONS: readonly string[] = ["schemas", "exclude", "tableName", "schema"];

/** Returns the names of tables that no migration makes. */
export function excludedOf({ exclude = [], tableName }: HistoryOptions): string[] {
  const { history, lock, step } = tableNames(tableName);
  return [history, lock, step, "kysely_migration", "kysely_migration_lock", ...exclude];
}

/** Reads the schema of a database without what no migration makes. */
export async function readLive(
  db: Kysely<any>,
  options: HistoryOptions,
  action: string,
  more: readonly string[] = [],
): Promise<SchemaSnapshot> {
  assertKnownOptions(options, [...OPTIONS, ...more], { action });
  return await readSchema(db, { schemas: options.schemas, exclude: excludedOf(options) });
}
