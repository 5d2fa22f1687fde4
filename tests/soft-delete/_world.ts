/**
 * The tables that soft delete is tested on: users and posts have the column, labels have not.
 */
import { createExecutor, type KyseraExecutor } from "@kysera/executor";
import { type SoftDeleteOptions, softDeletePlugin } from "@kysera/soft-delete";
import { type Kysely, sql } from "kysely";
import type { TestDialect, TestOpenOptions } from "../support/matrix.ts";

export interface UsersTable {
  id: number;
  email: string;
  name: string;
  deleted_at: Date | string | null;
}

export interface PostsTable {
  id: number;
  user_id: number;
  title: string;
  deleted_at: Date | string | null;
}

export interface Database {
  sd_users: UsersTable;
  sd_posts: PostsTable;
  sd_labels: { id: number; name: string };
}

export interface World {
  /** Without the plugin. */
  readonly db: Kysely<Database>;
  readonly executor: KyseraExecutor<Database>;
  /** Ids of the users in the table, the deleted ones in parentheses: `1 (2) 3`. */
  users(): Promise<string>;
  /** The same of the posts. */
  posts(): Promise<string>;
  close(): Promise<void>;
}

/** When the clock of the tests stands, and when the rows were deleted that are so from the start. */
export const NOW: Date = new Date("2026-01-31T12:00:00.000Z");
export const BEFORE: Date = new Date("2025-06-30T08:30:00.000Z");

/** What a dialect calls the type of `deleted_at`. */
export function timeType({ dialect }: Pick<TestDialect, "dialect">): ReturnType<typeof sql> {
  if (dialect === "sqlite") return sql`text`;
  return dialect === "postgres" ? sql`timestamptz` : sql`datetime(3)`;
}

/** A time as a dialect's driver takes it. */
export function time({ dialect }: Pick<TestDialect, "dialect">, date: Date): Date | string {
  return dialect === "sqlite" ? date.toISOString() : date;
}

/** A time as it was read. */
export function iso(value: unknown): string | null {
  if (value === null) return null;
  return value instanceof Date ? value.toISOString() : String(value);
}

/** Users 1, (2), 3 and posts 10, 11 of the first, (12), 13 of the second, 14 of the third. */
export async function openWorld(
  dialect: TestDialect,
  options: SoftDeleteOptions = {},
  open: TestOpenOptions = {},
): Promise<World> {
  const { db, close }: { db: Kysely<Database>; close(): Promise<void> } = await dialect.open(open);
  try {
    await createTables(dialect, db);
    const executor = await createExecutor(db, [
      softDeletePlugin({
        tables: ["sd_users", "sd_posts"],
        ...("deletedValue" in options ? {} : { now: () => NOW }),
        ...options,
      }),
    ]);
    return {
      db,
      executor,
      users: () => ids(db, "sd_users"),
      posts: () => ids(db, "sd_posts"),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function createTables(dialect: TestDialect, db: Kysely<Database>): Promise<void> {
  await db.schema.createTable("sd_users")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("email", "varchar(50)", (column) => column.notNull().unique())
    .addColumn("name", "varchar(50)")
    .addColumn("deleted_at", timeType(dialect))
    .execute();
  await db.schema.createTable("sd_posts")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("user_id", "integer", (column) => column.notNull())
    .addColumn("title", "varchar(50)")
    .addColumn("deleted_at", timeType(dialect))
    .execute();
  await db.schema.createTable("sd_labels")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("name", "varchar(50)")
    .execute();
  const gone = time(dialect, BEFORE);
  await db.insertInto("sd_users").values([
    { id: 1, email: "ada@example.org", name: "Ada", deleted_at: null },
    { id: 2, email: "bob@example.org", name: "Bob", deleted_at: gone },
    { id: 3, email: "cyd@example.org", name: "Cyd", deleted_at: null },
  ]).execute();
  await db.insertInto("sd_posts").values([
    { id: 10, user_id: 1, title: "a", deleted_at: null },
    { id: 11, user_id: 1, title: "b", deleted_at: null },
    { id: 12, user_id: 1, title: "c", deleted_at: gone },
    { id: 13, user_id: 2, title: "d", deleted_at: null },
    { id: 14, user_id: 3, title: "e", deleted_at: null },
  ]).execute();
  await db.insertInto("sd_labels").values([{ id: 1, name: "x" }, { id: 2, name: "y" }]).execute();
}

async function ids(db: Kysely<Database>, table: "sd_users" | "sd_posts"): Promise<string> {
  const rows = await db.selectFrom(table).select(["id", "deleted_at"]).orderBy("id").execute();
  return rows.map(({ id, deleted_at }) => deleted_at === null ? `${id}` : `(${id})`).join(" ");
}
