import { pgDialect } from "@kysera/dialects";
import { Kysely, sql } from "kysely";
import { createPool } from "mysql2";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import pg from "pg";
import { dropDatabase, startPooler, whyNoPooler } from "../../tests/migrations/_pooler.ts";
import type { MigratorTask } from "./_task.ts";

/** A database for one round. */
export interface RoundDatabase {
  readonly url: string;
  /** Counts the locks that sessions hold. */
  locks(): Promise<number>;
  close(): Promise<void>;
}

/** What is compared. */
export interface SetUp {
  readonly name: string;
  readonly title: string;
  /** What happens in it. */
  readonly about: string;
  readonly processes: number;
  /** How many rounds there are, unless the command line says so. */
  readonly rounds: number;
  readonly task: Omit<MigratorTask, "runner" | "url" | "counter" | "startAt">;
  /** Why it cannot run here. */
  readonly missing: () => string | undefined;
  readonly open: () => Promise<RoundDatabase>;
}

const PLAIN = {
  withoutTransactions: false,
  concurrently: false,
  pause: 100,
  statementTime: undefined,
  dies: false,
} as const;

const urlOf = (variable: string) => process.env[variable] || undefined;
const postgresUrl = () => urlOf("KYSERA_TEST_POSTGRES_URL");
const mysqlUrl = () => urlOf("KYSERA_TEST_MYSQL_URL");
const missingUrl = (variable: string) => () =>
  urlOf(variable) === undefined ? `${variable} is not set` : undefined;
let number = 0;
const nextName = () => `migrators_${process.pid}_${++number}`;

/** The set-ups of the page. */
export const SET_UPS: readonly SetUp[] = [
  {
    name: "sqlite",
    title: "Two processes, one SQLite file",
    about: "Both begin at once, as the processes of a cluster do when they start.",
    processes: 2,
    rounds: 20,
    task: { ...PLAIN, dialect: "sqlite" },
    missing: () => undefined,
    open: () => {
      const folder = mkdtempSync(join(tmpdir(), "kysera-migrators-"));
      return Promise.resolve({
        url: join(folder, "db.sqlite"),
        locks: () => Promise.resolve(0),
        close: () => Promise.resolve(rmSync(folder, { recursive: true })),
      });
    },
  },
  {
    name: "mariadb-statement-time",
    title: "MariaDB whose statements may take a second",
    about:
      "Two processes, `max_statement_time = 1`, and a migration that takes two seconds: waiting for " +
      "the lock is a statement as well, and is ended.",
    processes: 2,
    rounds: 8,
    task: { ...PLAIN, dialect: "mysql", pause: 2_000, statementTime: 1 },
    missing: missingUrl("KYSERA_TEST_MYSQL_URL"),
    open: openMysql,
  },
  {
    name: "concurrently",
    title: "PostgreSQL, an index that is built concurrently",
    about:
      "Two processes without transactions. Who waits for a lock inside a statement has a snapshot, " +
      "which building the index waits for.",
    processes: 2,
    rounds: 8,
    task: { ...PLAIN, dialect: "postgres", withoutTransactions: true, concurrently: true },
    missing: missingUrl("KYSERA_TEST_POSTGRES_URL"),
    open: openPostgres,
  },
  {
    name: "pooler",
    title: "PostgreSQL behind PgBouncer, in transactions",
    about: "Three processes; each transaction may have another session (transaction mode).",
    processes: 3,
    rounds: 8,
    task: { ...PLAIN, dialect: "postgres" },
    missing: () => missingUrl("KYSERA_TEST_POSTGRES_URL")() ?? whyNoPooler(),
    open: openPooled,
  },
  {
    name: "pooler-without-transactions",
    title: "PostgreSQL behind PgBouncer, without transactions",
    about: "The same, with migrations that go without a transaction.",
    processes: 3,
    rounds: 8,
    task: { ...PLAIN, dialect: "postgres", withoutTransactions: true },
    missing: () => missingUrl("KYSERA_TEST_POSTGRES_URL")() ?? whyNoPooler(),
    open: openPooled,
  },
  {
    name: "killed",
    title: "MariaDB, a process that is killed",
    about: "The process dies (`SIGKILL`) between the two statements of a migration.",
    processes: 1,
    rounds: 8,
    task: { ...PLAIN, dialect: "mysql", dies: true },
    missing: missingUrl("KYSERA_TEST_MYSQL_URL"),
    open: openMysql,
  },
];

async function openMysql(): Promise<RoundDatabase> {
  const url = new URL(mysqlUrl()!);
  const name = nextName();
  const pool = createPool({ uri: url.href, connectionLimit: 1 }).promise();
  await pool.query(`create database ${name}`);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    // A lock of GET_LOCK ends with its session, and all sessions have ended.
    locks: () => Promise.resolve(0),
    async close() {
      await pool.query(`drop database ${name}`);
      await pool.end();
    },
  };
}

async function openPostgres(): Promise<RoundDatabase> {
  const url = new URL(postgresUrl()!);
  const name = nextName();
  const admin = new Kysely<any>({
    dialect: pgDialect({ pool: new pg.Pool({ connectionString: url.href, max: 1 }) }),
  });
  await sql`create database ${sql.id(name)}`.execute(admin);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    async locks() {
      const { rows } = await sql<{ count: string }>`
        select count(*) as count from pg_locks l join pg_database d on d.oid = l.database
        where l.locktype = 'advisory' and d.datname = ${name}`.execute(admin);
      return Number(rows[0]!.count);
    },
    async close() {
      await dropDatabase(admin, name);
      await admin.destroy();
    },
  };
}

async function openPooled(): Promise<RoundDatabase> {
  const database = await openPostgres();
  const pooler = await startPooler(postgresUrl()!);
  const url = new URL(pooler.url);
  url.pathname = new URL(database.url).pathname;
  return {
    url: url.href,
    locks: database.locks,
    async close() {
      await pooler.close();
      await database.close();
    },
  };
}
