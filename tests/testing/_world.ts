import type { Kysely } from "kysely";
import type { TestDatabase, TestDialect, TestOpenOptions } from "../support/matrix.ts";

export interface Database {
  users: { id: number; name: string; deleted_at: string | null };
}

/** A database with a table of users, and how to close it. */
export async function openUsers(
  dialect: TestDialect,
  options?: TestOpenOptions,
): Promise<{ db: Kysely<Database>; close: TestDatabase["close"] }> {
  const { db, close } = await dialect.open(options);
  await db.schema.createTable("users")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("name", "varchar(100)", (column) => column.notNull())
    .addColumn("deleted_at", "varchar(30)")
    .execute();
  return { db, close };
}

export const alice = { id: 1, name: "Alice", deleted_at: null };
export const bob = { id: 2, name: "Bob", deleted_at: null };

export function add(db: Kysely<Database>, user: Database["users"]): Promise<unknown> {
  return db.insertInto("users").values(user).execute();
}
