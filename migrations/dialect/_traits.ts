import type { AliasableExpression, Expression, Kysely, RawBuilder, SqlBool } from "kysely";
import type { Lexis } from "../sql/_lexis.ts";
import type { TableNames } from "./_table_names.ts";

/** A column of a table that the catalog knows. */
export interface CatalogColumn {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
}

/** Who holds a lock of the server. */
export interface ServerHolder {
  /** Where the session comes from: its address, the name of its program, its number. */
  readonly from: string;
  /** Since when, where the server tells. */
  readonly since?: Date | undefined;
}

/** The types of the columns of the runner's own tables. */
export interface ColumnTypes {
  /** For names, which are told apart by upper and lower case. */
  readonly name: RawBuilder<unknown>;
  readonly text: RawBuilder<unknown>;
  readonly bigint: "bigint" | "integer";
}

/** What the runner has to know of a dialect. */
export interface MigrationTraits {
  readonly lexis: Lexis;
  readonly columns: ColumnTypes;
  /** Whether a transaction can hold changes of the schema. */
  readonly transactionalDdl: boolean;
  /** Whether each connection sees one session of a server that many share. */
  readonly isServer: boolean;
  /** Whether one connection reaches several schemas of one database. */
  readonly hasSchemas: boolean;
  /** The isolation level of a transaction that has to see what others committed before it. */
  readonly isolationLevel: "read committed" | undefined;
  /** The time of the database in milliseconds since 1970. */
  readonly clock: RawBuilder<number | string>;
  /** Returns the columns of tables by their names. */
  readColumns(
    db: Kysely<any>,
    names: readonly string[],
    schema: string | undefined,
  ): Promise<CatalogColumn[]>;
  /**
   * Returns an expression that reads a time that another tool has stored, so that it does not depend
   * on the time zones of driver and session.
   *
   * @param column the column
   * @param kind `utc`: the tool writes UTC into columns without a zone; `session`: the time of the
   * session, in a column that knows its zone if the dialect has one
   */
  readTime(column: string, kind: "utc" | "session"): AliasableExpression<unknown>;
  /**
   * Takes the lock of the dialect for the transaction that is open, without waiting for it; always
   * `true` where the first write of a transaction is the lock.
   */
  tryTransactionLock(trx: Kysely<any>, names: TableNames): Promise<boolean>;
  /** An expression that takes the same lock in the condition of another statement. */
  transactionLock(names: TableNames): Expression<SqlBool>;
  /**
   * An expression that limits for how long each statement waits for a lock, from then on until the
   * transaction ends, unless the session has a limit of its own.
   */
  lockLimit?(ms: number): AliasableExpression<unknown>;
  /** Limits for how long each statement of the session waits for a table, if it would for longer. */
  limitSession?(db: Kysely<any>, ms: number): Promise<void>;
  /**
   * Notes how the session is set: it goes back to a pool, and not with what a migration has set.
   *
   * @returns what sets it as it was
   */
  keepSession?(db: Kysely<any>): Promise<() => Promise<void>>;
  /** Takes a lock of the session, without waiting for it. */
  trySessionLock(db: Kysely<any>, names: TableNames): Promise<boolean>;
  /** Gives the lock of the session back. */
  releaseSessionLock(db: Kysely<any>, names: TableNames): Promise<void>;
  /** Returns who holds the lock of the server, where it tells. */
  serverHolder(db: Kysely<any>, names: TableNames): Promise<ServerHolder | undefined>;
  /** Calls a function with the same connection, on which nothing can be written meanwhile. */
  readOnly<T>(own: Kysely<any>, body: (own: Kysely<any>) => Promise<T>): Promise<T>;
  /** Whether an error says that somebody else writes, and the same may work a little later. */
  isBusy(error: unknown): boolean;
  /** Whether an error says that a statement cannot run inside a transaction. */
  isRefusedInTransaction(error: unknown): boolean;
  /** Whether an error says that a table, or a column, does not exist. */
  isMissingRelation(error: unknown): boolean;
  /** Whether one statement of a kind can share a transaction with the record of it. */
  canRecordWith(kind: "write" | "schema"): boolean;
  /**
   * Returns a text that changes with the objects that a statement may create, change or drop; the
   * same before and after it says that it was not applied.
   */
  fingerprint(db: Kysely<any>, names: ReadonlySet<string>): Promise<string>;
  /**
   * Returns a condition that holds where the fingerprint is empty, so that a statement can be
   * recorded without reading it first.
   *
   * @returns `undefined` where no condition tells
   */
  isNew?(names: ReadonlySet<string>): Expression<SqlBool> | undefined;
  /**
   * Drops what a statement that did not get to its end has left of objects, such as an index that is
   * not valid.
   *
   * @param before the fingerprint from before the statement
   * @returns whether the server still runs the statement
   */
  clearUnfinished(
    db: Kysely<any>,
    names: ReadonlySet<string>,
    before: string,
  ): Promise<"running" | "cleared">;
}
