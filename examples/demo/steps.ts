import { onlyDeleted, restore, softDelete, withDeleted } from "@kysera/soft-delete";
import type { Compilable, Kysely } from "kysely";
import type { Library } from "./library.ts";

type DB = Kysely<Library>;

/** A query that can be shown before it runs. */
interface Query extends Compilable {
  execute(): Promise<object[]>;
  stream(): AsyncIterableIterator<object>;
}

/** A query that bare Kysely and the executor are both given. */
export interface QueryStep {
  readonly title: string;
  readonly note: string;
  /** Whether it changes rows: bare Kysely then runs it in a transaction that is rolled back. */
  readonly writes?: boolean;
  readonly query: (db: DB) => Query;
  /** How it is run, where not by `execute()`. */
  readonly run?: (query: Query) => Promise<object[]>;
}

/** Code that is more than a query. */
export interface CodeStep {
  readonly title: string;
  readonly note: string;
  /** What {@linkcode act} does, for reading. */
  readonly code: string;
  readonly act: (executor: DB) => Promise<object[]>;
}

/** What the demo shows, in this order. */
export const steps: readonly (QueryStep | CodeStep)[] = [
  {
    title: "Soft delete",
    note: "Two books and an author are marked as deleted. From here on they are hidden.",
    code: `softDelete(executor, "books", [4, 5])
softDelete(executor, "authors", 4)`,
    act: async (executor) => [{
      books: await softDelete(executor, "books", [4, 5]),
      authors: await softDelete(executor, "authors", 4),
    }],
  },
  {
    title: "A table under an alias",
    note: "The condition names the reference as the query does.",
    query: (db) => db.selectFrom("books as b").select(["b.id", "b.title"]).orderBy("b.id"),
  },
  {
    title: "Inner join",
    note: "Each reference is filtered: Middlemarch is there, but its author is not.",
    query: (db) =>
      db.selectFrom("loans as l").innerJoin("books as b", "b.id", "l.book_id")
        .innerJoin("authors as a", "a.id", "b.author_id")
        .select(["l.reader", "b.title", "a.name"]).orderBy("l.id"),
  },
  {
    title: "Left join",
    note: "The right side is filtered in ON, so that Dickens keeps his row without a book.",
    query: (db) =>
      db.selectFrom("authors as a").leftJoin("books as b", "b.author_id", "a.id")
        .select(["a.name", "b.title"]).orderBy("a.id").orderBy("b.id"),
  },
  {
    title: "Full join",
    note: "Neither WHERE nor ON would be right here: each side is filtered before the join.",
    query: (db) =>
      db.selectFrom("books as b").fullJoin("authors as a", "a.id", "b.author_id")
        .select(["b.title", "a.name"]).orderBy("a.id").orderBy("b.id"),
  },
  {
    title: "Subquery",
    note: "Which loans are of books that the library has no more? Bare Kysely sees none.",
    query: (db) =>
      db.selectFrom("loans").select(["reader", "book_id"])
        .where("book_id", "not in", (eb) => eb.selectFrom("books").select("id")),
  },
  {
    title: "Common table expression",
    note: 'Filtered in its body, once; the name "early" is not a table and gets no condition.',
    query: (db) =>
      db.with("early", (qc) => qc.selectFrom("books").selectAll().where("year", "<", 1830))
        .selectFrom("early as e").innerJoin("authors as a", "a.id", "e.author_id")
        .select(["e.title", "a.name"]).orderBy("e.id"),
  },
  {
    title: "Union",
    note: "Each arm is filtered.",
    query: (db) =>
      db.selectFrom("books").select("title as found").where("title", "like", "%a%")
        .union(db.selectFrom("authors").select("name as found").where("name", "like", "%e%"))
        .orderBy("found"),
  },
  {
    title: "Aggregate",
    note: "Hidden rows are gone before anything is counted.",
    query: (db) =>
      db.selectFrom("books").select((eb) => [
        "author_id",
        eb.fn.countAll<number>().as("books"),
        eb.fn.max("year").as("latest"),
      ]).groupBy("author_id").orderBy("author_id"),
  },
  {
    title: "Update",
    note: "A hidden row is not there to be changed.",
    writes: true,
    query: (db) =>
      db.updateTable("books").set({ shelf: "classics" }).where("year", "<", 1830)
        .returning(["id", "title", "shelf"]),
  },
  {
    title: "Upsert",
    note: '"The Last Man" is taken by a hidden row. It is neither changed nor shown.',
    writes: true,
    query: (db) =>
      db.insertInto("books").values({ title: "The Last Man", author_id: 1, year: 2026 })
        .onConflict((conflict) =>
          conflict.column("title").doUpdateSet({ author_id: 1, year: 2026 })
        )
        .returning(["id", "title", "year"]),
  },
  {
    title: "Delete",
    note: "A hidden row is not there to be deleted either.",
    writes: true,
    query: (db) => db.deleteFrom("books").where("shelf", "=", "fiction").returning(["id", "title"]),
  },
  {
    title: "Refused",
    note: "REPLACE deletes what is in its way and takes no condition, so it does not run.",
    writes: true,
    query: (db) =>
      db.replaceInto("books").values({ title: "The Last Man", author_id: 1, year: 2026 })
        .returning(["id", "title"]),
  },
  {
    title: "Stream, left early",
    note: "Rows one by one; leaving the loop releases the connection.",
    query: (db) => db.selectFrom("books").select(["id", "title"]).orderBy("id", "desc"),
    run: async (query) => {
      const rows: object[] = [];
      for await (const row of query.stream()) {
        rows.push(row);
        if (rows.length === 2) break;
      }
      return rows;
    },
  },
  {
    title: "Transaction, rolled back",
    note: "What the plugin does is part of the transaction, and goes with it.",
    code: `executor.transaction()
  .execute(async (trx) => {
    await softDelete(trx, "books", 1);
    await titles(trx);
    throw new Error("no, wait");
  })
titles(executor)`,
    act: async (executor) => {
      let inside = "";
      await executor.transaction().execute(async (trx) => {
        await softDelete(trx, "books", 1);
        inside = await titles(trx);
        throw new Error("no, wait");
      }).catch(() => {});
      return [
        { when: "in the transaction", books: inside },
        { when: "afterwards", books: await titles(executor) },
      ];
    },
  },
  {
    title: "Transaction, committed",
    note: "A book comes back, and is lent at once.",
    code: `executor.transaction()
  .execute(async (trx) => {
    await restore(trx, "books", 4);
    await trx.insertInto("loans")
      .values(loan).execute();
  })
titles(executor)`,
    act: async (executor) => {
      await executor.transaction().execute(async (trx) => {
        await restore(trx, "books", 4);
        await trx.insertInto("loans").values({ book_id: 4, reader: "Eve" }).execute();
      });
      return [{ books: await titles(executor) }];
    },
  },
  {
    title: "On purpose",
    note: "A handle that shows deleted rows too, and one that shows nothing else.",
    code: `titles(withDeleted(executor))
titles(onlyDeleted(executor))`,
    act: async (executor) => [
      { handle: "withDeleted(executor)", books: await titles(withDeleted(executor)) },
      { handle: "onlyDeleted(executor)", books: await titles(onlyDeleted(executor)) },
    ],
  },
];

async function titles(db: DB): Promise<string> {
  const rows = await db.selectFrom("books").select("title").orderBy("id").execute();
  return rows.map(({ title }) => title).join(", ");
}
