/** A Kysely whose queries are sent to the tools of `kysera mcp`. */
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  MysqlAdapter,
  MysqlIntrospector,
  MysqlQueryCompiler,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import type { Assistant } from "../../cli/_testing/mcp.ts";
import { inlineParameters } from "../../cli/sql/_inline_parameters.ts";
import { toolQuery } from "./_tool_query.ts";

/** What an assistant is told in place of rows. */
export class ToolRefusal extends Error {}

/** What the tools have answered. */
export interface Answered {
  /** How many queries with rows. */
  query: number;
  /** How many texts of SQL with rows. */
  query_sql: number;
  /** What was said last in place of rows. */
  refusal: string;
}

/** What makes the dialect of each database, except its driver. */
const DIALECTS: Readonly<
  Record<"sqlite" | "postgres" | "mysql", (driver: Driver) => Dialect>
> = {
  sqlite: (driver) => ({
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => driver,
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  }),
  postgres: (driver) => ({
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => driver,
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  }),
  mysql: (driver) => ({
    createAdapter: () => new MysqlAdapter(),
    createDriver: () => driver,
    createIntrospector: (db) => new MysqlIntrospector(db),
    createQueryCompiler: () => new MysqlQueryCompiler(),
  }),
};

/**
 * Creates a Kysely whose queries are sent to the tools: as JSON where there is JSON for them, and
 * otherwise as a text of SQL.
 *
 * @param answered counts what was answered
 */
export function assistantKysely(
  assistant: Assistant,
  dialect: keyof typeof DIALECTS,
  answered: Answered,
): Kysely<any> {
  const connection: DatabaseConnection = {
    async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
      // Some cases hand a text over with the nodes of another query.
      const isOwn = compiler.compileQuery(query.query, query.queryId).sql === query.sql;
      const structured = isOwn ? toolQuery(query.query) : undefined;
      const [tool, args] = structured === undefined
        ? ["query_sql", { sql: inlineParameters(query.sql, query.parameters, dialect) }] as const
        : ["query", structured] as const;
      const { isError, data, text } = await assistant.call(tool, args);
      if (isError) throw new ToolRefusal(answered.refusal = text);
      answered[tool]++;
      return { rows: data.rows };
    },
    async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
      yield await connection.executeQuery<R>(query);
    },
  };
  const nothing = () => Promise.resolve();
  const driver: Driver = {
    init: nothing,
    acquireConnection: () => Promise.resolve(connection),
    beginTransaction: nothing,
    commitTransaction: nothing,
    rollbackTransaction: nothing,
    savepoint: nothing,
    rollbackToSavepoint: nothing,
    releaseSavepoint: nothing,
    releaseConnection: nothing,
    destroy: nothing,
  };
  const given = DIALECTS[dialect](driver);
  const compiler = given.createQueryCompiler();
  return new Kysely<any>({ dialect: given });
}
