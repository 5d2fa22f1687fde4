import type { Check } from "../_check.ts";

/** How many connections the program opens at most by itself. */
const DEFAULT_MAX = 4;

/** Pools that are larger than what the server takes, or than their own least. */
export const wrongPool: Check = {
  id: "wrong-pool",
  severity: "warning",
  reason: "Whoever comes last gets an error, or waits for a connection that nobody gives back.",
  find({ facts: { pool, maxConnections } }) {
    if (pool === undefined) return [];
    const { min = 0, max = DEFAULT_MAX } = pool;
    return [
      ...maxConnections !== undefined && max > maxConnections
        ? [{
          table: undefined,
          message:
            `The pool holds up to ${max} connections, and the server takes ${maxConnections}`,
          fix: `Set database.pool.max to ${
            Math.max(1, Math.floor(maxConnections / 4))
          } or less: each process has a pool of its own.`,
        }]
        : [],
      ...min > max
        ? [{
          table: undefined,
          message: `The pool keeps at least ${min} connections, and at most ${max}`,
          fix: `Set database.pool.min to ${max} or less.`,
        }]
        : [],
    ];
  },
};

/** Pools that keep connections which the server has closed. */
export const staleConnections: Check = {
  id: "stale-connections",
  severity: "warning",
  reason: "The server closes connections that the pool still hands out: the next query fails.",
  find({ facts: { pool, idleTimeout } }) {
    const idle = pool?.idleTimeoutMillis;
    if (idle === undefined || idleTimeout === undefined || idleTimeout === 0) return [];
    if (idle > 0 && idle < idleTimeout) return [];
    return [{
      table: undefined,
      message: `The pool keeps idle connections for ${
        idle === 0 ? "ever" : `${idle} ms`
      }, and the server for ${idleTimeout} ms`,
      fix: `Set database.pool.idleTimeoutMillis to less than ${idleTimeout}.`,
    }];
  },
};

/** Sessions that are shared between transactions. */
export const sharedSessions: Check = {
  id: "shared-sessions",
  severity: "warning",
  reason:
    "What a session holds is lost or another one's: its search_path, settings, advisory locks " +
    "and prepared statements.",
  find: ({ facts: { hasSharedSessions, namesPooler } }) =>
    !hasSharedSessions && !namesPooler ? [] : [{
      table: undefined,
      message: hasSharedSessions
        ? "A pooler answers one connection by several sessions"
        : "The connection URL names a pooler",
      fix:
        "Run migrations past it, on the port of the server itself; let programs set what they need " +
        "within transactions.",
    }],
};

/** Servers on which a transaction that was forgotten holds its locks for ever. */
export const endlessTransactions: Check = {
  id: "endless-transactions",
  severity: "info",
  reason:
    "A program that hangs within a transaction keeps its locks, and rows that could be removed.",
  find: ({ facts: { idleTransactionTimeout } }) =>
    idleTransactionTimeout !== 0 ? [] : [{
      table: undefined,
      message: "Idle transactions are never ended",
      fix: "alter database current set idle_in_transaction_session_timeout = '60s'; -- by its name",
    }],
};
