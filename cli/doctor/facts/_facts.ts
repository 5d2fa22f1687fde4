import type { PoolConfig } from "../../config/config.ts";

/** What is known of the server, the session and the program beside the schema. */
export interface Facts extends ServerFacts, ProgramFacts {}

/** What the server says. */
export interface ServerFacts {
  /** On PostgreSQL, whether policies do not hold for the user: it is a superuser, or is exempt. */
  readonly bypassesPolicies: boolean;
  /** On MySQL and MariaDB, whether the user may do everything to every database. */
  readonly ownsServer: boolean;
  /** On SQLite, how changes are written: `wal`, `delete`. */
  readonly journalMode: string | undefined;
  /** How many connections the server takes. */
  readonly maxConnections: number | undefined;
  /** After how long the server closes a connection that nothing uses, in ms; 0 for never. */
  readonly idleTimeout: number | undefined;
  /** After how long it ends a transaction that nothing is sent in, in ms; 0 for never. */
  readonly idleTransactionTimeout: number | undefined;
  /** Whether one connection of ours is answered by several sessions: a pooler shares them. */
  readonly hasSharedSessions: boolean;
  /** On PostgreSQL, the tables and views that each view reads. */
  readonly viewSources: readonly ViewSource[];
  /** Who else than its owner may empty a table. */
  readonly truncaters: readonly Truncater[];
  /** Whether every role of PostgreSQL may create tables in the default schema. */
  readonly isSchemaOpen: boolean;
}

/** A table that a view reads. */
export interface ViewSource {
  readonly view: string;
  readonly table: string;
}

/** A role that may empty a table. */
export interface Truncater {
  readonly table: string;
  readonly role: string;
}

/** What the program that uses the database says of itself. */
export interface ProgramFacts {
  /** The version of Kysely that the project has; `undefined` where it cannot be told. */
  readonly kysely: string | undefined;
  /** Whether the configuration creates an executor. */
  readonly hasExecutor: boolean;
  /** The tables that policies of the executor apply to, or that it leaves out on purpose. */
  readonly policed: ReadonlySet<string>;
  /** Views that the executor lets every caller read. */
  readonly openViews: ReadonlySet<string>;
  /** The indexes that the policies of the executor ask for. */
  readonly wantedIndexes: readonly WantedIndex[];
  /** The tables that the executor audits. */
  readonly audited: ReadonlySet<string>;
  /** The pool of connections; `undefined` where the configuration does not say. */
  readonly pool: PoolConfig | undefined;
  /** Whether the connection URL names a pooler. */
  readonly namesPooler: boolean;
  /** The column that marks rows as deleted. */
  readonly deletedAt: string;
  /** The columns that say which tenant a row belongs to. */
  readonly tenantColumns: readonly string[];
  /** By table, the columns that pages are sorted by; a minus stands before those that fall. */
  readonly keysets: Readonly<Record<string, readonly string[]>>;
  /** By table, the columns that the program takes for its key. */
  readonly keys: Readonly<Record<string, readonly string[]>>;
}

/** Columns that policies compare. */
export interface WantedIndex {
  readonly table: string;
  readonly columns: readonly string[];
}

/** What is known of a server before it is asked. */
export const NO_SERVER_FACTS: ServerFacts = {
  bypassesPolicies: false,
  ownsServer: false,
  journalMode: undefined,
  maxConnections: undefined,
  idleTimeout: undefined,
  idleTransactionTimeout: undefined,
  hasSharedSessions: false,
  viewSources: [],
  truncaters: [],
  isSchemaOpen: false,
};
