import process from "node:process";
import { createPool, type Pool } from "mysql2";
import pg from "pg";
import {
  type DatabaseServer,
  startServer,
  stopServer,
  whyNotRunnable,
} from "../scripts/database_server.ts";

/** A server that rows may need. */
export type Server = "postgres" | "mysql";

const VARIABLES: Readonly<Record<Server, string>> = {
  postgres: "KYSERA_TEST_POSTGRES_URL",
  mysql: "KYSERA_TEST_MYSQL_URL",
};
const started = new Map<Server, DatabaseServer>();
let number = 0;

/** Why rows that need a server cannot run. */
export function whyMissing(server: Server): string | undefined {
  return process.env[VARIABLES[server]] ? undefined : whyNotRunnable(server);
}

/** The URL of the environment, or of a server that is started for this run. */
async function urlOf(server: Server): Promise<string> {
  const url = process.env[VARIABLES[server]];
  if (url) return url;
  const known = started.get(server);
  if (known !== undefined) return known.url;
  const own = await startServer(server);
  started.set(server, own);
  return own.url;
}

/** Stops the servers that were started. */
export async function stopServers(): Promise<void> {
  for (const server of started.values()) await stopServer(server);
  started.clear();
}

/** A schema of PostgreSQL, and pools whose tables are in it. */
export interface PostgresSchema {
  readonly admin: pg.Client;
  pool(max?: number): pg.Pool;
  /** Drops the schema; the pools are the caller's to end. */
  drop(): Promise<void>;
}

/** Makes a schema. */
export async function postgresSchema(): Promise<PostgresSchema> {
  const connectionString = await urlOf("postgres");
  const name = `bench_${process.pid}_${++number}`;
  const options = `-c search_path=${name}`;
  const admin = new pg.Client({ connectionString, options });
  await admin.connect();
  await admin.query(`create schema ${name}`);
  return {
    admin,
    pool: (max = 1) => new pg.Pool({ connectionString, options, max }),
    async drop() {
      await admin.query(`set client_min_messages = warning; drop schema ${name} cascade`);
      await admin.end();
    },
  };
}

/** A database of MariaDB, and pools whose tables are in it. */
export interface MysqlDatabase {
  query(text: string): Promise<void>;
  pool(max?: number): Pool;
  drop(): Promise<void>;
}

/** Makes a database. */
export async function mysqlDatabase(): Promise<MysqlDatabase> {
  const url = new URL(await urlOf("mysql"));
  const name = `bench_${process.pid}_${++number}`;
  const options = (max: number, database?: string) => ({
    host: url.hostname,
    port: Number(url.port),
    user: url.username,
    password: url.password,
    supportBigNumbers: true,
    timezone: "Z",
    connectionLimit: max,
    ...database === undefined ? {} : { database },
  });
  const server = createPool(options(1)).promise();
  await server.query(`create database ${name}`);
  const admin = createPool(options(1, name)).promise();
  return {
    query: async (text) => void await admin.query(text),
    pool: (max = 1) => createPool(options(max, name)),
    async drop() {
      await admin.end();
      await server.query(`drop database ${name}`);
      await server.end();
    },
  };
}
