import { ZenStackClient } from "@zenstackhq/orm";
import { SqlJsDialect } from "@zenstackhq/orm/dialects/sql.js";
import { PolicyPlugin } from "@zenstackhq/plugin-policy";
import { sql } from "kysely";
import initSqlJs from "sql.js";
import { report, SCHEMA } from "./_run.mjs";
// The condition is declared once in schema.zmodel, which this was generated from.
import { schema } from "./zenstack/schema.ts";

const SQL = await initSqlJs();

async function open() {
  const database = new SQL.Database();
  for (const statement of SCHEMA) database.run(statement);
  const plain = new ZenStackClient(schema, { dialect: new SqlJsDialect({ sqlJs: database }) });
  return {
    use: plain.$use(new PolicyPlugin()),
    rows: () => plain.$queryRaw`select id, title, deleted_at from books order by id`,
    close: () => plain.$disconnect(),
  };
}

const titles = (rows) => rows.map(({ title }) => title);

await report(open, {
  list: async (db) => titles(await db.books.findMany()),
  byKey: async (db) => titles([await db.books.findUnique({ where: { id: 2 } })].filter(Boolean)),
  count: (db) => db.books.count(),
  relation: async (db) => {
    const ada = await db.authors.findUnique({ where: { id: 1 }, include: { books: true } });
    return titles(ada.books);
  },
  join: async (db) =>
    titles(
      await db.$qb.selectFrom("books as b").innerJoin("authors as a", "a.id", "b.author_id")
        .select("b.title").execute(),
    ),
  related: async (db) =>
    (await db.authors.findMany({ where: { books: { some: { title: "Gone" } } } }))
      .map(({ name }) => name),
  subquery: async (db) =>
    titles(
      await db.$qb.selectFrom("books").select("title")
        .where("author_id", "in", (eb) => eb.selectFrom("authors").select("id")).execute(),
    ),
  update: (db) => db.books.updateMany({ data: { title: "New" } }),
  delete: (db) => db.books.deleteMany({ where: { id: 2 } }),
  upsert: (db) =>
    db.books.upsert({
      where: { id: 2 },
      create: { id: 2, author_id: 1, title: "Mine" },
      update: { title: "Mine" },
    }),
  raw: async (db) => titles((await sql`select title from books`.execute(db.$qb)).rows),
});
