import { type PGliteDatabase, pgliteDialect } from "@kysera/dialects";
import type { Engine } from "../run/program.ts";

/** The part of a `PGlite` that is used. */
export interface PGliteInstance extends PGliteDatabase {
  /** Runs statements that have no parameters. */
  exec(sql: string): Promise<unknown>;
}

/** What a program may have left behind. Each is sent on its own: some refuse a transaction. */
const RESET = [
  "rollback",
  "discard all",
  "drop schema if exists public cascade",
  "create schema public",
];

/**
 * Returns an engine that empties one PGlite for each run: opening another would take seconds.
 *
 * @param pglite the database
 */
export async function pgliteEngine(pglite: PGliteInstance): Promise<Engine> {
  const { rows } = await pglite.query("show server_version");
  const [row] = rows as { server_version: string }[];
  return {
    name: "postgres",
    version: row!.server_version,
    open: async () => {
      for (const statement of RESET) await pglite.exec(statement);
      // A dialect that is destroyed closes its database, so this one is given up instead.
      return {
        dialect: pgliteDialect({ database: pglite }),
        close: () => Promise.resolve(),
      };
    },
  };
}
