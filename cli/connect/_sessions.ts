import { detectDialect, type Dialect } from "@kysera/core";
import { getRawDb } from "@kysera/executor";
import { type Kysely, type RawBuilder, sql } from "kysely";
import { failure, refusal } from "../contract/_cli_error.ts";

/** How long the database is given to end a query itself, in milliseconds. */
const GRACE = 1000;

type Work<T> = (db: Kysely<any>) => Promise<T>;
type Session = <T>(db: Kysely<any>, timeout: number, work: Work<T>) => Promise<T>;

interface Sessions {
  /** Runs work in which the database refuses to write. */
  readonly reading: Session;
  /** Runs work in a transaction. */
  readonly writing: Session;
}

const SESSIONS: Readonly<Partial<Record<Dialect, Sessions>>> = {
  postgres: {
    reading: (db, timeout, work) =>
      db.transaction().setAccessMode("read only").execute(async (trx) => {
        await limitPostgres(trx, timeout);
        return await work(trx);
      }),
    writing: (db, timeout, work) =>
      db.transaction().execute(async (trx) => {
        await limitPostgres(trx, timeout);
        return await work(trx);
      }),
  },
  mysql: {
    reading: (db, timeout, work) =>
      db.connection().execute(async (connection) => {
        const raw = getRawDb(connection);
        await limitMysql(raw, timeout);
        // A transaction that is read only would be ended by a statement that creates a table.
        await sql`set session transaction read only`.execute(raw);
        return await work(connection);
      }),
    writing: (db, timeout, work) =>
      db.connection().execute(async (connection) => {
        const raw = getRawDb(connection);
        await limitMysql(raw, timeout);
        await sql`set session transaction read write`.execute(raw);
        return await connection.transaction().execute(work);
      }),
  },
  sqlite: {
    reading: (db, _, work) =>
      db.connection().execute(async (connection) => {
        await sql`pragma query_only = on`.execute(getRawDb(connection));
        return await work(connection);
      }),
    writing: (db, _, work) =>
      db.connection().execute(async (connection) => {
        const raw = getRawDb(connection);
        await sql`pragma query_only = off`.execute(raw);
        try {
          return await connection.transaction().execute(work);
        } finally {
          await sql`pragma query_only = on`.execute(raw);
        }
      }),
  },
};

/**
 * Runs work on a connection on which the database refuses to write, and ends it when its time is over.
 * SQLite, which runs in this process, is not interrupted.
 *
 * @param timeout in milliseconds
 */
export async function reading<T>(db: Kysely<any>, timeout: number, work: Work<T>): Promise<T> {
  return await within(timeout, sessionsOf(db).reading(db, timeout, work));
}

/** Runs work in a transaction, and ends it when its time is over. */
export async function writing<T>(db: Kysely<any>, timeout: number, work: Work<T>): Promise<T> {
  return await within(timeout, sessionsOf(db).writing(db, timeout, work));
}

function sessionsOf(db: Kysely<any>): Sessions {
  const dialect = detectDialect(db);
  const sessions = SESSIONS[dialect];
  if (sessions !== undefined) return sessions;
  throw refusal(
    `Databases of "${dialect}" cannot be served: there is no way to make them read only`,
  );
}

async function limitPostgres(trx: Kysely<any>, timeout: number): Promise<void> {
  await sql`select set_config('statement_timeout', ${String(timeout)}, true)`.execute(
    getRawDb(trx),
  );
}

/** MariaDB counts in seconds, and MySQL in milliseconds. */
async function limitMysql(db: Kysely<any>, timeout: number): Promise<void> {
  const { rows } = await sql<{ version: string }>`select version() as version`.execute(db);
  const limit: RawBuilder<unknown> = /mariadb/i.test(rows[0]!.version)
    ? sql`set session max_statement_time = ${timeout / 1000}`
    : sql`set session max_execution_time = ${timeout}`;
  await limit.execute(db);
}

/** A server that is gone ends nothing: the assistant is answered all the same. */
async function within<T>(timeout: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(failure(`The database did not answer within ${timeout} ms`)),
      timeout + GRACE,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => {});
  }
}
