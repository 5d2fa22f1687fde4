/** Rows 1 to 3: where a table may be named, and joins. */
import { sql } from "kysely";
import type { BypassCase } from "../case.ts";
import { LONG_NAME } from "../data.ts";
import { CASE_COUNTS, NO_FULL_JOIN, NO_LATERAL, onlyPostgres, onlySqlite } from "../lacks.ts";

export const plain: readonly BypassCase[] = [
  {
    name: "plain",
    run: ({ db }) => db.selectFrom("users").selectAll().execute(),
  },
  {
    name: "aliased",
    run: ({ db }) => db.selectFrom("users as u").selectAll("u").execute(),
  },
  {
    name: "alias that is the name of another filtered table",
    run: ({ db }) => db.selectFrom("users as blog_posts").selectAll("blog_posts").execute(),
  },
  {
    name: "schema-qualified",
    run: ({ db, schema }) => db.selectFrom(`${schema}.users`).selectAll().execute(),
  },
  {
    name: "schema-qualified and aliased",
    run: ({ db, schema }) => db.selectFrom(`${schema}.users as u`).select("u.name").execute(),
  },
  {
    name: "withSchema()",
    run: ({ db, schema }) => db.withSchema(schema).selectFrom("users").selectAll().execute(),
  },
  {
    name: "withSchema(), aliased, joined",
    run: ({ db, schema }) =>
      db.withSchema(schema).selectFrom("users as u")
        .innerJoin("blog_posts", "blog_posts.user_id", "u.id")
        .select(["u.name", "blog_posts.title"])
        .execute(),
  },
  {
    name: "columns qualified with the schema",
    run: ({ db, schema }) =>
      db.selectFrom(`${schema}.users`).select(`${schema}.users.name as n`).execute(),
  },
  {
    name: "upper-case name",
    lacks: CASE_COUNTS,
    run: ({ db }) => db.selectFrom("USERS").select("NAME").execute(),
  },
  {
    name: "mixed case, schema in upper case, aliased",
    lacks: CASE_COUNTS,
    run: ({ db }) => db.selectFrom("MAIN.Users as U").select("u.name").execute(),
  },
  {
    name: "name of which the database drops the end",
    lacks: { sqlite: "names have any length", mysql: "longer names are an error" },
    run: ({ db }) => db.selectFrom(`${LONG_NAME}_and_more`).select("name").execute(),
  },
  {
    name: "name of which the database drops the end, aliased, in a subquery",
    lacks: { sqlite: "names have any length", mysql: "longer names are an error" },
    run: ({ db }) =>
      db.selectFrom("tags").select("id").where(
        "id",
        "in",
        db.selectFrom(`${LONG_NAME}_and_more as x`).select("x.id"),
      ).execute(),
  },
  {
    name: "full-text table",
    lacks: onlySqlite("full-text tables are SQLite's"),
    run: ({ db }) => db.selectFrom("docs").select("name").execute(),
  },
  {
    name: "full-text table as a function",
    lacks: onlySqlite("full-text tables are SQLite's"),
    must: ["F", "R"],
    run: ({ db }) =>
      db.selectFrom((eb) => eb.fn("docs", [eb.val("secret")]).as("d")).select(
        sql`d.name`.as("name"),
      )
        .execute(),
  },
];

export const several: readonly BypassCase[] = [
  {
    name: "two tables in one FROM",
    run: ({ db }) =>
      db.selectFrom(["users", "blog_posts"])
        .select(["users.name", "blog_posts.title"])
        .whereRef("users.id", "=", "blog_posts.user_id")
        .execute(),
  },
  {
    name: "a filtered table after one that is not",
    run: ({ db }) =>
      db.selectFrom(["tags as t", "users as u"]).select(["t.name as tag", "u.name"]).execute(),
  },
  {
    name: "a list of one",
    run: ({ db }) => db.selectFrom(["users"]).select("name").execute(),
  },
  {
    name: "self join in FROM under two aliases",
    run: ({ db }) =>
      db.selectFrom(["users as a", "users as b"])
        .select(["a.name", "b.name as boss"])
        .whereRef("a.boss_id", "=", "b.id")
        .execute(),
  },
  {
    name: "self join, one alias, one plain",
    run: ({ db }) =>
      db.selectFrom("users")
        .innerJoin("users as boss", "boss.id", "users.boss_id")
        .select(["users.name", "boss.name as boss"])
        .execute(),
  },
  {
    name: "FROM by chained calls of selectFrom",
    run: ({ db }) =>
      db.selectFrom((eb) => eb.selectFrom("tags").select("id as tag_id").as("t"))
        .innerJoin("users", (join) => join.onTrue())
        .select(["t.tag_id", "users.name"])
        .execute(),
  },
  {
    name: "a filtered table, and the same one in another schema's name",
    run: ({ db, schema }) =>
      db.selectFrom(["users as a", `${schema}.users as b`])
        .select(["a.name", "b.name as other"])
        .execute(),
  },
];

