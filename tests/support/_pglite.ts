import { readFile } from "node:fs/promises";
import process from "node:process";
import { after } from "node:test";
import type { PGlite } from "@electric-sql/pglite";
import {
  CompiledQuery,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from "kysely";
import type { DatabaseConnection, Dialect, Driver, QueryResult } from "kysely";
import { uniqueName } from "./_names.ts";
import type { TestDatabase, TestOpenOptions } from "./matrix.ts";

// An instance costs seconds and hundreds of megabytes: one for all tests of a process, with a
// schema for each open database.
let instance: Promise<PGlite> | undefined;
let current: string | undefined;
let queue: Promise<void> = Promise.resolve();

// PostgreSQL's timer for idle sessions would keep Node alive for ten seconds more.
after(async () => {
  const closing = instance;
  instance = undefined;
  current = undefined;
  await (await closing)?.close();
});

/** A fresh schema in the PGlite instance of this process. */
export async function openPGlite(options: TestOpenOptions = {}): Promise<TestDatabase> {
  const schema = uniqueName();
  const pglite = await (instance ??= create());
  await exclusive(() => pglite.exec(`create schema "${schema}"`));
  const dialect: Dialect = {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new PGliteTestDriver(pglite, schema),
    createIntrospector: (kysely) => new PostgresIntrospector(kysely),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  };
  const db = new Kysely<any>({
    dialect: options.wrap?.(dialect) ?? dialect,
    plugins: options.plugins ?? [],
  });
  return {
    db,
    async close() {
      await db.destroy();
      await exclusive(async () => {
        current = undefined;
        await pglite.exec(`reset role; reset all; drop schema "${schema}" cascade`);
      });
    },
  };
}

async function create(): Promise<PGlite> {
  const { PGlite } = await import("@electric-sql/pglite");
  // The runner of the tests makes this file: starting from it takes a fraction of the time.
  const file = process.env["KYSERA_TEST_PGLITE_DATA"];
  return await PGlite.create(
    file ? { loadDataDir: new Blob([new Uint8Array(await readFile(file))]) } : {},
  );
}

async function exclusive<T>(body: () => Promise<T>): Promise<T> {
  const release = await lock();
  try {
    return await body();
  } finally {
    release();
  }
}

async function lock(): Promise<() => void> {
  const before = queue;
  let release!: () => void;
  queue = new Promise((resolve) => release = resolve);
  await before;
  return release;
}

/** The one session, handed to one owner at a time, on the owner's schema. */
class PGliteTestDriver implements Driver {
  readonly #pglite: PGlite;
  readonly #schema: string;
  readonly #connection: DatabaseConnection;
  #release: (() => void) | undefined;

  constructor(pglite: PGlite, schema: string) {
    this.#pglite = pglite;
    this.#schema = schema;
    this.#connection = {
      async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
        const { rows, affectedRows } = await pglite.query<R>(query.sql, [...query.parameters]);
        return affectedRows === undefined
          ? { rows }
          : { rows, numAffectedRows: BigInt(affectedRows) };
      },
      // deno-lint-ignore require-yield
      async *streamQuery() {
        throw new Error("Cannot stream: PGlite has no cursors");
      },
    };
  }

  init(): Promise<void> {
    return Promise.resolve();
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    const release = await lock();
    if (current !== this.#schema) {
      try {
        await this.#pglite.exec(`set search_path to "${this.#schema}"`);
        current = this.#schema;
      } catch (error) {
        release();
        throw error;
      }
    }
    this.#release = release;
    return this.#connection;
  }

  releaseConnection(): Promise<void> {
    this.#release?.();
    return Promise.resolve();
  }

  async beginTransaction(
    connection: DatabaseConnection,
    settings: { isolationLevel?: string; accessMode?: string } = {},
  ): Promise<void> {
    const level = settings.isolationLevel ? ` isolation level ${settings.isolationLevel}` : "";
    const access = settings.accessMode ? ` ${settings.accessMode}` : "";
    await connection.executeQuery(CompiledQuery.raw(`start transaction${level}${access}`));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("commit"));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("rollback"));
  }

  async savepoint(connection: DatabaseConnection, name: string): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw(`savepoint "${name}"`));
  }

  async rollbackToSavepoint(connection: DatabaseConnection, name: string): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw(`rollback to "${name}"`));
  }

  async releaseSavepoint(connection: DatabaseConnection, name: string): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw(`release "${name}"`));
  }

  destroy(): Promise<void> {
    return Promise.resolve();
  }
}
