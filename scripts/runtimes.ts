/**
 * `deno task runtimes`: writes `docs/runtimes.md`, what each database does on each runtime, by trying
 * it. It needs the servers of `deno task db:start`; a test compares what it finds with the page.
 *
 * @module
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import {
  d1Dialect,
  libsqlDialect,
  mysql2Dialect,
  nodeSqliteDialect,
  pgDialect,
  pgliteDialect,
  postgresJsDialect,
  sqliteWasmDialect,
} from "@kysera/dialects";
import { type Dialect, Kysely, sql } from "kysely";
import { createItems, FEATURES, tryFeatures } from "../tests/edge/features.ts";
import { bundleWorker } from "../tests/edge/worker/bundle.ts";
import { uniqueName } from "../tests/support/_names.ts";
import { startEdgeRuntime } from "../tests/support/miniflare.ts";
import { openNeon } from "../tests/support/neon.ts";
import { ROOT } from "./workspace.ts";

/** Where the page is. */
export const RUNTIMES_PAGE: string = join(ROOT, "docs/runtimes.md");

/** A line of the table. */
export interface RuntimeRow {
  readonly database: string;
  readonly runtime: string;
  /** Why it cannot be tried here. */
  readonly skip?: string | undefined;
  /** Tries the features, and gives the cells. */
  run(): Promise<readonly string[]>;
}

const postgresUrl = process.env["KYSERA_TEST_POSTGRES_URL"];
const mysqlUrl = process.env["KYSERA_TEST_MYSQL_URL"];
const noPostgres = postgresUrl === undefined ? "KYSERA_TEST_POSTGRES_URL is not set" : undefined;

