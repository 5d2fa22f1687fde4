import type { TestDialect } from "../../tests/support/matrix.ts";

/** What a configuration with an executor holds. */
export interface ExecutorConfig {
  /** Lines before it: imports and constants. */
  readonly head: string;
  /** The plugins, as code: `[rlsPlugin({ schema })]`. */
  readonly plugins: string;
  /** More keys of the configuration, as code. */
  readonly more?: string;
}

/** Writes a configuration whose `database.kysely` creates an executor on a database. */
export function executorConfig(
  { name }: Pick<TestDialect, "name">,
  url: string,
  { head, plugins, more = "" }: ExecutorConfig,
): string {
  return `
import { createExecutor } from "@kysera/executor";
import { Kysely } from "kysely";
${OPENERS[name](url)}
${head}
export default {
  database: { kysely: () => createExecutor(new Kysely({ dialect: dialect() }), ${plugins}) },
  ${more}
};
`;
}

const OPENERS: Readonly<Record<TestDialect["name"], (url: string) => string>> = {
  sqlite: (url) => `
import { nodeSqliteDialect } from "@kysera/dialects";
import { DatabaseSync } from "node:sqlite";
const dialect = () =>
  nodeSqliteDialect({ database: new DatabaseSync(${
    JSON.stringify(url.replace(/^sqlite:/, ""))
  }) });`,
  pglite: () => {
    throw new Error("No test needs it");
  },
  postgres: (url) => `
import { pgDialect } from "@kysera/dialects";
import pg from "pg";
const dialect = () =>
  pgDialect({ pool: new pg.Pool({ connectionString: ${JSON.stringify(url)}, max: 2 }) });`,
  mysql: (url) => `
import { mysql2Dialect } from "@kysera/dialects";
import mysql from "mysql2";
const dialect = () => mysql2Dialect({ pool: mysql.createPool({ uri: ${JSON.stringify(url)} }) });`,
};
