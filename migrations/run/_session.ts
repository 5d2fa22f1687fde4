import { withQueryExecutor } from "@kysera/core";
import { getRawDb } from "@kysera/executor";
import type {
  CompiledQuery,
  ConnectionProvider,
  DatabaseConnection,
  Kysely,
  QueryResult,
} from "kysely";

import type { MigrationTraits } from "../dialect/_traits.ts";
import { retrying } from "./_retrying.ts";

/** Sends a statement; called at most once. */
export type Send = () => Promise<QueryResult<unknown>>;

/** What is told of the statements of a migration. */
export interface StatementHooks {
  /** Called in place of sending a statement. */
  run(query: CompiledQuery, send: Send): Promise<QueryResult<unknown>>;
  /** Whether a statement may be streamed past the hooks. */
  streams(query: CompiledQuery): boolean;
  /**
   * A driver is about to begin or end a transaction in a way of its own.
   *
   * @returns whether it may
   */
  driverCall?(): boolean;
}

/** One connection, and the Kysely instances that are bound to it. */
export interface Session {
  /** For what the runner itself reads and writes: no plugin sees it. */
  readonly own: Kysely<any>;
  /** Returns the user's Kysely, plugins included, with hooks round each statement. */
  bind(hooks: StatementHooks): Kysely<any>;
}

/**
 * Calls a function with a connection that nobody else uses.
 *
 * @param db the user's Kysely
 * @param traits its dialect
 * @param timeout how long a locked file is waited for, in milliseconds
 * @param body what uses the connection
 */
export async function withSession<T>(
  db: Kysely<any>,
  traits: MigrationTraits,
  timeout: number,
  body: (session: Session) => Promise<T>,
): Promise<T> {
  const raw: Kysely<any> = getRawDb(db).withoutPlugins();
  return await raw.getExecutor().provideConnection((given) => {
    const connection = traits.isServer ? given : retrying(given, traits, timeout);
    return body({
      own: boundTo(raw, connection),
      bind: (hooks) => boundInTurnTo(db, hooked(connection, hooks)),
    });
  });
}

/** Returns a Kysely all of whose queries run on one connection. */
function boundTo(db: Kysely<any>, connection: DatabaseConnection): Kysely<any> {
  return withProvider(db, { provideConnection: (consumer) => consumer(connection) });
}

/** Returns a Kysely all of whose queries run on one connection, one after the other. */
function boundInTurnTo(db: Kysely<any>, connection: DatabaseConnection): Kysely<any> {
  let last: Promise<unknown> = Promise.resolve();
  return withProvider(db, {
    provideConnection<T>(consumer: (connection: DatabaseConnection) => Promise<T>): Promise<T> {
      const next = last.then(() => consumer(connection));
      last = next.catch(() => {});
      return next;
    },
  });
}

function withProvider(db: Kysely<any>, provider: ConnectionProvider): Kysely<any> {
  return withQueryExecutor(db, db.getExecutor().withConnectionProvider(provider));
}

/**
 * A connection that hands its statements to hooks. It is a Proxy because drivers give their
 * connections methods and private state of their own.
 */
function hooked(connection: DatabaseConnection, hooks: StatementHooks): DatabaseConnection {
  return new Proxy(connection, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      if (key === "executeQuery") {
        return (query: CompiledQuery, ...rest: []) =>
          hooks.run(query, () => target.executeQuery(query, ...rest));
      }
      if (key === "streamQuery") {
        return async function* (query: CompiledQuery, ...rest: unknown[]) {
          // What writes is sent as a whole: a migration has to know that it ended.
          if (hooks.streams(query)) yield* value.call(target, query, ...rest);
          else yield await hooks.run(query, () => target.executeQuery(query));
        };
      }
      if (
        typeof key === "symbol" || key === "beginTransaction" || key === "commitTransaction" ||
        key === "rollbackTransaction"
      ) {
        return (...args: unknown[]) => {
          return hooks.driverCall?.() === false ? Promise.resolve() : value.apply(target, args);
        };
      }
      return value.bind(target);
    },
  });
}
