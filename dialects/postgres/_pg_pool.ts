import type { PostgresCursor, PostgresPool, PostgresPoolClient, PostgresQueryResult } from "kysely";
import { abortedTransactionError } from "../_aborted_transaction.ts";
import { RecurringStatements } from "./_recurring_statements.ts";

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
        }
        return wrapped;
      },
    },
    end: { value: () => pool.end() },
  });
}

function wrapClient(client: PostgresPoolClient, capacity: number): PostgresPoolClient {
  const statements = new RecurringStatements(capacity);
  const names = new Map<string, string>();
  let count = 0;

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
      if (!isStale(error)) throw error;
      // The table has other columns than when the statement was prepared. A name is never used
      // for two statements, so the next one gets another.
      statements.drop(sql);
      names.delete(sql);
      try {
        return await client.query<R>(sql, parameters);
      } catch (second) {
        // Inside a transaction nothing runs any more; what broke it says why.
        throw isInFailedTransaction(second) ? error : second;
      }
    }
  }

  async function commit<R>(parameters: readonly unknown[]): Promise<PostgresQueryResult<R>> {
    const result = await client.query<R>("commit", parameters);
    // Kysely 0.28 takes this for a commit.
    const command: string = result.command;
    if (command === "ROLLBACK") throw abortedTransactionError();
    return result;
  }

  return Object.create(client, {
    query: {
      value: <R>(query: string | PostgresCursor<R>, parameters: readonly unknown[]) => {
        if (typeof query !== "string") return wrapCursor(client.query(query));
        return query === "commit" ? commit<R>(parameters) : run<R>(query, parameters);
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

/** "cached plan must not change result type", and nothing has been run. */
function isStale(error: unknown): boolean {
  return hasField(error, "code", "0A000") && hasField(error, "routine", "RevalidateCachedQuery");
}

function isInFailedTransaction(error: unknown): boolean {
  return hasField(error, "code", "25P02");
}

function hasField(error: unknown, field: string, value: string): boolean {
  return typeof error === "object" && error !== null &&
    (error as Record<string, unknown>)[field] === value;
}
