import { type PGliteDatabase, pgliteDialect } from "@kysera/dialects";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { importDriver } from "./_import_driver.ts";
import type { OpenDialect } from "./_open_dialect.ts";

interface PGliteModule {
  readonly PGlite: { create(options: { dataDir?: string }): Promise<PGliteDatabase> };
}

/** Opens PGlite, in memory or in a folder. */
export const openPglite: OpenDialect = async ({ path, root, schema }) => {
  const { PGlite } = await importDriver<PGliteModule>("@electric-sql/pglite", root, "PGlite");
  if (path !== ":memory:") mkdirSync(dirname(path!), { recursive: true });
  return () =>
    pgliteDialect({
      database: async () => {
        const database = await PGlite.create(path === ":memory:" ? {} : { dataDir: path! });
        // It has one session, which keeps it.
        if (schema !== undefined) {
          await database.query("select set_config('search_path', $1, false)", [quoted(schema)]);
        }
        return database;
      },
    });
};

/** Quotes the name of a schema as `search_path` has it. */
export function quoted(schema: string): string {
  return `"${schema.replaceAll('"', '""')}"`;
}
