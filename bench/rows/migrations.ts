/**
 * Applying small migrations to an empty database: Kysely's Migrator, and the runner of
 * `@kysera/migrations`, each on the same dialect and the same connection settings.
 *
 * @module
 */
import { mysql2Dialect, nodeSqliteDialect, pgDialect } from "@kysera/dialects";
import { createMigrationRunner } from "@kysera/migrations";
import { type Dialect, Kysely } from "kysely";
import { Migrator } from "kysely/migration";
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Turn } from "../_ratio.ts";
import { type Group, group } from "../_row.ts";
import { mysqlDatabase, postgresSchema, type Server } from "../_servers.ts";

const COUNT = 200;
const AT_MOST = 1.2;

/** A database for one turn. */
interface Fresh {
  readonly dialect: Dialect;
  close(): Promise<void>;
}

type Migrations = Record<string, { up(db: Kysely<any>): Promise<void> }>;

const MIGRATIONS: Migrations = Object.fromEntries(
  Array.from({ length: COUNT }, (_, i) => [
    `${String(i).padStart(3, "0")}_table`,
    {
      async up(db) {
        await db.schema.createTable(`t${i}`).addColumn("id", "integer", (c) => c.primaryKey())
          .addColumn("name", "varchar(50)").execute();
      },
    },
  ]),
);

type Apply = (db: Kysely<any>, migrations: Migrations) => Promise<number>;

/** Applies all of them by Kysely's Migrator. */
const byKysely: Apply = async (db, migrations) => {
  const provider = { getMigrations: () => Promise.resolve(migrations) };
  const { error, results } = await new Migrator({ db, provider }).migrateToLatest();
  if (error !== undefined) throw error;
  return results!.length;
};

/** Applies all of them by the runner. */
const byRunner =
  (useTransactions: "per-migration" | "per-run"): Apply => async (db, migrations) => {
    const runner = createMigrationRunner(db, migrations, { useTransactions });
    return (await runner.up()).executed.length;
  };

const OPEN: Readonly<Record<"sqlite" | Server, () => Promise<Fresh>>> = {
  sqlite: () => {
    const folder = mkdtempSync(join(tmpdir(), "kysera-bench-"));
    return Promise.resolve({
      dialect: nodeSqliteDialect({ database: () => new DatabaseSync(join(folder, "bench.db")) }),
      close: () => Promise.resolve(rmSync(folder, { recursive: true })),
    });
  },
  postgres: async () => {
    const schema = await postgresSchema();
    const pool = schema.pool(2);
    return { dialect: pgDialect({ pool }), close: () => schema.drop() };
  },
  mysql: async () => {
    const database = await mysqlDatabase();
    return { dialect: mysql2Dialect({ pool: database.pool() }), close: () => database.drop() };
  },
};

/** Times one run on a database of its own, in milliseconds. */
function turn(name: keyof typeof OPEN, apply: Apply): Turn {
  return async () => {
    const { dialect, close } = await OPEN[name]();
    try {
      const db = new Kysely<any>({ dialect });
      try {
        const start = performance.now();
        assert.equal(await apply(db, MIGRATIONS), COUNT);
        return performance.now() - start;
      } finally {
        await db.destroy();
      }
    } finally {
      await close();
    }
  };
}

/** The rows. */
export const migrationGroups: readonly Group[] = (["sqlite", "postgres", "mysql"] as const).map(
  (name) =>
    group<undefined>({
      name: `migrations-${name}`,
      title: `Applying ${COUNT} migrations to an empty database on ${name}`,
      sides: ["Kysely's Migrator", "runner, a transaction a run", "a transaction a migration"],
      ...name === "sqlite" ? {} : { needs: name },
      rows: {
        "apply": {
          budget: AT_MOST,
          unit: "ms",
          turns: 5,
          sides: () => [
            turn(name, byKysely),
            turn(name, byRunner("per-run")),
            turn(name, byRunner("per-migration")),
          ],
        },
      },
      open: () => undefined,
    }),
);
