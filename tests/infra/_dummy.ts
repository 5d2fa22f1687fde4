/** A database that is told how to answer: each query waits until the test lets it end. */
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";

/** A query that the database was given, and has not answered. */
export interface Pending {
  readonly sql: string;
  answer(rows?: unknown[]): void;
  fail(error: unknown): void;
}

/** What happened to the database, and what it has been asked. */
export interface Dummy {
  readonly db: Kysely<any>;
  /** The queries that wait for an answer, oldest first. */
  readonly pending: Pending[];
  /** How many connections are in use. */
  readonly held: number;
  /** `begin`, `commit`, `rollback`, `destroy`, in the order that they came. */
  readonly events: string[];
  /** Answers queries at once from now on. */
  answerAll(): void;
}

/** The connections are many, as those of a pool. */
class ManyConnections extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

export function dummyDatabase(options: { destroy?: () => Promise<void> } = {}): Dummy {
  const pending: Pending[] = [];
  const events: string[] = [];
  let held = 0;
  let immediate = false;

  const connection = (): DatabaseConnection => ({
    executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
      if (immediate) return Promise.resolve({ rows: [] });
      return new Promise((resolve, reject) => {
        const settled = (): void => void pending.splice(pending.indexOf(entry), 1);
        const entry: Pending = {
          sql: query.sql,
          answer(rows = []) {
            settled();
            resolve({ rows: rows as R[] });
          },
          fail(error) {
            settled();
            reject(error);
          },
        };
        pending.push(entry);
      });
    },
    async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
      yield await this.executeQuery<R>(query);
      yield await this.executeQuery<R>(query);
    },
  });

  const note = (event: string) => () => {
    events.push(event);
    return Promise.resolve();
  };
  const driver: Driver = {
    init: () => Promise.resolve(),
    acquireConnection() {
      held++;
      return Promise.resolve(connection());
    },
    releaseConnection() {
      held--;
      return Promise.resolve();
    },
    beginTransaction: note("begin"),
    commitTransaction: note("commit"),
    rollbackTransaction: note("rollback"),
    async destroy() {
      events.push("destroy");
      await options.destroy?.();
    },
  };
  const db = new Kysely<any>({
    dialect: {
      createAdapter: () => new ManyConnections(),
      createDriver: () => driver,
      createIntrospector: (kysely) => new SqliteIntrospector(kysely),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  });
  return {
    db,
    pending,
    events,
    get held() {
      return held;
    },
    answerAll() {
      immediate = true;
      for (const query of [...pending]) query.answer();
    },
  };
}
