import { assertKnownOptions } from "@kysera/core";
import { assertValidIdentifier } from "@kysera/dialects";
import { type Dialect, Kysely, type KyselyPlugin } from "kysely";
import { databaseOnServer, type TestServer } from "./_server.ts";

export type { TestServer } from "./_server.ts";

/** Options of {@linkcode createTestDatabase}: `dialect` for one in memory, `server` for one on a server. */
export interface TestDatabaseOptions<DB> {
  /** Makes the dialect of an empty database that nobody else has: in memory, as a rule. */
  readonly dialect?: (() => Dialect | Promise<Dialect>) | undefined;
  /** The server on which a fresh database is made. */
  readonly server?: TestServer | undefined;
  /**
   * Makes the tables. On PostgreSQL it runs once for each `template`; later databases are copies.
   */
  readonly migrate?: ((db: Kysely<DB>) => unknown) | undefined;
  /**
   * A name for what `migrate` makes, such as a hash of the migrations: PostgreSQL keeps a database of
   * this name and copies it. Without it each database is migrated on its own.
   */
  readonly template?: string | undefined;
  /** Kysely plugins of the database. */
  readonly plugins?: KyselyPlugin[] | undefined;
}

/** A database for one test, or one file of tests. */
export interface TestDatabaseHandle<DB> extends AsyncDisposable {
  /** The database. */
  readonly db: Kysely<DB>;
  /** Its name on the server, or `undefined` in memory. */
  readonly name: string | undefined;
  /** Closes the connections and removes the database. May be called twice. */
  destroy(): Promise<void>;
}

const OPTIONS: readonly (keyof TestDatabaseOptions<unknown>)[] = [
  "dialect",
  "server",
  "migrate",
  "template",
  "plugins",
];

/**
 * Makes a database for a test, which no other test, process or run shares: in memory, or of its own on
 * a server. With `await using` it is removed whether the test passes or fails.
 *
 * @param options see {@linkcode TestDatabaseOptions}
 * @returns the database, migrated
 * @throws {TypeError} where options are missing or unknown
 * @throws what `migrate` throws; the database is removed then
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { countRows, createTestDatabase } from "@kysera/testing";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * await using test = await createTestDatabase<{ users: { name: string } }>({
 *   dialect: () => nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 *   migrate: (db) => db.schema.createTable("users").addColumn("name", "text").execute(),
 * });
 * await test.db.insertInto("users").values({ name: "Alice" }).execute();
 * assert.equal(await countRows(test.db, "users"), 1);
 * ```
 */
export async function createTestDatabase<DB>(
  options: TestDatabaseOptions<DB>,
): Promise<TestDatabaseHandle<DB>> {
  assertKnownOptions(options, OPTIONS, { action: "create test database", makeError: TypeError });
  const { dialect, server, migrate, template, plugins = [] } = options;
  if ((dialect === undefined) === (server === undefined)) {
    throw new TypeError("Cannot create test database: give either dialect or server");
  }
  if (template !== undefined) assertValidIdentifier(template, "template name");
  const place = server === undefined
    ? { dialect: await dialect!(), name: undefined, isMigrated: false, drop: async () => {} }
    : await databaseOnServer(
      server,
      template,
      migrate as ((db: Kysely<any>) => unknown) | undefined,
    );
  const db = new Kysely<DB>({ dialect: place.dialect, plugins });
  let destroyed: Promise<void> | undefined;
  const destroy = (): Promise<void> =>
    destroyed ??= (async () => {
      try {
        await db.destroy();
      } finally {
        await place.drop();
      }
    })();
  try {
    if (!place.isMigrated) await migrate?.(db);
  } catch (error) {
    await destroy().catch(() => {});
    throw error;
  }
  return { db, name: place.name, destroy, [Symbol.asyncDispose]: destroy };
}
