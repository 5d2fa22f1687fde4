/**
 * The types that all packages share.
 *
 * @module
 */
import type { Generated, Kysely, Transaction } from "kysely";

export type { Insertable, Selectable, Updateable } from "kysely";

/** What can run queries: a database, an executor, or a transaction of either. */
export type Executor<DB> = Kysely<DB> | Transaction<DB>;

/** An executor of any database. */
// Kysely is invariant in its tables, so nothing but `any` takes all of them
export type AnyExecutor = Executor<any>;

/** What is measured of one query. */
export interface QueryMetrics {
  /** The SQL that ran. */
  readonly sql: string;
  /** The values that were bound, where they are kept. */
  readonly params?: readonly unknown[];
  /** How long it took, in milliseconds. */
  readonly duration: number;
  /** When it began, in milliseconds since 1970. */
  readonly timestamp: number;
}

/** The columns that the timestamps plugin fills, for a table's interface to extend. */
export interface Timestamps<T = Date> {
  /** When the row was made. */
  created_at: Generated<T>;
  /** When it was last changed. */
  updated_at: Generated<T | null>;
}

/** The column that the soft delete plugin fills, for a table's interface to extend. */
export interface SoftDelete<T = Date> {
  /** When the row was deleted, or null. */
  deleted_at: Generated<T | null>;
}

/** The columns that tell who made and changed a row, for a table's interface to extend. */
export interface AuditFields<Id = string> {
  /** Who made the row. */
  created_by: Generated<Id | null>;
  /** Who changed it last. */
  updated_by: Generated<Id | null>;
}
