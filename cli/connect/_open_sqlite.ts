import { betterSqlite3Dialect, bunSqliteDialect, nodeSqliteDialect } from "@kysera/dialects";
import type { SqliteDialectOptions } from "@kysera/dialects";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import process from "node:process";
import { CompiledQuery } from "kysely";
import { failure, usageError } from "../contract/_cli_error.ts";
import { importDriver, installLine } from "./_import_driver.ts";
import type { OpenDialect } from "./_open_dialect.ts";

/** Opens SQLite by the driver of the runtime, or by better-sqlite3 where the runtime has none. */
export const openSqlite: OpenDialect = async ({ path, root, schema, readOnly = false }) => {
  if (schema !== undefined) {
    throw usageError("SQLite has no schemas: leave --schema out");
  }
  const file = path!;
  if (file !== ":memory:") mkdirSync(dirname(file), { recursive: true });
  const options: SqliteDialectOptions = {
    onCreateConnection: async (connection) => {
      await connection.executeQuery(CompiledQuery.raw("pragma busy_timeout = 5000"));
      await connection.executeQuery(CompiledQuery.raw("pragma foreign_keys = on"));
    },
  };
  const node = await quietly(() => import("node:sqlite").catch(() => undefined));
  if (node !== undefined) {
    return () =>
      nodeSqliteDialect({ database: () => new node.DatabaseSync(file, { readOnly }), ...options });
  }
  if ("bun" in process.versions) {
    // No other runtime can resolve it, not even to see that it is not reached.
    const name = "bun:sqlite";
    const { Database } = await import(name);
    return () =>
      bunSqliteDialect({
        database: () => readOnly ? new Database(file, { readonly: true }) : new Database(file),
        ...options,
      });
  }
  assertFits(root);
  const { default: Database } = await importDriver<{
    default: new (path: string, options: { readonly: boolean }) => never;
  }>(
    "better-sqlite3",
    root,
    "SQLite",
    // The newest one does not run on a Node that has no SQLite itself.
    { version: "@12", instead: ", or use Node 22.13 or later, which has SQLite itself" },
  );
  return () =>
    betterSqlite3Dialect({
      database: () => new Database(file, { readonly: readOnly }),
      ...options,
    });
};

/**
 * Throws if better-sqlite3 would end the process: from version 13 on it needs Node 22, and crashes on
 * Node 20, which is the one that has no driver of its own.
 */
function assertFits(root: string): void {
  let version: string;
  try {
    ({ version } = createRequire(join(root, "package.json"))("better-sqlite3/package.json"));
  } catch {
    return;
  }
  if (Number(version.split(".")[0]) < 13 || Number(process.versions.node.split(".")[0]) >= 22) {
    return;
  }
  throw failure(`Cannot open SQLite: better-sqlite3 ${version} does not run on Node 20`, {
    hint: `Run \`${installLine(["better-sqlite3@12"], root)}\`, or use a newer Node.`,
  });
}

/** Runs a function without the warning of Node that its SQLite is experimental. */
async function quietly<T>(run: () => Promise<T>): Promise<T> {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return await run();
  } finally {
    process.emitWarning = emitWarning;
  }
}
