import { Kysely, PostgresDialect } from "kysely";
import { uniqueName } from "./_names.ts";
import type { TestDatabase, TestOpenOptions } from "./matrix.ts";

/** A fresh schema on a PostgreSQL server; every connection has it as its search path. */
export async function openPostgres(
  url: string,
  options: TestOpenOptions = {},
): Promise<TestDatabase> {
  const { default: pg } = await import("pg");
  const { default: Cursor } = await import("pg-cursor");
  const schema = uniqueName();
  const admin = async (statement: string): Promise<void> => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      await client.query(statement);
    } finally {
      await client.end();
    }
  };
  await admin(`create schema "${schema}"`);
  const dialect = new PostgresDialect({
    cursor: Cursor,
    pool: new pg.Pool({
      connectionString: url,
      max: options.connections ?? 4,
      // Compiling a query costs more than running it on the few rows of a test.
      options: `-c jit=off -c search_path=${schema} -c client_min_messages=warning`,
    }),
  });
  const db = new Kysely<any>({
    dialect: options.wrap?.(dialect) ?? dialect,
    plugins: options.plugins ?? [],
  });
  return {
    db,
    async close() {
      await db.destroy();
      await admin(`drop schema "${schema}" cascade`);
    },
  };
}
