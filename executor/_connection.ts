import type { CompiledQuery, DatabaseConnection, QueryResult } from "kysely";

/** Whether a transaction is open, per connection, as far as it was seen to begin and end. */
const transactions: WeakMap<DatabaseConnection, boolean> = new WeakMap();
const WATCHED: WeakMap<DatabaseConnection, DatabaseConnection> = new WeakMap();
/** A watched connection, to the one it watches. */
const UNDER: WeakMap<DatabaseConnection, DatabaseConnection> = new WeakMap();

const BEGIN = /^\s*(?:begin|start\s+transaction)\b/i;
const END = /^\s*(?:commit|end|rollback|abort)\b(?!\s+(?:work\s+|transaction\s+)?to\b)/i;

/**
 * A connection that remembers whether a transaction is open on it.
 *
 * It is a Proxy because drivers give their connections methods and private state of their own, and
 * are handed back what we pass on.
 */
export function watch(connection: DatabaseConnection): DatabaseConnection {
  if (UNDER.has(connection)) return connection;
  const known = WATCHED.get(connection);
  if (known !== undefined) return known;
  const watched = new Proxy(connection, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      if (key === "executeQuery") {
        return async (query: CompiledQuery, ...rest: []): Promise<QueryResult<unknown>> => {
          const result = await target.executeQuery(query, ...rest);
          notice(target, query);
          return result;
        };
      }
      if (
        key === "beginTransaction" || key === "commitTransaction" || key === "rollbackTransaction"
      ) {
        return async (...args: unknown[]): Promise<unknown> => {
          const savepoint = key === "rollbackTransaction" && args.length > 0;
          const result: unknown = await value.apply(target, args);
          if (!savepoint) transactions.set(target, key === "beginTransaction");
          return result;
        };
      }
      return value.bind(target);
    },
  });
  WATCHED.set(connection, watched);
  UNDER.set(watched, connection);
  return watched;
}

/** Whether a transaction is open on a connection that {@linkcode watch} gave. */
export function isInTransaction(connection: DatabaseConnection): boolean {
  return transactions.get(UNDER.get(connection) ?? connection) === true;
}

function notice(connection: DatabaseConnection, query: CompiledQuery): void {
  if (query.query.kind !== "RawNode") return;
  if (BEGIN.test(query.sql)) transactions.set(connection, true);
  else if (END.test(query.sql)) transactions.set(connection, false);
}
