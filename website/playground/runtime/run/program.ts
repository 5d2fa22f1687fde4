import type { Plugin } from "@kysera/executor";
import type { Kysely } from "kysely";

/** What the files of the editor export. */
export interface Program {
  /** Creates the tables and their rows. */
  setup(db: Kysely<any>): unknown;
  /** The plugins of the executor. */
  readonly plugins: readonly Plugin[];
  /** Who may run the query: contexts by name; `undefined` for a context that is not bound. */
  readonly principals: Readonly<Record<string, object | undefined>>;
  /** Builds the query, or runs several. */
  query(db: Kysely<any>): unknown;
}

/** Evaluates the files: each run has modules of its own. */
export type LoadProgram = () => Promise<Program>;

/** A database that a program can be run on. */
export interface Engine {
  readonly name: "sqlite" | "postgres";
  /** The version of the database. */
  readonly version: string;
  /** Opens an empty database. The one that was opened before is closed by then. */
  open(): Promise<OpenDatabase>;
}

/** An empty database. */
export interface OpenDatabase {
  readonly dialect: import("kysely").Dialect;
  /** Closes it; what is left open by the program is given up. */
  close(): Promise<void>;
}

/** The principals of a program that names none. */
export const NOBODY = "nobody";

/**
 * Reads what the files of the editor export.
 *
 * @param schema the exports of `schema.ts`
 * @param plugins the exports of `plugins.ts`
 * @param query the exports of `query.ts`
 * @throws {TypeError} if one of them does not export what it should
 */
export function programOf(
  schema: Readonly<Record<string, unknown>>,
  plugins: Readonly<Record<string, unknown>>,
  query: Readonly<Record<string, unknown>>,
): Program {
  const { setup } = schema;
  if (typeof setup !== "function") {
    throw new TypeError(
      "schema.ts must export a function `setup(db)` that creates the tables",
    );
  }
  if (!Array.isArray(plugins["plugins"])) {
    throw new TypeError("plugins.ts must export a list `plugins`");
  }
  const principals = plugins["principals"] ?? { [NOBODY]: undefined };
  if (typeof principals !== "object" || principals === null) {
    throw new TypeError(
      "plugins.ts must export `principals` as an object of contexts by name",
    );
  }
  const run = query["default"];
  if (typeof run !== "function") {
    throw new TypeError(
      "query.ts must export a function by default: `export default (db) => ..`",
    );
  }
  return {
    // What is called is checked above; what it is given is what its author expects.
    setup: setup as Program["setup"],
    plugins: plugins["plugins"] as readonly Plugin[],
    principals: principals as Program["principals"],
    query: run as Program["query"],
  };
}
