import { Kysely, SqliteDialect } from "kysely";
import type { SqliteDatabase, SqliteStatement } from "kysely";
import type { DatabaseSync } from "node:sqlite";
import type { TestDatabase, TestOpenOptions } from "./matrix.ts";

type Bound = null | number | bigint | string | Uint8Array;

/** An empty in-memory SQLite database through `node:sqlite`. */
export async function openSqlite(options: TestOpenOptions = {}): Promise<TestDatabase> {
  const { DatabaseSync } = await import("node:sqlite");
  const dialect = new SqliteDialect({ database: adapt(new DatabaseSync(":memory:")) });
  const db = new Kysely<any>({
    dialect: options.wrap?.(dialect) ?? dialect,
    plugins: options.plugins ?? [],
  });
  return { db, close: () => db.destroy() };
}

function adapt(database: DatabaseSync): SqliteDatabase {
  return {
    close: () => database.close(),
    prepare(sql: string): SqliteStatement {
      const statement = database.prepare(sql);
      statement.setReadBigInts(true);
      return {
        reader: statement.columns().length > 0,
        all: (parameters) => statement.all(...parameters.map(bind)).map(plain),
        run: (parameters) => statement.run(...parameters.map(bind)),
        *iterate(parameters) {
          for (const row of statement.iterate(...parameters.map(bind))) yield plain(row);
        },
      };
    },
  };
}

function bind(value: unknown): Bound {
  if (value === undefined) return null;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (value instanceof Date) return value.toISOString();
  // The rest is what the driver takes, or refuses with an error of its own.
  return value as Bound;
}

function plain(row: object): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(row)) {
    out[key] = typeof value === "bigint" && Number.isSafeInteger(Number(value))
      ? Number(value)
      : value;
  }
  return out;
}
