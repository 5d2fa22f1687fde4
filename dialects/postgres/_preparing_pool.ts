import type { PostgresCursor, PostgresPool, PostgresPoolClient, PostgresQueryResult } from "kysely";
import { RecurringStatements } from "./_recurring_statements.ts";

/** How a client of `pg` is asked for a prepared statement; Kysely does not declare this form. */
interface NamedQueries {
  query<R>(
    query: { name: string; text: string; values: readonly unknown[] },
  ): Promise<PostgresQueryResult<R>>;
}

/** A pool whose clients prepare the statements that recur. */
export function preparingPool(pool: PostgresPool, capacity: number): PostgresPool {
  const clients = new WeakMap<PostgresPoolClient, PostgresPoolClient>();
  // Kysely reads what it needs of the pool by name, and more in newer versions.
  return Object.create(pool, {
    connect: {
      value: async (): Promise<PostgresPoolClient> => {
        const client = await pool.connect();
        let preparing = clients.get(client);
        if (preparing === undefined) {
          clients.set(client, preparing = preparingClient(client, capacity));
        }
        return preparing;
      },
    },
    end: { value: () => pool.end() },
  });
}

function preparingClient(client: PostgresPoolClient, capacity: number): PostgresPoolClient {
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

  return Object.create(client, {
    query: {
      value: <R>(query: string | PostgresCursor<R>, parameters: readonly unknown[]) =>
        typeof query === "string" ? run<R>(query, parameters) : client.query(query),
    },
    release: { value: (destroy?: boolean) => client.release(destroy) },
  });
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
