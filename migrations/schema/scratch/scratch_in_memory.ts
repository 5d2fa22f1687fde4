import { type Dialect, Kysely } from "kysely";
import type { Scratch } from "./scratch.ts";

/**
 * Creates scratch databases in memory: SQLite, or PGlite for PostgreSQL.
 *
 * @param open creates the dialect of an empty database
 * @returns the scratch databases
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { readSchema, scratchInMemory } from "@kysera/migrations/schema";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const scratch = scratchInMemory(() =>
 *   nodeSqliteDialect({ database: new DatabaseSync(":memory:") })
 * );
 * assert.deepEqual((await scratch((db) => readSchema(db))).tables, []);
 * ```
 */
export function scratchInMemory(open: () => Dialect | Promise<Dialect>): Scratch {
  return async (body) => {
    const db = new Kysely<any>({ dialect: await open() });
    try {
      return await body(db);
    } finally {
      await db.destroy();
    }
  };
}
