/** Rows 10 to 13: set operations, aggregates, limits, locks. */
import { sql } from "kysely";
import type { BypassCase } from "../case.ts";
import { NO_FILTER_CLAUSE, NO_LOCKS, onlyPostgres } from "../lacks.ts";

export const setOperations: readonly BypassCase[] = [
  {
    name: "union",
    run: ({ db }) =>
      db.selectFrom("users").select("name")
        .union(db.selectFrom("blog_posts").select("title as name")).execute(),
  },
  {
    name: "union all by callback",
    run: ({ db }) =>
      db.selectFrom("tags").select("name")
        .unionAll((eb) => eb.selectFrom("users").select("users.name"))
        .unionAll((eb) => eb.selectFrom("blog_posts as p").select("p.title as name"))
        .execute(),
  },
  {
    name: "intersect",
    run: ({ db }) =>
      db.selectFrom("tags").select("user_id as id")
        .intersect(db.selectFrom("users").select("id")).execute(),
  },
  {
    name: "except",
    run: ({ db }) =>
      db.selectFrom("tags").select("user_id as id")
        .except(db.selectFrom("users").select("id")).execute(),
  },
  {
    name: "except, filtered on the left",
    run: ({ db }) =>
      db.selectFrom("users").select("id")
        .except(db.selectFrom("tags").select("id")).execute(),
  },
  {
    name: "nested",
    lacks: { sqlite: "no parentheses round an arm" },
    run: ({ db }) =>
      db.selectFrom("tags").select("id")
        .union((eb) =>
          eb.parens(
            eb.selectFrom("users").select("users.id")
              .except(eb.selectFrom("tags").select("tags.id")),
          )
        ).execute(),
  },
  {
    name: "with order and limit behind",
    run: ({ db }) =>
      db.selectFrom("users").select("score")
        .union(db.selectFrom("blog_posts").select("likes as score"))
        .orderBy("score", "desc").limit(2).execute(),
  },
  {
    name: "in a subquery after IN",
    run: ({ db }) =>
      db.selectFrom("tags").select("id").where(
        "user_id",
        "in",
        (eb: any) =>
          eb.selectFrom("users").select("users.id").where("score", ">", 15)
            .union(eb.selectFrom("blog_posts").select("user_id as id").where("likes", ">", 50)),
      )
        .execute(),
  },
];

export const aggregates: readonly BypassCase[] = [
  {
    name: "count(*)",
    run: ({ db }) => db.selectFrom("users").select((eb) => eb.fn.countAll().as("n")).execute(),
  },
  {
    name: "min, max, sum, count of a column",
    run: ({ db }) =>
      db.selectFrom("users").select((eb) => [
        eb.fn.min("score").as("min"),
        eb.fn.max("score").as("max"),
        eb.fn.sum("score").as("sum"),
        eb.fn.count("users.id").as("n"),
      ]).execute(),
  },
  {
    name: "by db.fn",
    run: ({ db }) => db.selectFrom("users").select(db.fn.max("score").as("max")).execute(),
  },
  {
    name: "group by",
    run: ({ db }) =>
      db.selectFrom("blog_posts").select((eb) => ["user_id", eb.fn.countAll().as("n")])
        .groupBy("user_id").execute(),
  },
  {
    name: "having",
    run: ({ db }) =>
      db.selectFrom("blog_posts").select("user_id").groupBy("user_id")
        .having((eb) => eb.fn.countAll(), ">", 1).execute(),
  },
  {
    name: "distinct",
    run: ({ db }) => db.selectFrom("users").select("tenant_id").distinct().execute(),
  },
  {
    name: "count(distinct ..)",
    run: ({ db }) =>
      db.selectFrom("users").select((eb) => eb.fn.count("tenant_id").distinct().as("n")).execute(),
  },
  {
    name: "distinct on",
    lacks: onlyPostgres("DISTINCT ON is PostgreSQL's"),
    run: ({ db }) =>
      db.selectFrom("users").select(["boss_id", "name"]).distinctOn("boss_id")
        .orderBy("boss_id").orderBy("score", "desc").execute(),
  },
  {
    name: "window functions",
    run: ({ db }) =>
      db.selectFrom("users").select((eb) => [
        "name",
        eb.fn.agg<number>("row_number").over((ob) => ob.orderBy("score")).as("nth"),
        eb.fn.countAll().over().as("of"),
        eb.fn.max("score").over((ob) => ob.partitionBy("boss_id")).as("best"),
      ]).execute(),
  },
  {
    name: "filter (where)",
    lacks: NO_FILTER_CLAUSE,
    run: ({ db }) =>
      db.selectFrom("users").select((eb) => eb.fn.countAll().filterWhere("score", ">", 15).as("n"))
        .execute(),
  },
  {
    name: "filter (where raw OR)",
    lacks: NO_FILTER_CLAUSE,
    run: ({ db }) =>
      db.selectFrom("users").select((eb) =>
        eb.fn.countAll().filterWhere(sql<boolean>`score > 15 or true`).as("n")
      ).execute(),
  },
  {
    name: "rows as JSON",
    lacks: { sqlite: "see row 18", mysql: "see row 18" },
    run: ({ db }) =>
      db.selectFrom("users").select((eb) => eb.fn.jsonAgg("users").as("all")).execute(),
  },
  {
    name: "a whole row as JSON",
    lacks: { sqlite: "see row 18", mysql: "see row 18" },
    run: ({ db }) =>
      db.selectFrom("users as u").select((eb) => eb.fn.toJson("u").as("row")).execute(),
  },
];

