/**
 * Migrates a database in a process of its own, by Kysely's Migrator or by the runner of
 * `@kysera/migrations`, each as its documentation says.
 *
 * @module
 */
import { mysql2Dialect, nodeSqliteDialect, pgDialect } from "@kysera/dialects";
import { createMigrationRunner } from "@kysera/migrations";
import { type Dialect, Kysely, sql } from "kysely";
import { type Migration, Migrator } from "kysely/migration";
import mysql from "mysql2";
import { appendFileSync } from "node:fs";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { MigratorResult, MigratorTask } from "./_task.ts";

const task = JSON.parse(process.argv[2]!) as MigratorTask;
const db = new Kysely<any>({ dialect: open() });
let result: MigratorResult = { error: undefined };
try {
  // The connection is there before all begin.
  await sql`select 1`.execute(db);
  await sleep(Math.max(0, task.startAt - Date.now()));
  await (task.runner === "kysely" ? byKysely() : byKysera());
} catch (error) {
  result = { error: error instanceof Error ? error.message : String(error) };
}
console.log(JSON.stringify(result));
await db.destroy().catch(() => {});

function open(): Dialect {
  const { dialect, url, statementTime } = task;
  if (dialect === "sqlite") {
    return nodeSqliteDialect({
      database: () => {
        const database = new DatabaseSync(url);
        // As long as a program waits that has more than one process.
        database.exec("pragma busy_timeout = 5000");
        return database;
      },
    });
  }
  if (dialect === "postgres") {
    const pool = new pg.Pool({ connectionString: url, max: 2 });
    pool.on("error", () => {});
    return pgDialect({ pool });
  }
  const pool = mysql.createPool({ uri: url, connectionLimit: 2 });
  if (statementTime !== undefined) {
    pool.on("connection", (connection) => {
      connection.query(`set max_statement_time = ${statementTime}`);
    });
  }
  return mysql2Dialect({ pool });
}

function migrations(): Record<string, Migration> {
  const { counter, pause, dies, concurrently } = task;
  const note = (name: string): void => appendFileSync(counter, `${name}\n`);
  return {
    "001_tables": {
      async up(db) {
        note("001_tables");
        await db.schema.createTable("one").addColumn("id", "integer").execute();
        if (dies) process.kill(process.pid, "SIGKILL");
        await sleep(pause);
        await db.schema.createTable("two").addColumn("id", "integer").execute();
      },
    },
    "002_index": {
      async up(db) {
        note("002_index");
        await (concurrently
          ? sql`create index concurrently one_id on one (id)`
          : sql`create index one_id on one (id)`).execute(db);
      },
    },
  };
}

async function byKysely(): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve(migrations()) },
    disableTransactions: task.withoutTransactions,
  });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}

async function byKysera(): Promise<void> {
  await createMigrationRunner(db, migrations(), {
    useTransactions: !task.withoutTransactions,
    // What the process of a killed runner is taken for dead after.
    lease: 1_000,
  }).up();
}
