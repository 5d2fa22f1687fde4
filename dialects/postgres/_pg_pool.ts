import type { PostgresCursor, PostgresPool, PostgresPoolClient, PostgresQueryResult } from "kysely";
import { abortedTransactionError } from "../_aborted_transaction.ts";
import { RecurringStatements } from "./_recurring_statements.ts";
import { isInFailedTransaction, isStale, mayBeStale } from "./_stale_statement.ts";

/** How a client of `pg` is asked for a prepared statement; Kysely does not declare this form. */
interface NamedQueries {
  query<R>(
    query: { name: string; text: string; values: readonly unknown[] },
  ): Promise<PostgresQueryResult<R>>;
}

/** A pool whose clients prepare the statements that recur, and say when a commit was none. */
export function wrapPool(pool: PostgresPool, capacity: number): PostgresPool {
  const clients = new WeakMap<PostgresPoolClient, PostgresPoolClient>();
  // Kysely reads what it needs of the pool by name, and more in newer versions.
  return Object.create(pool, {
    connect: {
      value: async (): Promise<PostgresPoolClient> => {
        const client = await pool.connect();
        let wrapped = clients.get(client);
        if (wrapped === undefined) {
          clients.set(client, wrapped = wrapClient(client, capacity));
          outlive(client);
        }
        return wrapped;
      },
    },
    end: { value: () => pool.end() },
  });
}

/**
 * The end of a session fails the next query of a client in use, and is an event beside, which would
 * end the program where nobody listens. The pool listens to idle clients only.
 */
function outlive(client: PostgresPoolClient): void {
  // Kysely declares what it needs of a client, and pg's have more.
  const { on }: { on?(event: "error", listener: () => void): unknown } = client as object;
  on?.call(client, "error", () => {});
}

function wrapClient(client: PostgresPoolClient, capacity: number): PostgresPoolClient {
  const statements = new RecurringStatements(capacity);
  const names = new Map<string, string>();
  /** Statements that nobody uses any more, and that the server keeps still. */
  let abandoned: string[] = [];
  let count = 0;

  /** Outside of a transaction, where an error breaks nothing. */
  async function closeAbandoned(): Promise<void> {
    const closing = abandoned;
    abandoned = [];
    for (const name of closing) {
      try {
        await client.query(`deallocate ${name}`, []);
      } catch {
        // The session has forgotten it already.
      }
    }
  }

  async function run<R>(
    sql: string,
    parameters: readonly unknown[],
  ): Promise<PostgresQueryResult<R>> {
    if (!statements.use(sql)) return await client.query<R>(sql, parameters);
    let name = names.get(sql);
    if (name === undefined) names.set(sql, name = `kysera_${++count}`);
    // Every client of `pg` takes this form too.
    const named = client as unknown as NamedQueries;
    try {
      return await named.query<R>({ name, text: sql, values: parameters });
    } catch (error) {
      if (!mayBeStale(error)) throw error;
      let result: PostgresQueryResult<R>;
      try {
        // Nothing has been run. Without a preparation the types are those of today.
        result = await client.query<R>(sql, parameters);
      } catch (second) {
        if (isInFailedTransaction(second)) {
          // Whether it was stale is not known; what broke the transaction is told.
          abandon(sql, name);
          throw error;
        }
        // The statement is wrong in itself, or its values are.
        if (isStale(error)) abandon(sql, name);
        throw second;
      }
      abandon(sql, name);
      await closeAbandoned();
      return result;
    }
  }

  /** A name is never used for two preparations, so the next one gets another. */
  function abandon(sql: string, name: string): void {
    statements.drop(sql);
    names.delete(sql);
    abandoned.push(name);
  }

  async function end<R>(
    command: "commit" | "rollback",
    parameters: readonly unknown[],
  ): Promise<PostgresQueryResult<R>> {
    const result = await client.query<R>(command, parameters);
    if (abandoned.length > 0) await closeAbandoned();
    // Kysely 0.28 takes this for a commit.
    const done: string = result.command;
    if (command === "commit" && done === "ROLLBACK") throw abortedTransactionError();
    return result;
  }

  return Object.create(client, {
    query: {
      value: <R>(query: string | PostgresCursor<R>, parameters: readonly unknown[]) => {
        if (typeof query !== "string") return wrapCursor(client.query(query));
        return query === "commit" || query === "rollback"
          ? end<R>(query, parameters)
          : run<R>(query, parameters);
      },
    },
    release: {
      value: (...parameters: Parameters<PostgresPoolClient["release"]>) =>
        client.release(...parameters),
    },
  });
}

/**
 * A cursor that can be closed after it has failed: that of `pg-cursor` may then wait for ever for an
 * answer of the server that has come already. A failed query leaves nothing to close.
 */
function wrapCursor<R>(cursor: PostgresCursor<R>): PostgresCursor<R> {
  let failed = false;
  return {
    read: async (count) => {
      try {
        return await cursor.read(count);
      } catch (error) {
        failed = true;
        throw error;
      }
    },
    close: async () => {
      if (!failed) await cursor.close();
    },
  };
}
