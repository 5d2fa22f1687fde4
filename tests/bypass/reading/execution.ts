/** Rows 14 and 15: streams and query plans. */
import { sql } from "kysely";
import type { BypassCase, Probe } from "../case.ts";
import { NO_STREAMS, onlyPostgres } from "../lacks.ts";

export const streams: readonly BypassCase[] = [
  {
    name: "for await, to the end",
    lacks: NO_STREAMS,
    run: async ({ db }) => {
      const names: unknown[] = [];
      for await (const row of db.selectFrom("users as u").select("u.name").stream(1)) {
        names.push(row);
      }
      return names;
    },
  },
  {
    name: "left early by break; the connection is free again",
    lacks: NO_STREAMS,
    run: async ({ db }) => {
      const rows: unknown[] = [];
      for await (const row of db.selectFrom("users").select("name").orderBy("score").stream(1)) {
        rows.push(row);
        break;
      }
      // There is one connection: this waits for ever where the stream keeps it.
      return [...rows, ...await db.selectFrom("users").select("name").execute()];
    },
  },
  {
    name: "left early by throw",
    lacks: NO_STREAMS,
    run: async ({ db }) => {
      try {
        for await (const row of db.selectFrom("users").select("name").orderBy("score").stream()) {
          throw row;
        }
      } catch (row) {
        return [row, ...await db.selectFrom("users").select("name").execute()];
      }
    },
  },
  {
    name: "in a transaction",
    lacks: NO_STREAMS,
    run: ({ db }) =>
      db.transaction().execute(async (trx) => {
        const rows: unknown[] = [];
        for await (const row of trx.selectFrom("users").selectAll().stream(2)) rows.push(row);
        return rows;
      }),
  },
  {
    name: "of a join with subqueries",
    lacks: NO_STREAMS,
    run: async ({ db }) => {
      const rows: unknown[] = [];
      const query = db.selectFrom("tags").leftJoin("users", "users.id", "tags.user_id")
        .select((eb) => [
          "users.name",
          eb.selectFrom("blog_posts").select((e) => e.fn.max("likes").as("m")).as("m"),
        ]);
      for await (const row of query.stream()) rows.push(row);
      return rows;
    },
  },
  {
    name: "of what a write returns",
    lacks: {
      ...NO_STREAMS,
      sqlite: "Kysely streams SELECT only on SQLite",
      mysql: "no RETURNING to stream",
    },
    writes: true,
    run: async ({ db }) => {
      const rows: unknown[] = [];
      const query = db.updateTable("users").set({ score: 0 }).returning("name");
      for await (const row of query.stream()) rows.push(row);
      return rows;
    },
  },
];

/** The plan of a query on a table, with the filter written by hand where no plugin adds it. */
function planned(
  build: (db: Probe["db"]) => any,
  explain: (query: any) => Promise<unknown> = (query) => query.explain(),
): Pick<BypassCase, "run" | "truth"> {
  return {
    run: ({ db }) => explain(build(db)),
    truth: ({ db, visible }) => explain(build(db).where((eb: any) => visible(eb, "users"))),
  };
}

export const plans: readonly BypassCase[] = [
  {
    name: "explain() of a select",
    ordered: true,
    ...planned((db) => db.selectFrom("users").select("name")),
  },
  {
    name: "explain() with a format",
    lacks: onlyPostgres("Kysely's formats are PostgreSQL's here"),
    ordered: true,
    ...planned((db) => db.selectFrom("users").select("name"), (query) => query.explain("json")),
  },
  {
    name: "explain() of a delete, which does not run it",
    harmless: true,
    must: ["ok"],
    writes: true,
    run: ({ db }) => db.deleteFrom("users").explain().then(() => "done"),
  },
  {
    name: "explain analyze of a delete, which runs it",
    lacks: onlyPostgres("EXPLAIN ANALYZE is PostgreSQL's (MariaDB's is another statement)"),
    writes: true,
    run: ({ db }) => db.deleteFrom("users").explain(undefined, sql`analyze`).then(() => "done"),
  },
  {
    name: "explain() whose format carries SQL",
    lacks: onlyPostgres("the format is PostgreSQL's"),
    writes: true,
    must: ["R", "F"],
    run: ({ db }) =>
      // The types allow the names of formats only; a string of the user's may be anything.
      db.selectFrom("tags").select("name").explain(
        "text) select 1; update users set name = 'hit'; --" as "text",
      ).then(() => "done"),
    truth: () => Promise.resolve("done"),
  },
];
