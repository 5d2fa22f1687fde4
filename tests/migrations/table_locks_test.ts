/** Migrations of tables that others use: they wait for a short time, and come again. */
import { createMigrationRunner, type Migration, MigrationError } from "@kysera/migrations";
import { type DatabaseConnection, type Dialect, type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect } from "../support/matrix.ts";

onEveryDialect("a migration of a table that others use", ({ open, dialect }) => {
  /** Calls a function while somebody has read the table in a transaction that is open. */
  async function whileInUse(
    body: (db: Kysely<any>, use: Use) => Promise<void>,
  ): Promise<void> {
    const failures: (() => Promise<void>)[] = [];
    const { db, close } = await open({
      wrap: (dialect) => noticing(dialect, () => failures.shift()?.()),
    });
    try {
      await sql`create table t (id int primary key)`.execute(db);
      const reader = await db.startTransaction().execute();
      try {
        await reader.selectFrom("t").selectAll().execute();
        await body(db, {
          end: () => reader.rollback().execute(),
          onFailure: (call) => failures.push(call),
        });
      } finally {
        if (!reader.isRolledBack) await reader.rollback().execute();
      }
    } finally {
      await close();
    }
  }

  const alters = (options: Partial<Migration> = {}): Migration => ({
    name: "001",
    up: async (db) => void await sql`alter table t add a int`.execute(db),
    ...options,
  });
  const columns = async (db: Kysely<any>): Promise<string[]> => {
    const { rows } = await sql<{ name: string }>`
      select column_name as name from information_schema.columns
      where table_name = 't' and table_schema = ${
      dialect === "mysql" ? sql`database()` : sql`current_schema()`
    } order by ordinal_position`.execute(db);
    return rows.map(({ name }) => name);
  };
  // The least that each server has.
  const tableLockTimeout = dialect === "mysql" ? 1000 : 20;

  for (const useTransactions of ["per-migration", "per-run", false] as const) {
    it(`runs again when they are gone, with transactions ${useTransactions}`, () =>
      whileInUse(async (db, use) => {
        use.onFailure(use.end);
        const runner = createMigrationRunner(db, [alters()], { tableLockTimeout, useTransactions });
        assert.deepEqual((await runner.up()).executed, ["001"]);
        assert.deepEqual(await columns(db), ["id", "a"]);
        assert.deepEqual((await runner.status()).problems, []);
      }));
  }

  it("fails in time where they stay, and can be run later", () =>
    whileInUse(async (db, use) => {
      const run = (tableLockRetries: number) =>
        createMigrationRunner(db, [alters()], { tableLockTimeout, tableLockRetries }).up();
      await assert.rejects(
        run(0),
        (error) => error instanceof MigrationError && /lock|timeout/i.test(error.message),
      );
      assert.deepEqual(await columns(db), ["id"]);
      await use.end();
      assert.deepEqual((await run(0)).executed, ["001"]);
    }));

  it("fails where others stay for all tries", () =>
    whileInUse(async (db, use) => {
      let failures = 0;
      for (let i = 0; i < 4; i++) use.onFailure(() => Promise.resolve(void failures++));
      await assert.rejects(
        createMigrationRunner(db, [alters()], { tableLockTimeout, tableLockRetries: 1 }).up(),
        MigrationError,
      );
      assert.equal(failures, 2);
    }));

  it("leaves the limits of the connection as they were", () =>
    whileInUse(async (db, use) => {
      await use.end();
      const limit = async (db: Kysely<any>): Promise<unknown> => {
        const { rows } = await sql<{ value: unknown }>`select ${
          dialect === "mysql"
            ? sql`@@session.lock_wait_timeout`
            : sql`current_setting('lock_timeout')`
        } as value`.execute(db);
        return rows[0]?.value;
      };
      const before = await limit(db);
      const seen: unknown[] = [];
      const migration = alters({ up: async (db) => void seen.push(await limit(db)) });
      await createMigrationRunner(db, [migration], { tableLockTimeout: 3000 }).up();
      assert.deepEqual(seen, [dialect === "mysql" ? 3 : "3s"]);
      assert.equal(await limit(db), before);
      const other = { ...migration, name: "002" };
      await createMigrationRunner(db, [migration, other], { tableLockTimeout: 0 }).up();
      assert.deepEqual(seen.slice(1), [before]);
    }));

  it("leaves nothing set in the session that a migration has set, though it fails", () =>
    whileInUse(async (db, use) => {
      await use.end();
      const set = dialect === "mysql"
        ? sql`set foreign_key_checks = 0, sql_mode = '', time_zone = '+03:00'`
        : sql`select set_config('search_path', '', false), set_config('statement_timeout', '7s', false)`;
      const settings = async (db: Kysely<any>): Promise<unknown> =>
        (await sql`select ${
          dialect === "mysql"
            ? sql`concat_ws(' ', @@foreign_key_checks, @@sql_mode, @@time_zone) as a`
            : sql`current_setting('search_path') as a, current_setting('statement_timeout') as b`
        }`.execute(db)).rows;
      const before = await settings(db);
      const seen: unknown[] = [];
      const migrations = ["001", "002"].map((name): Migration => ({
        name,
        transaction: name === "001",
        async up(db) {
          await set.execute(db);
          seen.push(await settings(db));
          if (name === "002") throw new Error("no");
        },
      }));
      await assert.rejects(createMigrationRunner(db, migrations).up(), /no/);
      assert.equal(seen.length, 2);
      for (const each of seen) assert.notDeepEqual(each, before);
      // Whichever connection of the pool it was.
      const all = await Promise.all([1, 2, 3, 4].map(() => db.connection().execute(settings)));
      for (const each of all) assert.deepEqual(each, before);
    }));

  it("asks for sensible options", () =>
    whileInUse(async (db) => {
      await Promise.resolve();
      for (const options of [{ tableLockTimeout: -1 }, { tableLockRetries: 0.5 }]) {
        assert.throws(() => createMigrationRunner(db, [], options), /tableLock(Timeout|Retries)/);
      }
    }));
}, ["postgres", "mysql"]);

/** What others do with the table. */
interface Use {
  /** They leave it. */
  end(): Promise<void>;
  /** Says what is to be done when a statement fails the next time. */
  onFailure(call: () => Promise<void>): void;
}

/** A dialect that says when a statement fails, before whoever has sent it knows. */
function noticing(dialect: Dialect, failed: () => Promise<void> | undefined): Dialect {
  const noticed = (connection: DatabaseConnection): DatabaseConnection =>
    new Proxy(connection, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key, target);
        if (key !== "executeQuery" || typeof value !== "function") {
          return typeof value === "function" ? value.bind(target) : value;
        }
        return async (...args: unknown[]) => {
          try {
            return await value.apply(target, args);
          } catch (error) {
            await failed();
            throw error;
          }
        };
      },
    });
  return {
    createAdapter: () => dialect.createAdapter(),
    createIntrospector: (db) => dialect.createIntrospector(db),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createDriver: () => {
      const driver = dialect.createDriver();
      const given = new Map<DatabaseConnection, DatabaseConnection>();
      return new Proxy(driver, {
        get(target, key) {
          const value: unknown = Reflect.get(target, key, target);
          if (typeof value !== "function") return value;
          if (key === "acquireConnection") {
            return async (...args: unknown[]) => {
              const connection = await value.apply(target, args);
              const own = noticed(connection);
              given.set(own, connection);
              return own;
            };
          }
          return (first: unknown, ...rest: unknown[]) =>
            value.call(target, given.get(first as DatabaseConnection) ?? first, ...rest);
        },
      });
    },
  };
}
