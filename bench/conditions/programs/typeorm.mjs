import { DataSource, EntitySchema } from "typeorm";
import { report, SCHEMA } from "./_run.mjs";

// The condition, declared once: a column that marks deleted rows.
const deleted_at = { type: "text", deleteDate: true, nullable: true };
const Author = new EntitySchema({
  name: "authors",
  columns: { id: { type: "integer", primary: true }, name: { type: "text" }, deleted_at },
  relations: { books: { type: "one-to-many", target: "books", inverseSide: "author" } },
});
const Book = new EntitySchema({
  name: "books",
  columns: {
    id: { type: "integer", primary: true },
    author_id: { type: "integer" },
    title: { type: "text" },
    deleted_at,
  },
  relations: {
    author: { type: "many-to-one", target: "authors", joinColumn: { name: "author_id" } },
  },
});

async function open() {
  const source = new DataSource({ type: "sqljs", entities: [Author, Book] });
  await source.initialize();
  for (const statement of SCHEMA) await source.query(statement);
  return {
    use: source,
    rows: () => source.query("select id, title, deleted_at from books order by id"),
    close: () => source.destroy(),
  };
}

const titles = (rows) => rows.map(({ title }) => title);
const books = (source) => source.getRepository("books");
const authors = (source) => source.getRepository("authors");

await report(open, {
  list: async (source) => titles(await books(source).find()),
  byKey: async (source) => titles(await books(source).findBy({ id: 2 })),
  count: (source) => books(source).count(),
  relation: async (source) => {
    const ada = await authors(source).findOne({ where: { id: 1 }, relations: { books: true } });
    return titles(ada.books);
  },
  join: async (source) =>
    titles(
      await books(source).createQueryBuilder("b").innerJoin("authors", "a", "a.id = b.author_id")
        .getMany(),
    ),
  related: async (source) =>
    (await authors(source).find({ where: { books: { title: "Gone" } } })).map(({ name }) => name),
  subquery: async (source) =>
    titles(
      await books(source).createQueryBuilder("b").where((query) =>
        `b.author_id in ${query.subQuery().select("a.id").from("authors", "a").getQuery()}`
      ).getMany(),
    ),
  update: (source) => books(source).createQueryBuilder().update().set({ title: "New" }).execute(),
  delete: (source) => books(source).delete({ id: 2 }),
  upsert: (source) => books(source).upsert({ id: 2, author_id: 1, title: "Mine" }, ["id"]),
  raw: async (source) => titles(await source.query("select title from books")),
});
