import { sqliteWasmDialect } from "@kysera/dialects";
import init from "@sqlite.org/sqlite-wasm";
import { Kysely } from "kysely";
import type { TestDatabase, TestOpenOptions } from "../../support/matrix.ts";

const sqlite3 = await init();
// Every refused statement would be told on the console.
Object.assign(sqlite3.config, { warn: () => {}, error: () => {} });

/** An empty SQLite database in the memory of the browser. */
export function openSqlite(options: TestOpenOptions = {}): Promise<TestDatabase> {
  const dialect = sqliteWasmDialect({ database: new sqlite3.oo1.DB(":memory:") });
  const db = new Kysely<any>({
    dialect: options.wrap?.(dialect) ?? dialect,
    plugins: options.plugins ?? [],
  });
  return Promise.resolve({ db, close: () => db.destroy() });
}
