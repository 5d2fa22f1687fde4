import { nodeSqliteDialect } from "@kysera/dialects";
import { createExecutor } from "@kysera/executor";
import { defineRelations } from "@kysera/repository";
import { softDeletePlugin } from "@kysera/soft-delete";
import { Kysely, sql } from "kysely";
import { DatabaseSync } from "node:sqlite";
import { report, SCHEMA } from "./_run.mjs";

const relations = defineRelations()({
  authors: { books: { type: "hasMany", table: "books", columns: { id: "author_id" } } },
});

async function open() {
  const database = new DatabaseSync(":memory:");
  for (const statement of SCHEMA) database.exec(statement);
  const db = new Kysely({ dialect: nodeSqliteDialect({ database }) });
  return {
    // The condition, declared once.
    use: await createExecutor(db, [softDeletePlugin()], { rawSql: "deny" }),
    rows: () => database.prepare("select id, title, deleted_at from books order by id").all(),
    close: () => db.destroy(),
  };
}

const titles = (rows) => rows.map(({ title }) => title);

await report(open, {
  list: async (db) => titles(await db.selectFrom("books").select("title").execute()),
  byKey: async (db) =>
    titles(await db.selectFrom("books").select("title").where("id", "=", 2).execute()),
  count: async (db) => {
    const { n } = await db.selectFrom("books").select((eb) => eb.fn.countAll().as("n"))
      .executeTakeFirstOrThrow();
    return Number(n);
  },
  relation: async (db) => {
    const authors = await db.selectFrom("authors").select(["id", "name"]).where("id", "=", 1)
      .execute();
    const [ada] = await relations.load(db, "authors", authors, { books: true });
    return titles(ada.books);
  },
  join: async (db) =>
    titles(
      await db.selectFrom("books as b").innerJoin("authors as a", "a.id", "b.author_id")
        .select("b.title").execute(),
    ),
  related: async (db) =>
    (await db.selectFrom("authors as a").select("a.name").where((eb) =>
      eb.exists(
        eb.selectFrom("books as b").select("b.id").whereRef("b.author_id", "=", "a.id")
          .where("b.title", "=", "Gone"),
      )
    ).execute()).map(({ name }) => name),
  subquery: async (db) =>
    titles(
      await db.selectFrom("books").select("title")
        .where("author_id", "in", (eb) => eb.selectFrom("authors").select("id")).execute(),
    ),
  update: async (db) => void await db.updateTable("books").set({ title: "New" }).execute(),
  delete: async (db) => void await db.deleteFrom("books").where("id", "=", 2).execute(),
  upsert: async (db) =>
    void await db.insertInto("books").values({ id: 2, author_id: 1, title: "Mine" })
      .onConflict((on) => on.column("id").doUpdateSet({ title: "Mine" })).execute(),
  raw: async (db) => titles((await sql`select title from books`.execute(db)).rows),
});
