import { type SqliteWasmDatabase, sqliteWasmDialect } from "@kysera/dialects";
import type { Engine } from "../run/program.ts";

/** The part of the module of `@sqlite.org/sqlite-wasm` that is used. */
export interface Sqlite3 {
  readonly version: { readonly libVersion: string };
  readonly oo1: { readonly DB: new (name: string) => SqliteWasmDatabase };
}

/**
 * Returns an engine that opens a new SQLite database in memory for each run.
 *
 * @param sqlite3 the module, initialized
 */
export function sqliteEngine(sqlite3: Sqlite3): Engine {
  return {
    name: "sqlite",
    version: sqlite3.version.libVersion,
    open: () => {
      const database = new sqlite3.oo1.DB(":memory:");
      return Promise.resolve({
        dialect: sqliteWasmDialect({ database }),
        close: () => Promise.resolve(database.close()),
      });
    },
  };
}