export const limits: readonly BypassCase[] = [
  {
    name: "limit",
    ordered: true,
    run: ({ db }) =>
      db.selectFrom("users").select("name").orderBy("score", "desc").limit(2).execute(),
  },
  {
    name: "limit and offset",
    ordered: true,
    run: ({ db }) =>
      db.selectFrom("users").select("name").orderBy("score").limit(1).offset(1).execute(),
  },
  {
    name: "fetch first",
    ordered: true,
    lacks: onlyPostgres("FETCH FIRST is PostgreSQL's (and MariaDB's, not Kysely's)"),
    run: ({ db }) =>
      db.selectFrom("users").select("name").orderBy("score").offset(1).fetch(1).execute(),
  },
  {
    name: "limit in a derived table",
    run: ({ db }) =>
      db.selectFrom((eb) =>
        eb.selectFrom("users").select(["id", "name"]).orderBy("score").limit(1).as("first")
      ).selectAll().execute(),
  },
  {
    name: "limit of a correlated subquery",
    run: ({ db }) =>
      db.selectFrom("users as u").select((eb) => [
        "u.name",
        eb.selectFrom("blog_posts as p").select("p.title")
          .whereRef("p.user_id", "=", "u.id").orderBy("p.likes", "desc").limit(1).as("best"),
      ]).execute(),
  },
  {
    name: "raw limit",
    ordered: true,
    run: ({ db }) =>
      db.selectFrom("users").select("name").orderBy("score").limit(sql<number>`2`).execute(),
  },
  {
    name: "executeTakeFirst()",
    run: ({ db }) =>
      db.selectFrom("users").select("name").orderBy("score").executeTakeFirst()
        .then((row) => [row]),
  },
];

export const locks: readonly BypassCase[] = [
  {
    name: "for update",
    lacks: NO_LOCKS,
    run: ({ db }) => db.selectFrom("users").select("name").forUpdate().execute(),
  },
  {
    name: "for update, skip locked",
    lacks: NO_LOCKS,
    run: ({ db }) =>
      db.selectFrom("users").select("name").orderBy("score").limit(1).forUpdate().skipLocked()
        .execute(),
  },
  {
    name: "for update, nowait",
    lacks: NO_LOCKS,
    run: ({ db }) => db.selectFrom("users").select("name").forUpdate().noWait().execute(),
  },
  {
    name: "for share",
    lacks: { sqlite: "no row locks", mysql: "MariaDB has LOCK IN SHARE MODE instead" },
    run: ({ db }) => db.selectFrom("users as u").select("name").forShare().execute(),
  },
  {
    name: "for update of one of two",
    lacks: onlyPostgres("FOR UPDATE OF is PostgreSQL's (and of MySQL 8)"),
    run: ({ db }) =>
      db.selectFrom("users as u").leftJoin("blog_posts as p", "p.user_id", "u.id")
        .select(["u.name", "p.title"]).forUpdate("u").execute(),
  },
  {
    name: "written by modifyEnd()",
    lacks: NO_LOCKS,
    run: ({ db }) => db.selectFrom("users").select("name").modifyEnd(sql`for update`).execute(),
  },
  {
    name: "for no key update",
    lacks: onlyPostgres("FOR NO KEY UPDATE is PostgreSQL's"),
    run: ({ db }) => db.selectFrom("users").select("name").forNoKeyUpdate().execute(),
  },
];
