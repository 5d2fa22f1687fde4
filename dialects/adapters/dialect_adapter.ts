import type { Kysely } from "kysely";
import type { DatabaseDialect } from "../database_dialect.ts";

/** Where to look for tables. */
export interface SchemaOptions {
  /**
   * The schema; for MySQL the database, for SQLite the name of an attached database. If not given,
   * the adapter's `defaultSchema`, and without one what a table name alone would mean.
   */
  readonly schema?: string;
}

/** How a table is emptied. */
export interface TruncateOptions extends SchemaOptions {
  /** Whether rows of other tables that refer to the table go too; PostgreSQL only. */
  readonly cascade?: boolean;
}

/** Options of an adapter. */
export interface DialectAdapterOptions {
  /** The schema that is meant when none is given. */
  readonly defaultSchema?: string;
}

/** The parts of an error of a driver that tell what went wrong. */
export interface DatabaseErrorLike {
  /** What happened, in words. */
  readonly message?: string;
  /** SQLSTATE, or the code of the driver. */
  readonly code?: string;
  /** The number of SQL Server. */
  readonly number?: number;
}

/**
 * What differs between databases outside of queries: their catalogs, their literals, their errors.
 *
 * A table name may have a schema before a dot. Names are bound as values or quoted, never written
 * into SQL as they are.
 */
export interface DialectAdapter {
  /** The family of SQL. */
  readonly dialect: DatabaseDialect;
  /** The schema that is meant when none is given. */
  readonly defaultSchema: string | undefined;
  /** The port the database listens on, or null if it has none. */
  getDefaultPort(): number | null;
  /** The SQL expression for now. */
  getCurrentTimestamp(): string;
  /** A name in quotes, fit to be written into SQL. Dots are part of the name. */
  escapeIdentifier(identifier: string): string;
  /** A date as the text of the database, in UTC. */
  formatDate(date: Date): string;
  /** Whether an error says that a value must be unique. */
  isUniqueConstraintError(error: unknown): boolean;
  /** Whether an error says that a foreign key would be broken. */
  isForeignKeyError(error: unknown): boolean;
  /** Whether an error says that a column must have a value. */
  isNotNullError(error: unknown): boolean;
  /** Whether there is a table (not a view) of that name. */
  tableExists(db: Kysely<any>, table: string, options?: SchemaOptions): Promise<boolean>;
  /** The columns of a table or view in their order; none if there is no such table. */
  getTableColumns(db: Kysely<any>, table: string, options?: SchemaOptions): Promise<string[]>;
  /** The tables (not views), by name. */
  getTables(db: Kysely<any>, options?: SchemaOptions): Promise<string[]>;
  /** The size of a database in bytes; of the current one if no name is given. */
  getDatabaseSize(db: Kysely<any>, database?: string): Promise<number>;
  /** Deletes all rows of a table and begins its generated ids anew; false if there is none. */
  truncateTable(db: Kysely<any>, table: string, options?: TruncateOptions): Promise<boolean>;
  /** Empties every table, except some. */
  truncateAllTables(
    db: Kysely<any>,
    exclude?: readonly string[],
    options?: SchemaOptions,
  ): Promise<void>;
}

/** A class of adapters. */
export interface DialectAdapterClass {
  /** Makes an adapter. */
  new (options?: DialectAdapterOptions): DialectAdapter;
}