/** The lines, in their order. */
export const RUNTIME_ROWS: readonly RuntimeRow[] = [
  {
    database: "SQLite, `node:sqlite`",
    runtime: "Deno",
    run: () =>
      on(async () => {
        const { DatabaseSync } = await import("node:sqlite");
        return nodeSqliteDialect({ database: new DatabaseSync(":memory:") });
      }),
  },
  {
    database: "SQLite, `sqlite-wasm`",
    runtime: "Deno",
    run: () =>
      on(async () => {
        const { default: init } = await import("@sqlite.org/sqlite-wasm");
        const sqlite3 = await init();
        Object.assign(sqlite3.config, { warn: () => {}, error: () => {} });
        return sqliteWasmDialect({ database: () => new sqlite3.oo1.DB(":memory:") });
      }),
  },
  {
    database: "SQLite, `sql.js`",
    runtime: "Deno",
    run: () =>
      on(async () => {
        const { default: init } = await import("sql.js");
        const SQL = await init();
        return sqliteWasmDialect({ database: new SQL.Database() });
      }),
  },
  {
    database: "libSQL, a file",
    runtime: "Deno",
    async run() {
      const { createClient } = await import("@libsql/client");
      const directory = mkdtempSync(join(tmpdir(), "kysera-runtimes-"));
      try {
        const url = `file:${join(directory, "app.db")}`;
        return await on(() =>
          Promise.resolve(libsqlDialect({ client: createClient({ url, intMode: "bigint" }) }))
        );
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    },
  },
  {
    database: "Cloudflare D1",
    runtime: "workerd",
    async run() {
      const { runtime, skip } = await startEdgeRuntime(1);
      if (runtime === undefined) throw new Error(skip);
      try {
        return await on(async () => d1Dialect({ database: await runtime.openD1() }));
      } finally {
        await runtime.close();
      }
    },
  },
  { database: "Durable Object", runtime: "workerd", run: inDurableObject },
  {
    database: "PGlite",
    runtime: "Deno",
    run: () =>
      on(async () => {
        const { PGlite } = await import("@electric-sql/pglite");
        return pgliteDialect({ database: () => PGlite.create() });
      }),
  },
  {
    database: "PostgreSQL, `pg`",
    runtime: "Deno",
    skip: noPostgres,
    run: () =>
      inSchema(async (options) => {
        const [{ default: pg }, { default: cursor }] = await Promise.all([
          import("pg"),
          import("pg-cursor"),
        ]);
        const pool = new pg.Pool({ connectionString: postgresUrl!, max: 4, options });
        return pgDialect({ pool, cursor });
      }),
  },
  {
    database: "PostgreSQL, `postgres`",
    runtime: "Deno",
    skip: noPostgres,
    run: () =>
      inSchema(async (options) => {
        const { default: postgres } = await import("postgres");
        return postgresJsDialect({
          database: postgres(postgresUrl!, {
            max: 4,
            onnotice: () => {},
            connection: { search_path: options.split("=")[1]! },
          }),
        });
      }),
  },
  {
    database: "Neon over HTTP, a stand-in",
    runtime: "Deno",
    skip: noPostgres,
    async run() {
      const { db, close } = await openNeon(postgresUrl!);
      try {
        await createItems(db);
        return await tryFeatures(db);
      } finally {
        await close();
      }
    },
  },
  {
    database: "MariaDB, `mysql2`",
    runtime: "Deno",
    skip: mysqlUrl === undefined ? "KYSERA_TEST_MYSQL_URL is not set" : undefined,
    async run() {
      const { createPool } = await import("mysql2");
      const name = uniqueName();
      const url = new URL(mysqlUrl!);
      const admin = new Kysely<any>({ dialect: mysql2Dialect({ pool: createPool(url.href) }) });
      try {
        await sql`create database ${sql.id(name)}`.execute(admin);
        url.pathname = `/${name}`;
        return await on(() =>
          Promise.resolve(
            mysql2Dialect({
              pool: createPool({ uri: url.href, supportBigNumbers: true, bigNumberStrings: true }),
            }),
          )
        );
      } finally {
        await sql`drop database if exists ${sql.id(name)}`.execute(admin);
        await admin.destroy();
      }
    },
  },
];

async function on(open: () => Promise<Dialect>): Promise<readonly string[]> {
  const db = new Kysely<any>({ dialect: await open() });
  try {
    await createItems(db);
    return await tryFeatures(db);
  } finally {
    await db.destroy();
  }
}

async function inSchema(
  open: (options: string) => Promise<Dialect>,
): Promise<readonly string[]> {
  const { default: pg } = await import("pg");
  const schema = uniqueName();
  const admin = new Kysely<any>({
    dialect: pgDialect({ pool: new pg.Pool({ connectionString: postgresUrl! }) }),
  });
  try {
    await admin.schema.createSchema(schema).execute();
    return await on(() => open(`-csearch_path=${schema}`));
  } finally {
    await admin.schema.dropSchema(schema).ifExists().cascade().execute();
    await admin.destroy();
  }
}

async function inDurableObject(): Promise<readonly string[]> {
  const { text, skip } = await bundleWorker(
    new URL("../tests/edge/worker/features.ts", import.meta.url),
  );
  if (text === undefined) throw new Error(skip);
  const { Miniflare } = await import("miniflare");
  const miniflare = new Miniflare({
    modules: true,
    script: text,
    compatibilityDate: "2026-01-01",
    durableObjects: { STORE: { className: "Store", useSQLite: true } },
  });
  try {
    const response = await miniflare.dispatchFetch("http://worker/");
    return await response.json() as string[];
  } finally {
    await miniflare.dispose();
  }
}

/** Returns the page, of the cells of each line. */
export function runtimesPage(cells: readonly (readonly string[])[]): string {
  const head = ["database", "runtime", ...FEATURES.map(({ name }) => name)];
  const rows = RUNTIME_ROWS.map(({ database, runtime }, i) => [
    database,
    runtime,
    ...cells[i]!.map((cell) => cell === "yes" ? cell : `\`${cell}\``),
  ]);
  return [
    "# Databases and runtimes",
    [
      "Written by `deno task runtimes`, which tries each feature on each database: `yes` is what it saw,",
      "and a name is that of the error which says that there is none. A test compares the two.",
    ].join("\n"),
    table(head, rows),
    [
      "- The tests of the packages run on Deno, and as npm packages on Node and Bun (`deno task test:npm`):",
      "  what is said of Deno holds there for the drivers that exist there.",
      "- On workerd every entry point of every package loads, without `nodejs_compat` except for",
      "  `@kysera/migrations/files` and `@kysera/rls/async-context`, which are about something of Node.",
      "- In Chromium main tests of the packages run on `sqlite-wasm` and on PGlite",
      "  (`tests/edge/browser_test.ts`).",
      "- D1 and Neon over HTTP have no interactive transactions: `batch()`, what repositories write of",
      "  several rows, and soft delete with relations, is one batch of the database. Refused are `reviveBy`",
      "  of soft delete, and on Neon `updateWhere` with a version.",
      "- D1 and Durable Objects take 100 parameters in a statement: longer lists of keys of one column are",
      "  one JSON text, except of bytes, fractions and texts with NUL.",
      "- Neon is a local stand-in that speaks its documented protocol to PostgreSQL.",
    ].join("\n"),
  ].join("\n\n") + "\n";
}

/** Returns the cells of a line of the page; `undefined` where it has no such line. */
export function cellsOnPage({ database, runtime }: RuntimeRow): readonly string[] | undefined {
  const line = readFileSync(RUNTIMES_PAGE, "utf8").split("\n")
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()))
    .find(([first, second]) => first === database && second === runtime);
  return line?.slice(2).map((cell) => cell.replaceAll("`", ""));
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) =>
    Math.max(title.length, ...rows.map((row) => row[i]!.length))
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

if (import.meta.main) {
  const missing = RUNTIME_ROWS.find(({ skip }) => skip !== undefined);
  if (missing !== undefined) throw new Error(`${missing.database}: ${missing.skip}`);
  const cells: (readonly string[])[] = [];
  for (const row of RUNTIME_ROWS) cells.push(await row.run());
  writeFileSync(RUNTIMES_PAGE, runtimesPage(cells));
}
