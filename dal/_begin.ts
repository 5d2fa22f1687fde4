import { BadRequestError, detectDialect } from "@kysera/core";
import { getRawDb, isKyseraExecutor } from "@kysera/executor";
import { beginningAs, type TransactionMode, type Wait } from "./_write_lock.ts";
import {
  type AccessMode,
  type ControlledTransaction,
  type IsolationLevel,
  type Kysely,
  sql,
  type Transaction,
} from "kysely";

/** How a transaction is begun. */
export interface Settings {
  readonly isolationLevel?: IsolationLevel | undefined;
  readonly accessMode?: AccessMode | undefined;
  /** Only SQLite has modes. */
  readonly mode?: TransactionMode | undefined;
}

/** Outcome of a transaction. */
export type Outcome<T> =
  | { readonly kind: "committed"; readonly value: T }
  /** `while` says what failed; a transaction of which COMMIT failed may be committed all the same. */
  | {
    readonly kind: "failed";
    readonly while: "begin" | "work" | "commit";
    readonly error: unknown;
  };

/**
 * Runs work in a transaction.
 *
 * It is Kysely's controlled transaction and not `transaction().execute()`, which rolls back after a
 * COMMIT that failed, and then shows the error of the rollback in place of the first one. The
 * connection is held from outside, so that it is released whatever fails.
 */
export function inTransaction<DB, T>(
  db: Kysely<DB>,
  settings: Settings,
  work: (transaction: Transaction<DB>) => Promise<T>,
  startWait: () => Wait,
): Promise<Outcome<T>> {
  const dialect = detectDialect(db);
  const readOnly = settings.accessMode === "read only" ? dialect : undefined;
  // Whoever may write begins as a writer: see beginningAs().
  const mode = settings.mode ?? (readOnly === undefined ? "immediate" : "deferred");
  if (readOnly === "mssql") {
    throw new BadRequestError(
      `Cannot begin a transaction with accessMode "read only": SQL Server has no such transactions`,
    );
  }
  return db.connection().execute(async (connection) => {
    // An executor may have its transactions begin as writers: what is asked for goes before that.
    const isTold = dialect === "sqlite" && (mode !== "deferred" || isKyseraExecutor(db));
    let builder = (isTold ? beginningAs(connection, mode, startWait) : connection)
      .startTransaction();
    if (settings.isolationLevel !== undefined) {
      builder = builder.setIsolationLevel(settings.isolationLevel);
    }
    if (settings.accessMode !== undefined) builder = builder.setAccessMode(settings.accessMode);
    let transaction: ControlledTransaction<DB>;
    try {
      transaction = await builder.execute();
    } catch (error) {
      return { kind: "failed", while: "begin", error };
    }
    let value: T;
    try {
      value = readOnly === "sqlite"
        ? await queryOnly(transaction, () => work(transaction))
        : await work(transaction);
      await refuseAborted(transaction);
    } catch (error) {
      await rollBack(transaction);
      return { kind: "failed", while: "work", error };
    }
    try {
      await transaction.commit().execute();
    } catch (error) {
      // PostgreSQL answers COMMIT with ROLLBACK where an error was swallowed: that is certain.
      const certain = transaction.isRolledBack;
      await rollBack(transaction);
      return { kind: "failed", while: certain ? "work" : "commit", error };
    }
    return { kind: "committed", value };
  });
}

/**
 * PostgreSQL answers COMMIT with ROLLBACK where the error of a query was swallowed. Before 0.29 Kysely
 * drops that answer; a query of our own is refused there, at the price of a round trip.
 */
async function refuseAborted(transaction: ControlledTransaction<any>): Promise<void> {
  if ("$extendTables" in transaction || detectDialect(transaction) !== "postgres") return;
  await sql`select 1`.execute(getRawDb<any>(transaction).withoutPlugins());
}

/** What fails here fails because the connection is gone, and the transaction with it. */
async function rollBack(transaction: ControlledTransaction<any>): Promise<void> {
  try {
    await transaction.rollback().execute();
  } catch {
    // The error that made it necessary is the one to show.
  }
}

/** SQLite has no read-only transactions, and Kysely's own dialect drops the setting in silence. */
async function queryOnly<T>(transaction: Transaction<any>, work: () => Promise<T>): Promise<T> {
  const raw = getRawDb(transaction).withoutPlugins();
  const { rows } = await sql<{ query_only: unknown }>`select query_only from pragma_query_only`
    .execute(raw);
  if (Number(rows[0]?.query_only) === 1) return await work();
  await sql`pragma query_only = on`.execute(raw);
  try {
    return await work();
  } finally {
    await sql`pragma query_only = off`.execute(raw);
  }
}
