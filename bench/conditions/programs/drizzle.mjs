import { PGlite } from "@electric-sql/pglite";
import { and, eq, exists, getTableColumns, inArray, relations, sql } from "drizzle-orm";
import { integer, pgPolicy, pgRole, pgTable, text } from "drizzle-orm/pg-core";
import { drizzle } from "drizzle-orm/pglite";
import { report, SCHEMA } from "./_run.mjs";

// The condition, declared once: policies of PostgreSQL. The migration of the schema creates them,
// here the lines that follow; they are for the role that the application logs in as.
const app = pgRole("app");
const live = () => pgPolicy("live", { to: app, using: sql`deleted_at is null` });
const authors = pgTable("authors", {
  id: integer().primaryKey(),
  name: text().notNull(),
  deleted_at: text(),
}, () => [live()]);
const books = pgTable("books", {
  id: integer().primaryKey(),
  author_id: integer().notNull(),
  title: text().notNull(),
  deleted_at: text(),
}, () => [live()]);
const schema = {
  authors,
  books,
  authorsRelations: relations(authors, ({ many }) => ({ books: many(books) })),
  booksRelations: relations(books, ({ one }) => ({
    author: one(authors, { fields: [books.author_id], references: [authors.id] }),
  })),
};
const MIGRATION = [
  "create role app",
  ...["authors", "books"].flatMap((table) => [
    `alter table ${table} enable row level security`,
    `create policy live on ${table} to app using (deleted_at is null)`,
    `grant select, insert, update, delete on ${table} to app`,
  ]),
];

async function open() {
  const database = await PGlite.create();
  for (const statement of [...SCHEMA, ...MIGRATION, "set role app"]) await database.exec(statement);
  return {
    use: drizzle(database, { schema }),
    rows: async () => {
      await database.exec("reset role");
      return (await database.query("select id, title, deleted_at from books order by id")).rows;
    },
    close: () => database.close(),
  };
}

const titles = (rows) => rows.map(({ title }) => title);

await report(open, {
  list: async (db) => titles(await db.select().from(books)),
  byKey: async (db) => titles(await db.select().from(books).where(eq(books.id, 2))),
  count: (db) => db.$count(books),
  relation: async (db) => {
    const ada = await db.query.authors.findFirst({
      where: eq(authors.id, 1),
      with: { books: true },
    });
    return titles(ada.books);
  },
  join: async (db) =>
    titles(
      await db.select(getTableColumns(books)).from(books)
        .innerJoin(authors, eq(authors.id, books.author_id)),
    ),
  related: async (db) =>
    (await db.select().from(authors).where(exists(
      db.select().from(books).where(and(eq(books.author_id, authors.id), eq(books.title, "Gone"))),
    ))).map(({ name }) => name),
  subquery: async (db) =>
    titles(
      await db.select().from(books)
        .where(inArray(books.author_id, db.select({ id: authors.id }).from(authors))),
    ),
  update: (db) => db.update(books).set({ title: "New" }),
  delete: (db) => db.delete(books).where(eq(books.id, 2)),
  upsert: (db) =>
    db.insert(books).values({ id: 2, author_id: 1, title: "Mine" })
      .onConflictDoUpdate({ target: books.id, set: { title: "Mine" } }),
  raw: async (db) => titles((await db.execute(sql`select title from books`)).rows),
});