export const joins: readonly BypassCase[] = [
  {
    name: "inner join",
    run: ({ db }) =>
      db.selectFrom("tags")
        .innerJoin("users", "users.id", "tags.user_id")
        .select(["tags.name as tag", "users.name"])
        .execute(),
  },
  {
    name: "left join keeps the outer rows",
    run: ({ db }) =>
      db.selectFrom("tags")
        .leftJoin("users", "users.id", "tags.user_id")
        .select(["tags.name as tag", "users.name"])
        .execute(),
  },
  {
    name: "left join, filtered on the left",
    run: ({ db }) =>
      db.selectFrom("users")
        .leftJoin("tags", "tags.user_id", "users.id")
        .select(["tags.name as tag", "users.name"])
        .execute(),
  },
  {
    name: "left join of a left join",
    run: ({ db }) =>
      db.selectFrom("tags")
        .leftJoin("users as u", "u.id", "tags.user_id")
        .leftJoin("users as boss", "boss.id", "u.boss_id")
        .select(["tags.name as tag", "u.name", "boss.name as boss"])
        .execute(),
  },
  {
    name: "left join with a raw OR in ON",
    run: ({ db }) =>
      db.selectFrom("tags")
        .leftJoin("users", (join) => join.on(sql<boolean>`1 = 1 or users.id = tags.user_id`))
        .select(["tags.name as tag", "users.name"])
        .execute(),
  },
  {
    name: "inner join with a raw OR in ON",
    run: ({ db }) =>
      db.selectFrom("tags")
        .innerJoin("users", (join) => join.on(sql<boolean>`1 = 1 or users.id = tags.user_id`))
        .select(["tags.name as tag", "users.name"])
        .execute(),
  },
  {
    name: "left join and IS NULL (anti join)",
    run: ({ db }) =>
      db.selectFrom("tags")
        .leftJoin("users", "users.id", "tags.user_id")
        .select("tags.name")
        .where("users.id", "is", null)
        .execute(),
  },
  {
    name: "inner join after a left join",
    run: ({ db }) =>
      db.selectFrom("tags")
        .leftJoin("users", "users.id", "tags.user_id")
        .innerJoin("blog_posts", "blog_posts.user_id", "tags.user_id")
        .select(["tags.name as tag", "users.name", "blog_posts.title"])
        .execute(),
  },
  {
    name: "right join, filtered on the right",
    run: ({ db }) =>
      db.selectFrom("tags")
        .rightJoin("users", "users.id", "tags.user_id")
        .select(["tags.name as tag", "users.name"])
        .execute(),
  },
  {
    name: "right join, filtered on the left",
    run: ({ db }) =>
      db.selectFrom("users")
        .rightJoin("tags", "tags.user_id", "users.id")
        .select(["tags.name as tag", "users.name"])
        .execute(),
  },
  {
    name: "right join after an inner and before a left join",
    run: ({ db }) =>
      db.selectFrom("users")
        .innerJoin("blog_posts", "blog_posts.user_id", "users.id")
        .rightJoin("tags", "tags.user_id", "users.id")
        .leftJoin("users as boss", "boss.id", "users.boss_id")
        .select(["users.name", "blog_posts.title", "tags.name as tag", "boss.name as boss"])
        .execute(),
  },
  {
    name: "right join, schema-qualified, columns qualified with the schema",
    run: ({ db, schema }) =>
      db.selectFrom("tags")
        .rightJoin(`${schema}.users`, `${schema}.users.id`, "tags.user_id")
        .select(["tags.name as tag", `${schema}.users.name as n`])
        .orderBy(`${schema}.users.id`)
        .execute(),
  },
  {
    name: "right join, a column the key decides in the select list",
    run: ({ db }) =>
      db.selectFrom("tags")
        .rightJoin("users", "users.id", "tags.user_id")
        .select((eb) => ["users.name", eb.fn.count("tags.id").as("n")])
        .groupBy("users.id")
        .execute(),
  },
  {
    name: "full join",
    lacks: NO_FULL_JOIN,
    run: ({ db }) =>
      db.selectFrom("tags")
        .fullJoin("users", "users.id", "tags.user_id")
        .select(["tags.name as tag", "users.name"])
        .execute(),
  },
  {
    name: "full join of two filtered tables",
    lacks: NO_FULL_JOIN,
    run: ({ db }) =>
      db.selectFrom("users as u")
        .fullJoin("blog_posts as p", "p.user_id", "u.id")
        .select(["p.title", "u.name"])
        .execute(),
  },
  {
    name: "cross join",
    run: ({ db }) =>
      db.selectFrom("tags")
        .crossJoin("users")
        .select(["tags.name as tag", "users.name"])
        .execute(),
  },
  {
    name: "cross join beside a right join",
    run: ({ db }) =>
      db.selectFrom("tags")
        .rightJoin("users", "users.id", "tags.user_id")
        .crossJoin("blog_posts")
        .select(["tags.name as tag", "users.name", "blog_posts.title"])
        .execute(),
  },
  {
    name: "inner join lateral",
    lacks: NO_LATERAL,
    run: ({ db }) =>
      db.selectFrom("tags")
        .innerJoinLateral(
          (eb) =>
            eb.selectFrom("users").select("users.name").whereRef("users.id", "=", "tags.user_id")
              .as("u"),
          (join) => join.onTrue(),
        )
        .select(["tags.name as tag", "u.name"])
        .execute(),
  },
  {
    name: "left join lateral keeps the outer rows",
    lacks: NO_LATERAL,
    run: ({ db }) =>
      db.selectFrom("tags")
        .leftJoinLateral(
          (eb) =>
            eb.selectFrom("users as u").select("u.name").whereRef("u.id", "=", "tags.user_id")
              .as("u"),
          (join) => join.onTrue(),
        )
        .select(["tags.name as tag", "u.name"])
        .execute(),
  },
  {
    name: "cross join lateral",
    lacks: NO_LATERAL,
    run: ({ db }) =>
      db.selectFrom("users as u")
        .crossJoinLateral((eb) =>
          eb.selectFrom("users as w").select("w.name").whereRef("w.boss_id", "=", "u.id").as("w")
        )
        .select(["u.name as boss", "w.name"])
        .execute(),
  },
  {
    name: "join on a subquery",
    run: ({ db }) =>
      db.selectFrom("tags")
        .innerJoin(
          (eb) => eb.selectFrom("users").select(["users.id as uid", "users.name"]).as("u"),
          "u.uid",
          "tags.user_id",
        )
        .select(["tags.name as tag", "u.name"])
        .execute(),
  },
  {
    name: "left join on a subquery that groups",
    run: ({ db }) =>
      db.selectFrom("tags")
        .leftJoin(
          (eb) =>
            eb.selectFrom("blog_posts")
              .select((e) => ["user_id as uid", e.fn.sum("likes").as("likes")])
              .groupBy("user_id")
              .as("p"),
          "p.uid",
          "tags.user_id",
        )
        .select(["tags.name as tag", "p.likes"])
        .execute(),
  },
  {
    name: "join by a callback source",
    run: ({ db }) =>
      db.selectFrom("tags")
        .innerJoin(
          (eb) => eb.selectFrom("users").selectAll().as("u"),
          (join) => join.onRef("u.id", "=", "tags.user_id"),
        )
        .select("u.name")
        .execute(),
  },
  {
    name: "rows for update of one table of a right join",
    lacks: onlyPostgres("FOR UPDATE OF is PostgreSQL's (and of MySQL 8)"),
    run: ({ db }) =>
      db.selectFrom("tags")
        .rightJoin("users", "users.id", "tags.user_id")
        .where("tags.id", "is not", null)
        .select("users.name")
        .forUpdate("users")
        .execute(),
  },
];
