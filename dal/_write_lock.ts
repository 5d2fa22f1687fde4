import { findDatabaseErrorAsync, LockTimeoutError, withQueryExecutor } from "@kysera/core";
import {
  CompiledQuery,
  type ConnectionProvider,
  type DatabaseConnection,
  type Kysely,
  type QueryExecutor,
} from "kysely";

/** How a transaction of SQLite begins: `deferred` takes no lock before its first statement does. */
export type TransactionMode = "deferred" | "immediate" | "exclusive";

/** What a driver sends to begin a transaction of the default mode. */
const BEGIN = /^\s{0,9}begin(?:\s{1,9}deferred)?(?:\s{1,9}transaction)?\s{0,9};?\s{0,9}$/i;
const COMMIT = /^\s{0,9}(?:commit|end)(?:\s{1,9}transaction)?\s{0,9};?\s{0,9}$/i;
const BUSY_TIMEOUT = CompiledQuery.raw("select timeout from pragma_busy_timeout");

/** Waits for a while; throws once the wait has taken too long, or is aborted. */
export type Wait = (error: unknown) => Promise<void>;

/**
 * A Kysely instance that is bound to a connection of SQLite, whose next transaction begins in a mode
 * of its own. Kysely has no setting for it, so the driver, which sends BEGIN, is handed a stand-in
 * for the connection that sends what was asked for. The transaction itself uses the connection.
 *
 * A transaction that reads and then writes cannot wait for another writer: SQLite refuses it at once,
 * because what it read may be old. One that begins as a writer waits before it reads.
 *
 * @param connection the instance, of `db.connection()`
 * @param mode the mode
 * @param waitForReaders makes what waits for those who read what a COMMIT overwrites
 */
export function beginningAs<DB>(
  connection: Kysely<DB>,
  mode: TransactionMode,
  waitForReaders: () => Wait,
): Kysely<DB> {
  const begin = CompiledQuery.raw(`begin ${mode}`);
  const real = new WeakMap<DatabaseConnection, DatabaseConnection>();
  const standIn = (target: DatabaseConnection): DatabaseConnection => {
    const execute = async (query: CompiledQuery, ...rest: []): Promise<unknown> => {
      if (BEGIN.test(query.sql)) {
        return await (mode === "deferred"
          ? target.executeQuery(begin)
          : withoutBusyWait(target, begin));
      }
      if (!COMMIT.test(query.sql)) return await target.executeQuery(query, ...rest);
      const wait = waitForReaders();
      for (;;) {
        try {
          return await target.executeQuery(query, ...rest);
        } catch (error) {
          // The transaction is open still.
          if (!await isLocked(error)) throw error;
          await wait(error);
        }
      }
    };
    const other = forwarding(target, { executeQuery: execute });
    real.set(other, target);
    return other;
  };
  const executor = connection.getExecutor();
  const beginning: QueryExecutor = forwarding(executor, {
    provideConnection: (consumer: (connection: DatabaseConnection) => Promise<unknown>) =>
      executor.provideConnection((target) => consumer(standIn(target))),
    withConnectionProvider: (provider: ConnectionProvider) =>
      executor.withConnectionProvider({
        provideConnection: (consumer) =>
          provider.provideConnection((target) => consumer(real.get(target) ?? target)),
      }),
  });
  return withQueryExecutor(connection, beginning);
}

/** Whether SQLite says that another connection holds the lock that is needed. */
export async function isLocked(error: unknown): Promise<boolean> {
  return await findDatabaseErrorAsync(error, "sqlite") instanceof LockTimeoutError;
}

/**
 * Begins a transaction, or fails at once where another connection writes. SQLite itself waits in the
 * call, up to its busy timeout: the whole program stands still meanwhile, and another connection of
 * the same program cannot end its transaction.
 */
async function withoutBusyWait(target: DatabaseConnection, begin: CompiledQuery): Promise<unknown> {
  const timeout = await busyTimeout(target);
  if (timeout === 0) return await beginAs(target, begin);
  await target.executeQuery(CompiledQuery.raw("pragma busy_timeout = 0"));
  try {
    return await beginAs(target, begin);
  } finally {
    await target.executeQuery(CompiledQuery.raw(`pragma busy_timeout = ${timeout}`));
  }
}

async function busyTimeout(target: DatabaseConnection): Promise<number> {
  try {
    const { rows } = await target.executeQuery<{ timeout: unknown }>(BUSY_TIMEOUT);
    const timeout = Number(rows[0]?.timeout);
    return Number.isSafeInteger(timeout) && timeout > 0 ? timeout : 0;
  } catch {
    // A service that does not let it be read
    return 0;
  }
}

async function beginAs(target: DatabaseConnection, begin: CompiledQuery): Promise<unknown> {
  try {
    return await target.executeQuery(begin);
  } catch (error) {
    // Nobody writes to a database that is read only, or that is to be queried only.
    if (!isReadOnly(error)) throw error;
    return await target.executeQuery(CompiledQuery.raw("begin"));
  }
}

/** SQLITE_READONLY, as drivers tell it. */
function isReadOnly(error: unknown): boolean {
  const { errcode, rawCode, code } = (error ?? {}) as Record<string, unknown>;
  const number = [errcode, rawCode, code].find((value) => typeof value === "number");
  return typeof number === "number"
    ? (number & 0xff) === 8
    : typeof code === "string" && code.startsWith("SQLITE_READONLY");
}

/** An object that does what another one does, except for some methods. */
function forwarding<T extends object>(target: T, methods: object): T {
  return new Proxy(target, {
    get(target, key) {
      const own: unknown = Object.hasOwn(methods, key) ? Reflect.get(methods, key) : undefined;
      if (own !== undefined) return own;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
