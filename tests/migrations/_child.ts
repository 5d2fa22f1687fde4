/**
 * Runs migrations in a process of its own, for the tests beside it.
 *
 * @module
 */
import { mysql2Dialect, nodeSqliteDialect, pgDialect } from "@kysera/dialects";
import { createMigrationRunner } from "@kysera/migrations";
import { type CompiledQuery, type DatabaseConnection, type Dialect, Kysely } from "kysely";
import type { EventEmitter } from "node:events";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { migrationsFor } from "./_migrations.ts";

/** What the process is told to do. */
export interface ChildTask {
  readonly dialect: "sqlite" | "postgres" | "mysql";
  /** The file, or the server. */
  readonly url: string;
  /** The schemas or databases, or the files, that are migrated one after the other. */
  readonly within: readonly string[];
  /** Whether they are databases on PostgreSQL, too: a pooler passes no search path on. */
  readonly areDatabases?: boolean | undefined;
  /** Behind how many statements the process kills itself. */
  readonly dieAt?: number | undefined;
  /** Whether it dies before the statement is sent, or when it was. */
  readonly dies?: "before" | "after" | undefined;
  readonly lease?: number | undefined;
}

/** What it prints. */
export interface ChildResult {
  /** The migrations that it applied, for each of `within`. */
  readonly executed: readonly (readonly string[])[];
  /** How many statements it sent. */
  readonly statements: number;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const task = JSON.parse(process.argv[2]!) as ChildTask;
  const executed: string[][] = [];
  const count = { statements: 0 };
  for (const within of task.within) {
    const dialect = mortal(await dialectOf(task, within), task, count, die);
    const db = new Kysely<any>({ dialect });
    try {
      const runner = createMigrationRunner(db, migrationsFor(task.dialect), {
        lease: task.lease ?? 30_000,
      });
      executed.push((await runner.up()).executed);
    } finally {
      await db.destroy();
    }
  }
  console.log(JSON.stringify({ executed, statements: count.statements } satisfies ChildResult));
}

/** Opens a database as a child does. */
export async function dialectOf(
  task: Pick<ChildTask, "dialect" | "url" | "areDatabases">,
  within: string,
): Promise<Dialect> {
  if (task.dialect === "sqlite") {
    const { DatabaseSync } = await import("node:sqlite");
    return nodeSqliteDialect({ database: () => new DatabaseSync(within) });
  }
  if (task.dialect === "postgres") {
    const { default: pg } = await import("pg");
    const url = new URL(task.url);
    if (task.areDatabases) url.pathname = `/${within}`;
    const path = `-c search_path=${within} -c client_min_messages=warning`;
    const pool = new pg.Pool({
      connectionString: url.href,
      max: 2,
      ...task.areDatabases ? {} : { options: path },
    });
    // A server that is killed ends connections, those included that wait for the next statement.
    pool.on("error", () => {});
    pool.on("connect", (client: EventEmitter) => client.on("error", () => {}));
    return pgDialect({ pool });
  }
  const { default: mysql } = await import("mysql2");
  const url = new URL(task.url);
  url.pathname = `/${within}`;
  return mysql2Dialect({ pool: mysql.createPool({ uri: url.href, connectionLimit: 2 }) });
}

/**
 * A dialect with which something happens at one of its statements, before it is sent or when it was.
 *
 * @param dialect the dialect
 * @param task which statement, and when
 * @param count how many there were
 * @param happens what happens
 */
export function mortal(
  dialect: Dialect,
  task: Pick<ChildTask, "dieAt" | "dies">,
  count: { statements: number },
  happens: () => Promise<unknown>,
): Dialect {
  const connections = new WeakMap<DatabaseConnection, DatabaseConnection>();
  const wrap = (connection: DatabaseConnection): DatabaseConnection => {
    const known = connections.get(connection);
    if (known !== undefined) return known;
    const wrapped = new Proxy(connection, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== "function") return value;
        if (key !== "executeQuery") return value.bind(target);
        return async (query: CompiledQuery, ...rest: []) => {
          const isLast = ++count.statements === task.dieAt;
          if (isLast && task.dies === "before") await happens();
          try {
            return await target.executeQuery(query, ...rest);
          } finally {
            if (isLast && task.dies !== "before") await happens();
          }
        };
      },
    });
    connections.set(connection, wrapped);
    inner.set(wrapped, connection);
    return wrapped;
  };
  const inner = new WeakMap<DatabaseConnection, DatabaseConnection>();
  return {
    createAdapter: () => dialect.createAdapter(),
    createIntrospector: (db) => dialect.createIntrospector(db),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createDriver: () => {
      const driver = dialect.createDriver();
      return new Proxy(driver, {
        get(target, key) {
          const value: unknown = Reflect.get(target, key, target);
          if (typeof value !== "function") return value;
          if (key === "acquireConnection") {
            return async (...rest: []) => wrap(await target.acquireConnection(...rest));
          }
          if (key === "releaseConnection") {
            return (connection: DatabaseConnection, ...rest: []) =>
              target.releaseConnection(inner.get(connection) ?? connection, ...rest);
          }
          return value.bind(target);
        },
      });
    },
  };
}

async function die(): Promise<never> {
  process.kill(process.pid, "SIGKILL");
  return await new Promise(() => {});
}
