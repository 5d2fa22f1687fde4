import type { Dependency, ProjectChoice, ProjectDatabaseName, Runtime } from "./_choice.ts";

/** What a project has that is another thing for each database. */
export interface DatabaseTraits {
  /** The connection URL that the project begins with; its name stands in for `NAME`. */
  readonly url: string;
  /** The URL of the tests; absent where they need a server. */
  readonly testUrl: string | undefined;
  readonly dependencies: readonly Dependency[];
  /** What `src/database.ts` imports beside the toolkit. */
  readonly imports: readonly string[];
  /** What it imports from `@kysera/dialects`. */
  readonly dialectName: string;
  /** The expression of the dialect, with `url` at hand. */
  readonly dialect: string;
  /** The columns of the migration by what they are for. */
  readonly id: string;
  readonly text: string;
  readonly time: string;
  /** The expression that the current time is inserted by. */
  readonly now: string;
}

const SERVER = { testUrl: undefined, text: "varchar(255)" } as const;

const TRAITS: Readonly<Record<ProjectDatabaseName, DatabaseTraits>> = {
  sqlite: {
    url: "sqlite:NAME.db",
    testUrl: "sqlite::memory:",
    dependencies: [],
    imports: ['import { DatabaseSync } from "node:sqlite";'],
    dialectName: "nodeSqliteDialect",
    dialect: 'nodeSqliteDialect({ database: new DatabaseSync(url.replace("sqlite:", "")) })',
    id: '"integer", (column) => column.primaryKey().autoIncrement()',
    text: "text",
    time: "text",
    now: "sql`(strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))`",
  },
  pglite: {
    url: "pglite:data/NAME",
    testUrl: "pglite::memory:",
    dependencies: [{ name: "@electric-sql/pglite", version: "^0.5.16" }],
    imports: ['import { PGlite } from "@electric-sql/pglite";'],
    dialectName: "pgliteDialect",
    dialect:
      'pgliteDialect({\n    database: () => {\n      const folder = url.replace("pglite:", "");\n' +
      '      return folder === ":memory:" ? PGlite.create() : PGlite.create(folder);\n    },\n  })',
    id: '"integer", (column) => column.primaryKey().generatedByDefaultAsIdentity()',
    text: "text",
    time: "timestamptz",
    now: "sql`now()`",
  },
  postgres: {
    ...SERVER,
    url: "postgres://postgres@localhost:5432/NAME",
    dependencies: [
      { name: "pg", version: "^8.23.1" },
      { name: "@types/pg", version: "^8.23.1", isDev: true },
    ],
    imports: ['import pg from "pg";'],
    dialectName: "pgDialect",
    dialect: "pgDialect({ pool: new pg.Pool({ connectionString: url }) })",
    id: '"integer", (column) => column.primaryKey().generatedByDefaultAsIdentity()',
    text: "text",
    time: "timestamptz",
    now: "sql`now()`",
  },
  mariadb: {
    ...SERVER,
    url: "mysql://root@localhost:3306/NAME",
    dependencies: [{ name: "mysql2", version: "^3.24.6" }],
    imports: ['import { createPool } from "mysql2";'],
    dialectName: "mysql2Dialect",
    dialect: 'mysql2Dialect({ pool: createPool({ uri: url, timezone: "Z" }) })',
    id: '"integer", (column) => column.primaryKey().autoIncrement()',
    time: "datetime(3)",
    now: "sql`current_timestamp(3)`",
  },
};

/** What SQLite is on Bun, whose own driver every version has. */
const BUN_SQLITE: Partial<DatabaseTraits> = {
  imports: ['import { Database as File } from "bun:sqlite";'],
  dialectName: "bunSqliteDialect",
  dialect: 'bunSqliteDialect({ database: new File(url.replace("sqlite:", "")) })',
};

/** Returns what a project has that depends on its database. */
export function traitsOf({ database, runtime, name }: ProjectChoice): DatabaseTraits {
  const traits = TRAITS[database];
  const special = database === "sqlite" && runtime === ("bun" satisfies Runtime) ? BUN_SQLITE : {};
  return { ...traits, ...special, url: traits.url.replace("NAME", name.replaceAll("-", "_")) };
}
