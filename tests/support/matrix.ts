/**
 * The databases that the tests run on. SQLite and PGlite are always there (where their driver loads);
 * PostgreSQL and MySQL (MariaDB) are reached through `KYSERA_TEST_POSTGRES_URL` and
 * `KYSERA_TEST_MYSQL_URL`, and skipped with the reason where these are not set.
 * `KYSERA_TEST_DIALECTS=sqlite,pglite` narrows a run.
 */
import { describe } from "node:test";
import process from "node:process";
import type { Dialect, Kysely, KyselyPlugin } from "kysely";
import { openMysql } from "./_mysql.ts";
import { openPGlite } from "./_pglite.ts";
import { openPostgres } from "./_postgres.ts";
import { openSqlite } from "./_sqlite.ts";
import { isFileDrawn } from "./random.ts";

export type TestDialectName = "sqlite" | "pglite" | "postgres" | "mysql";

export interface TestOpenOptions {
  plugins?: KyselyPlugin[];
  /** The most connections to a server; 1 makes every query share one session. Default 4. */
  connections?: number;
  /** Puts something round the dialect, such as a driver that fails on purpose. */
  wrap?: (dialect: Dialect) => Dialect;
}

/** What PostgreSQL has not always had, and since which version it has. */
const SINCE = { "MERGE": 15, "OLD in RETURNING": 18 } as const;

/** What PostgreSQL has not always had. */
export type PostgresFeature = keyof typeof SINCE;

export interface TestDatabase {
  db: Kysely<any>;
  /** Closes the connections and drops what {@linkcode TestDialect.open} made. */
  close(): Promise<void>;
}

export interface TestDialect {
  readonly name: TestDialectName;
  readonly dialect: "sqlite" | "postgres" | "mysql";
  /** Why the dialect cannot run here. */
  readonly skip: string | undefined;
  /**
   * Why the server lacks something: `KYSERA_TEST_POSTGRES_VERSION` says that PostgreSQL is another one
   * than the tests are written for.
   */
  lacks(feature: PostgresFeature): string | undefined;
  /** A fresh, empty database (on servers its own schema or database), and how to drop it. */
  open(options?: TestOpenOptions): Promise<TestDatabase>;
}

const chosen = process.env["KYSERA_TEST_DIALECTS"]?.split(",").map((name) => name.trim());
const postgresUrl = process.env["KYSERA_TEST_POSTGRES_URL"];
const mysqlUrl = process.env["KYSERA_TEST_MYSQL_URL"];
/** The version of the server; the tests are written for 15 and newer. */
export const postgresVersion: number = Number(process.env["KYSERA_TEST_POSTGRES_VERSION"] ?? 15);

/** Every dialect, those that cannot run here included. */
export const matrix: readonly TestDialect[] = [
  {
    name: "sqlite",
    dialect: "sqlite",
    skip: notChosen("sqlite") ?? await missing("node:sqlite"),
    lacks: () => undefined,
    open: openSqlite,
  },
  {
    name: "pglite",
    dialect: "postgres",
    skip: notChosen("pglite") ?? await missing("@electric-sql/pglite"),
    lacks: () => undefined,
    open: openPGlite,
  },
  {
    name: "postgres",
    dialect: "postgres",
    skip: notChosen("postgres") ?? notSet("KYSERA_TEST_POSTGRES_URL", postgresUrl) ??
      await missing("pg"),
    lacks: (feature) =>
      postgresVersion < SINCE[feature]
        ? `PostgreSQL ${postgresVersion} has no ${feature}`
        : undefined,
    open: (options) => openPostgres(postgresUrl!, options),
  },
  {
    name: "mysql",
    dialect: "mysql",
    skip: notChosen("mysql") ?? notSet("KYSERA_TEST_MYSQL_URL", mysqlUrl) ??
      await missing("mysql2"),
    lacks: () => undefined,
    open: (options) => openMysql(mysqlUrl!, options),
  },
];

/**
 * describe() per dialect; a dialect that cannot run is reported as skipped with its reason.
 *
 * In the short forms of a test run a part of the files run on PGlite, which takes a second to start
 * and is PostgreSQL, where that is there as well, and another part on MySQL; with another seed others.
 */
export function onEveryDialect(
  title: string,
  body: (dialect: TestDialect) => void,
  only?: readonly TestDialectName[],
): void {
  for (const dialect of matrix) {
    if (only && !only.includes(dialect.name)) continue;
    if (!isDialectDrawn(dialect.name, only)) continue;
    if (dialect.skip === undefined) describe(`${title} [${dialect.name}]`, () => body(dialect));
    else describe(`${title} [${dialect.name}: ${dialect.skip}]`, { skip: dialect.skip }, () => {});
  }
}

/** Whether a dialect has its turn in this file. */
function isDialectDrawn(
  name: TestDialectName,
  only: readonly TestDialectName[] | undefined,
): boolean {
  if (name === "pglite") return !isOnServer(only) || isFileDrawn(4);
  // What is tested on MySQL alone is tested nowhere else.
  if (name === "mysql") {
    return only?.every((each) => each === "mysql") === true || isFileDrawn(2, 1);
  }
  return true;
}

/** Whether what is tested on these dialects is tested on a PostgreSQL server. */
function isOnServer(only: readonly TestDialectName[] | undefined): boolean {
  const isMeant = only === undefined || only.includes("postgres");
  return isMeant && matrix.some(({ name, skip }) => name === "postgres" && skip === undefined);
}

function notChosen(name: TestDialectName): string | undefined {
  return chosen && !chosen.includes(name) ? "left out by KYSERA_TEST_DIALECTS" : undefined;
}

function notSet(variable: string, value: string | undefined): string | undefined {
  return value ? undefined : `${variable} is not set`;
}

/** The reason why a driver cannot be loaded, where it cannot. */
async function missing(driver: string): Promise<string | undefined> {
  try {
    // The literals below are what bundlers and type strippers see; a variable would hide them.
    if (driver === "node:sqlite") await import("node:sqlite");
    else if (driver === "@electric-sql/pglite") await import("@electric-sql/pglite");
    else if (driver === "pg") await import("pg");
    else await import("mysql2");
    return undefined;
  } catch (error) {
    return `${driver} does not load: ${error instanceof Error ? error.message : error}`;
  }
}
