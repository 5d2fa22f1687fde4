import { nodeSqliteDialect } from "@kysera/dialects";
import { type Generated, Kysely, type LogEvent } from "kysely";
import { DatabaseSync } from "node:sqlite";

/** A lending library. Authors and books are soft-deleted; loans know nothing of it. */
export interface Library {
  authors: { id: Generated<number>; name: string; deleted_at: Generated<string | null> };
  books: {
    id: Generated<number>;
    title: string;
    author_id: number;
    year: number;
    shelf: Generated<string>;
    deleted_at: Generated<string | null>;
  };
  loans: { id: Generated<number>; book_id: number; reader: string };
}

/**
 * Opens an empty in-memory database.
 *
 * @param log Called with every statement that the database runs.
 * @returns Bare Kysely on it.
 */
export function openLibrary(log: (event: LogEvent) => void): Kysely<Library> {
  const database = new DatabaseSync(":memory:");
  return new Kysely<Library>({ dialect: nodeSqliteDialect({ database }), log });
}

/** Creates the tables. */
export async function createTables(db: Kysely<Library>): Promise<void> {
  await db.schema.createTable("authors")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("deleted_at", "text")
    .execute();
  await db.schema.createTable("books")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("title", "text", (column) => column.notNull().unique())
    .addColumn("author_id", "integer", (column) => column.notNull().references("authors.id"))
    .addColumn("year", "integer", (column) => column.notNull())
    .addColumn("shelf", "text", (column) => column.notNull().defaultTo("fiction"))
    .addColumn("deleted_at", "text")
    .execute();
  await db.schema.createTable("loans")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("book_id", "integer", (column) => column.notNull())
    .addColumn("reader", "text", (column) => column.notNull())
    .execute();
}

/** Fills the tables. */
export async function insertRows(db: Kysely<Library>): Promise<void> {
  await db.insertInto("authors").values([
    { name: "Jane Austen" },
    { name: "Mary Shelley" },
    { name: "Charles Dickens" },
    { name: "George Eliot" },
  ]).execute();
  await db.insertInto("books").values([
    { title: "Emma", author_id: 1, year: 1815 },
    { title: "Persuasion", author_id: 1, year: 1817 },
    { title: "Frankenstein", author_id: 2, year: 1818 },
    { title: "The Last Man", author_id: 2, year: 1826 },
    { title: "Oliver Twist", author_id: 3, year: 1838 },
    { title: "Middlemarch", author_id: 4, year: 1871 },
  ]).execute();
  await db.insertInto("loans").values([
    { book_id: 1, reader: "Ada" },
    { book_id: 3, reader: "Ben" },
    { book_id: 4, reader: "Cleo" },
    { book_id: 6, reader: "Dan" },
  ]).execute();
}
