/** Row 17: columns that the caller may not read. */
import type { Plugin } from "@kysera/executor";
import { allow, rlsPlugin } from "@kysera/rls";
import { type Kysely, sql } from "kysely";
import type { BypassCase } from "../case.ts";
import { NO_RETURNING, NO_STREAMS, NO_WRITING_CTE } from "../lacks.ts";

/** Nobody may read `score`; of their own row alone, `email`. */
const masking: Plugin = rlsPlugin({
  schema: {
    users: {
      policies: [allow("all", true)],
      columns: { score: { read: false }, email: { read: (ctx) => ({ id: ctx.auth.userId }) } },
    },
  },
});

/** A query on a database whose plugin masks columns, and what is right. */
function masked(
  name: string,
  run: (db: Kysely<any>) => Promise<unknown>,
  truth: (db: Kysely<any>) => Promise<unknown>,
  more: Partial<BypassCase> = {},
): BypassCase {
  return {
    name,
    subjects: ["policies"],
    run: async ({ bare, make }) => await run(await make(bare, [masking])),
    truth: ({ db }) => truth(db),
    ...more,
  };
}

const NOTHING = () => Promise.resolve([]);
const asItIs = (rows: readonly object[]) => Promise.resolve(rows);

export const maskedColumns: readonly BypassCase[] = [
  masked(
    "select",
    (db) => db.selectFrom("users").select(["id", "score", "email"]).execute(),
    (db) =>
      db.selectFrom("users").select([
        "id",
        sql`null`.as("score"),
        sql`case when id = 1 then email end`.as("email"),
      ]).execute(),
  ),
  masked(
    "select *",
    (db) => db.selectFrom("users as u").selectAll("u").where("u.id", "<", 3).execute(),
    async (db) =>
      (await db.selectFrom("users").selectAll().where("id", "<", 3).execute()).map((row) => ({
        ...row,
        score: null,
        email: row["id"] === 1 ? row["email"] : null,
      })),
  ),
  masked(
    "where",
    (db) => db.selectFrom("users").select("id").where("score", ">", 5).execute(),
    NOTHING,
  ),
  masked(
    "where, of some rows",
    (db) => db.selectFrom("users").select("id").where("email", "like", "%@x").execute(),
    () => asItIs([{ id: 1 }]),
  ),
  masked(
    "order by",
    (db) => db.selectFrom("users").select("id").orderBy("score", "desc").orderBy("id").execute(),
    (db) => db.selectFrom("users").select("id").orderBy("id").execute(),
    { ordered: true },
  ),
  masked(
    "group by, having and an aggregate",
    (db) =>
      db.selectFrom("users").select((eb) => [
        eb.fn.count("id").as("n"),
        eb.fn.max("score").as("most"),
      ]).groupBy("score").execute(),
    (db) =>
      db.selectFrom("users").select((eb) => [eb.fn.count("id").as("n"), sql`null`.as("most")])
        .execute(),
  ),
  masked(
    "a join's condition, a subquery and a common table expression",
    (db) =>
      db.with("x", (q) => q.selectFrom("users").select(["id", "score"]))
        .selectFrom("tags").innerJoin("users as u", "u.score", "tags.id")
        .select("tags.id").where("tags.id", "in", (eb: any) => eb.selectFrom("x").select("x.score"))
        .union((eb: any) => eb.selectFrom("x").select("x.id").where("x.score", "=", 10)).execute(),
    NOTHING,
  ),
  masked(
    "a window's order",
    async (db) => {
      const ranked = await db.selectFrom("users").select((eb) => [
        "id",
        eb.fn.agg<number>("rank").over((ob) => ob.orderBy("score")).as("rank"),
      ]).execute();
      return ranked.map(({ id, rank }) => ({ id, rank: Number(rank) }));
    },
    (db) => db.selectFrom("users").select(["id", sql`1`.as("rank")]).execute(),
  ),
  masked(
    "the where of an update",
    (db) =>
      db.updateTable("users").set({ name: "x" }).where("score", ">", 5).execute().then(NOTHING),
    NOTHING,
    { writes: true },
  ),
  masked(
    "the where of a delete",
    (db) => db.deleteFrom("users").where("score", ">", 5).execute().then(NOTHING),
    NOTHING,
    { writes: true },
  ),
  masked(
    "copied into a column that may be read",
    (db) =>
      db.updateTable("users").set((eb) => ({ name: eb.ref("score") })).execute().then(NOTHING),
    (db) => db.updateTable("users").set({ name: null }).execute().then(NOTHING),
    { writes: true, must: ["F", "R"] },
  ),
  masked(
    "returning",
    (db) =>
      db.updateTable("users").set({ name: "x" }).where("id", "=", 1).returning(["id", "score"])
        .execute(),
    async (db) => {
      await db.updateTable("users").set({ name: "x" }).where("id", "=", 1).execute();
      return [{ id: 1, score: null }];
    },
    { writes: true, lacks: NO_RETURNING },
  ),
  masked(
    "returning, of a delete",
    (db) =>
      db.deleteFrom("users").where("id", "=", 3).returning(["id", "score", "email"]).execute(),
    async (db) => {
      await db.deleteFrom("users").where("id", "=", 3).execute();
      return [{ id: 3, score: null, email: null }];
    },
    { writes: true, lacks: NO_RETURNING },
  ),
  masked(
    "returning, of an upsert",
    (db) =>
      db.insertInto("users").values({ id: 3, name: "x" })
        .onConflict((oc) => oc.column("id").doUpdateSet({ name: "x" }))
        .returning(["id", "score", "email"]).execute(),
    async (db) => {
      await db.updateTable("users").set({ name: "x" }).where("id", "=", 3).execute();
      return [{ id: 3, score: null, email: null }];
    },
    { writes: true, lacks: NO_RETURNING },
  ),
  masked(
    "returning, in a part of WITH",
    (db) =>
      db.with(
        "x",
        (q) =>
          q.updateTable("users").set({ name: "x" }).where("id", "=", 3).returning(["id", "score"]),
      )
        .selectFrom("x").selectAll().execute(),
    async (db) => {
      await db.updateTable("users").set({ name: "x" }).where("id", "=", 3).execute();
      return [{ id: 3, score: null }];
    },
    { writes: true, lacks: NO_WRITING_CTE },
  ),
  masked(
    "a guess in the where of an update, by the number of its rows",
    async (db) => {
      const counts = [];
      for (const guess of [-1, 5, 10]) {
        const { numUpdatedRows } = await db.updateTable("users").set({ name: "x" })
          .where("id", "=", 1).where("score", ">", guess).executeTakeFirst();
        counts.push({ n: Number(numUpdatedRows) });
      }
      return counts;
    },
    () => asItIs([{ n: 0 }, { n: 0 }, { n: 0 }]),
    { writes: true },
  ),
  masked(
    "a guess by the number of rows that a delete removes",
    async (db) => {
      const { numDeletedRows } = await db.deleteFrom("users").where("id", "=", 1)
        .where("score", "is not", null).executeTakeFirst();
      return [{ n: Number(numDeletedRows) }];
    },
    () => asItIs([{ n: 0 }]),
    { writes: true },
  ),
  masked(
    "in an expression that an update sets",
    (db) =>
      db.updateTable("users").set((eb) => ({ name: sql`cast(${eb.ref("score")} as char)` }))
        .where("id", "=", 3).execute().then(NOTHING),
    NOTHING,
    { writes: true, must: ["R"] },
  ),
  masked(
    "a stream",
    async (db) => {
      const rows: unknown[] = [];
      const query = db.selectFrom("users").select(["id", "score"]).where("id", "<", 3);
      for await (const row of query.stream()) rows.push(row);
      return rows;
    },
    () => asItIs([{ id: 1, score: null }, { id: 2, score: null }]),
    { lacks: NO_STREAMS },
  ),
  masked(
    "copied by INSERT .. SELECT",
    (db) =>
      db.insertInto("tags").columns(["id", "user_id"])
        .expression(db.selectFrom("users").select([sql`id + 10`.as("id"), "score"])).execute()
        .then(NOTHING),
    (db) =>
      db.insertInto("tags").columns(["id", "user_id"])
        .expression(db.selectFrom("users").select([sql`id + 10`.as("id"), sql<any>`null`.as("s")]))
        .execute().then(NOTHING),
    // A copy of a mask is not one of the value.
    { writes: true, must: ["R"] },
  ),
];
