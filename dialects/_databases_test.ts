/**
 * An empty database of each kind that the tests of this package run on.
 */
import { readFile } from "node:fs/promises";
import process from "node:process";
import { describe } from "node:test";
import { Kysely } from "kysely";
import {
  type DialectVariant,
  mysql2Dialect,
  nodeSqliteDialect,
  pgDialect,
  pgliteDialect,
} from "@kysera/dialects";

export { SLOW } from "./_slow_test.ts";

export interface TestDatabase {
  readonly db: Kysely<any>;
  close(): Promise<void>;
}

export interface DatabaseKind {
  readonly variant: Exclude<DialectVariant, "mysql" | "mssql">;
  readonly family: "sqlite" | "postgres" | "mysql";
  /** Why it cannot run here. */
  readonly skip: string | undefined;
  open(): Promise<TestDatabase>;
}

const postgresUrl = process.env["KYSERA_TEST_POSTGRES_URL"];
const mysqlUrl = process.env["KYSERA_TEST_MYSQL_URL"];

/** What a new PGlite begins with: the data that the runner of the tests has made, to save seconds. */
export async function pgliteStart(): Promise<{ loadDataDir?: Blob }> {
  const file = process.env["KYSERA_TEST_PGLITE_DATA"];
  return file ? { loadDataDir: new Blob([new Uint8Array(await readFile(file))]) } : {};
}

/** A name that no other test has. */
export function uniqueName(): string {
  return `kysera_dialects_${crypto.randomUUID().replaceAll("-", "")}`;
}

export const databases: readonly DatabaseKind[] = [
  {
    variant: "sqlite",
    family: "sqlite",
    skip: undefined,
    async open() {
      const { DatabaseSync } = await import("node:sqlite");
      const db = new Kysely<any>({
        dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
      });
      return { db, close: () => db.destroy() };
    },
  },
  {
    variant: "pglite",
    family: "postgres",
    skip: undefined,
    async open() {
      const { PGlite } = await import("@electric-sql/pglite");
      const database = async () => await PGlite.create(await pgliteStart());
      const db = new Kysely<any>({ dialect: pgliteDialect({ database }) });
      return { db, close: () => db.destroy() };
    },
  },
  {
    variant: "postgres",
    family: "postgres",
    skip: postgresUrl ? undefined : "KYSERA_TEST_POSTGRES_URL is not set",
    async open() {
      const { default: pg } = await import("pg");
      const schema = uniqueName();
      const run = async (statement: string) => {
        const client = new pg.Client({ connectionString: postgresUrl! });
        await client.connect();
        await client.query(statement).finally(() => client.end());
      };
      await run(`create schema ${schema}`);
      const pool = new pg.Pool({
        connectionString: postgresUrl!,
        max: 3,
        options: `-c search_path=${schema}`,
      });
      const db = new Kysely<any>({ dialect: pgDialect({ pool }) });
      return {
        db,
        close: async () => {
          await db.destroy();
          await run(`drop schema ${schema} cascade`);
        },
      };
    },
  },
  {
    variant: "mariadb",
    family: "mysql",
    skip: mysqlUrl ? undefined : "KYSERA_TEST_MYSQL_URL is not set",
    async open() {
      const { default: mysql } = await import("mysql2");
      const name = uniqueName();
      const run = async (statement: string) => {
        const connection = mysql.createConnection({ uri: mysqlUrl! });
        await connection.promise().query(statement).finally(() => connection.destroy());
      };
      await run(`create database ${name} character set utf8mb4`);
      const own = new URL(mysqlUrl!);
      own.pathname = `/${name}`;
      const pool = mysql.createPool({
        uri: own.href,
        connectionLimit: 3,
        timezone: "Z",
        supportBigNumbers: true,
      });
      const db = new Kysely<any>({ dialect: mysql2Dialect({ pool }) });
      return {
        db,
        close: async () => {
          await db.destroy();
          await run(`drop database ${name}`);
        },
      };
    },
  },
];

/** describe() per database; one that cannot run here is reported as skipped with the reason. */
export function onEveryDatabase(title: string, body: (kind: DatabaseKind) => void): void {
  for (const kind of databases) {
    const suffix = kind.skip === undefined ? kind.variant : `${kind.variant}: ${kind.skip}`;
    describe(`${title} [${suffix}]`, { skip: kind.skip ?? false }, () => body(kind));
  }
}
