import { defineEntity, MikroORM, p, raw } from "@mikro-orm/libsql";
import { report, SCHEMA } from "./_run.mjs";

// The condition, declared once: a filter of each entity that is on by default.
const filters = { live: { name: "live", cond: { deleted_at: null }, default: true } };
const Author = defineEntity({
  name: "Author",
  tableName: "authors",
  filters,
  properties: {
    id: p.integer().primary(),
    name: p.text(),
    deleted_at: p.text().nullable(),
    books: () => p.oneToMany(Book).mappedBy("author"),
  },
});
const Book = defineEntity({
  name: "Book",
  tableName: "books",
  filters,
  properties: {
    id: p.integer().primary(),
    author: () => p.manyToOne(Author).joinColumn("author_id"),
    title: p.text(),
    deleted_at: p.text().nullable(),
  },
});

async function open() {
  const orm = await MikroORM.init({ dbName: ":memory:", entities: [Author, Book] });
  const connection = orm.em.getConnection();
  for (const statement of SCHEMA) await connection.execute(statement);
  return {
    use: orm.em.fork(),
    rows: () => connection.execute("select id, title, deleted_at from books order by id"),
    close: () => orm.close(),
  };
}

const titles = (rows) => rows.map(({ title }) => title);

await report(open, {
  list: async (em) => titles(await em.find(Book, {})),
  byKey: async (em) => titles(await em.find(Book, { id: 2 })),
  count: (em) => em.count(Book, {}),
  relation: async (em) => {
    const [ada] = await em.find(Author, { id: 1 }, { populate: ["books"] });
    return titles(ada.books.getItems());
  },
  join: async (em) =>
    titles(
      await em.createQueryBuilder(Book, "b").select("b.*").innerJoin("b.author", "a").getResult(),
    ),
  related: async (em) =>
    (await em.find(Author, { books: { title: "Gone" } })).map(({ name }) => name),
  subquery: async (em) => {
    const ids = em.createQueryBuilder(Author, "a").select("a.id");
    return titles(
      await em.createQueryBuilder(Book, "b").select("b.*").where({ author: { $in: ids } })
        .getResult(),
    );
  },
  update: (em) => em.nativeUpdate(Book, {}, { title: "New" }),
  delete: (em) => em.nativeDelete(Book, { id: 2 }),
  upsert: (em) => em.upsert(Book, { id: 2, author: 1, title: "Mine" }),
  raw: async (em) => titles(await em.execute("select title from books")),
});
