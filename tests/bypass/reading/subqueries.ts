/** Rows 4 to 6: subqueries in any place, comparisons with them, derived tables. */
import { expressionBuilder, sql } from "kysely";
import type { BypassCase, Probe } from "../case.ts";
import { NO_ANY, NO_FILTER_CLAUSE, NO_RETURNING, onlyPostgres, onlySqlite } from "../lacks.ts";

/** The expression builder that Kysely hands out without a handle. */
const eb = expressionBuilder<any, any>();

const hiddenCount = ({ db }: Probe) =>
  db.selectFrom("users").select((eb) => eb.fn.countAll().as("n"));

export const anyPlace: readonly BypassCase[] = [
  {
    name: "select list",
    run: (t) => t.db.selectFrom("tags").select(["id", hiddenCount(t).as("n")]).execute(),
  },
  {
    name: "select list, correlated, by callback",
    run: ({ db }) =>
      db.selectFrom("tags as t")
        .select((eb) =>
          eb.selectFrom("users as u").select("u.name").whereRef("u.id", "=", "t.user_id").as("name")
        )
        .execute(),
  },
  {
    name: "select list without FROM",
    run: (t) => t.db.selectNoFrom(hiddenCount(t).as("n")).execute(),
  },
  {
    name: "where",
    run: (t) => t.db.selectFrom("tags").select("id").where(sql`3`, "=", hiddenCount(t)).execute(),
  },
  {
    name: "having",
    run: (t) =>
      t.db.selectFrom("tags").select("user_id").groupBy("user_id")
        .having(sql`3`, "=", hiddenCount(t)).execute(),
  },
  {
    name: "order by",
    ordered: true,
    run: ({ db }) =>
      db.selectFrom("tags").select("id")
        .orderBy((eb) =>
          eb.fn.coalesce(
            eb.selectFrom("users").select("score").whereRef("users.id", "=", "tags.user_id"),
            sql`50`,
          )
        )
        .orderBy("id")
        .execute(),
  },
  {
    name: "raw alias",
    must: ["F", "R"],
    run: ({ db }) => {
      const most = eb.selectFrom("users").select((e) => e.fn.max("score").as("m"));
      return db.selectFrom("tags").select((e) => e.ref("id").as(sql`a, ${most} as b` as any))
        .execute();
    },
  },
  {
    name: "order by, in a raw direction",
    ordered: true,
    run: ({ db }) => {
      const score = eb.selectFrom("users").select("score")
        .whereRef("users.id", "=", "tags.user_id");
      return db.selectFrom("tags").select("id").orderBy(
        "tenant_id",
        sql`asc${sql`, `}${eb.fn.coalesce(score, sql`50`)}, id`,
      ).execute();
    },
  },
  {
    name: "group by",
    run: ({ db }) =>
      db.selectFrom("tags")
        .select((eb) => eb.fn.countAll().as("n"))
        .groupBy((eb) =>
          eb.selectFrom("users").select("users.name").whereRef("users.id", "=", "tags.user_id")
        )
        .execute(),
  },
  {
    name: "on",
    run: ({ db }) =>
      db.selectFrom("tags as a")
        .innerJoin("tags as b", (join) =>
          join.on("a.user_id", "in", db.selectFrom("users").select("users.id")))
        .select(["a.id", "b.id as other"])
        .execute(),
  },
  {
    name: "function argument",
    run: ({ db }) =>
      db.selectFrom("tags")
        .select((eb) =>
          eb.fn.coalesce(
            eb.selectFrom("users").select("name").whereRef("users.id", "=", "tags.user_id"),
            sql`'-'`,
          ).as("name")
        )
        .execute(),
  },
  {
    name: "case",
    run: ({ db }) =>
      db.selectFrom("tags")
        .select((eb) =>
          eb.case()
            .when(eb.exists(
              eb.selectFrom("users").select("id").whereRef("users.id", "=", "tags.user_id"),
            ))
            .then(eb.selectFrom("users").select((e) => e.fn.max("users.score").as("m")))
            .else(null)
            .end().as("x")
        )
        .execute(),
  },
  {
    name: "window",
    run: ({ db }) =>
      db.selectFrom("tags")
        .select((eb) =>
          eb.fn.countAll().over((ob) =>
            ob.partitionBy(
              eb.selectFrom("users").select("users.name")
                .whereRef("users.id", "=", "tags.user_id") as any,
            )
          ).as("n")
        )
        .execute(),
  },
  {
    name: "aggregate's filter clause",
    lacks: NO_FILTER_CLAUSE,
    run: ({ db }) =>
      db.selectFrom("tags")
        .select((eb) =>
          eb.fn.countAll().filterWhere(
            "user_id",
            "in",
            eb.selectFrom("users").select("users.id"),
          ).as("n")
        )
        .execute(),
  },
  {
    name: "limit",
    lacks: { mysql: "LIMIT takes no subquery" },
    run: (t) =>
      t.db.selectFrom("tags").select("id").orderBy("id").limit(hiddenCount(t) as any).execute(),
  },
  {
    name: "distinct on",
    lacks: onlyPostgres("DISTINCT ON is PostgreSQL's"),
    run: ({ db }) =>
      db.selectFrom((eb) =>
        eb.selectFrom("tags").select("tags.tenant_id")
          .distinctOn((e) =>
            e.selectFrom("users").select("users.name").whereRef("users.id", "=", "tags.user_id")
          ).as("d")
      ).select((eb) => eb.fn.countAll().as("n")).execute(),
  },
  {
    name: "set",
    writes: true,
    run: (t) => t.db.updateTable("tags").set({ user_id: hiddenCount(t) }).execute(),
  },
  {
    name: "values",
    writes: true,
    run: (t) =>
      t.db.insertInto("tags").values({ id: 9, user_id: hiddenCount(t), name: "x" }).execute()
        .then(() => "done"),
  },
  {
    name: "where of an update and a delete",
    writes: true,
    run: async ({ db }) => {
      await db.updateTable("tags").set({ name: "seen" })
        .where("user_id", "in", db.selectFrom("users").select("users.id")).execute();
      await db.deleteFrom("tags")
        .where("user_id", "not in", db.selectFrom("users").select("users.id")).execute();
    },
  },
  {
    name: "returning",
    lacks: NO_RETURNING,
    writes: true,
    run: (t) =>
      t.db.updateTable("tags").set({ name: "x" }).where("id", "=", 1)
        .returning(["id", hiddenCount(t).as("n")]).execute(),
  },
  {
    name: "three deep in expressions",
    run: ({ db }) =>
      db.selectFrom("tags")
        .select((eb) =>
          eb.selectFrom("tags as t2").select((e2) =>
            e2.selectFrom("tags as t3").select((e3) =>
              e3.selectFrom("users").select((e4) => e4.fn.max("score").as("m")).as("m")
            ).limit(1).as("m")
          ).limit(1).as("m")
        )
        .execute(),
  },
];

export const comparisons: readonly BypassCase[] = [
  {
    name: "exists",
    run: ({ db }) =>
      db.selectFrom("tags").select("id").where(({ exists, selectFrom }) =>
        exists(selectFrom("users").select("users.id").whereRef("users.id", "=", "tags.user_id"))
      ).execute(),
  },
  {
    name: "not exists",
    run: ({ db }) =>
      db.selectFrom("tags").select("id").where(({ not, exists, selectFrom }) =>
        not(exists(
          selectFrom("users").select("users.id").whereRef("users.id", "=", "tags.user_id"),
        ))
      ).execute(),
  },
  {
    name: "in",
    run: ({ db }) =>
      db.selectFrom("tags").select("id")
        .where("user_id", "in", db.selectFrom("users").select("id")).execute(),
  },
  {
    name: "not in",
    run: ({ db }) =>
      db.selectFrom("tags").select("id")
        .where("user_id", "not in", (eb: any) => eb.selectFrom("users").select("users.id"))
        .execute(),
  },
  {
    name: "in, of several columns",
    run: ({ db }) =>
      db.selectFrom("tags").select("id").where((eb) =>
        eb(
          eb.refTuple("user_id", "tenant_id"),
          "in",
          eb.selectFrom("users").select(["users.id", sql`1`.as("one")]).$asTuple("id", "one"),
        )
      ).execute(),
  },
  {
    name: "= any",
    lacks: NO_ANY,
    run: ({ db }) =>
      db.selectFrom("tags").select("id").where((eb) =>
        eb("user_id", "=", eb.fn.any(eb.selectFrom("users").select("users.id")))
      ).execute(),
  },
  {
    name: ">= all",
    lacks: NO_ANY,
    run: ({ db }) =>
      db.selectFrom("blog_posts").select("title").where((eb) =>
        eb(
          sql`50`,
          ">=",
          eb.fn("all", [eb.selectFrom("users").select("users.score")]),
        )
      ).execute(),
  },
  {
    name: "compared with one value",
    run: ({ db }) =>
      db.selectFrom("tags").select("id").where((eb) =>
        eb("user_id", "<", eb.selectFrom("users").select((e) => e.fn.max("users.id").as("m")))
      ).execute(),
  },
  ...bareTableAfterIn(),
];

/** SQLite reads `x in t` as `x in (select * from t)`; `docs` is a table with few columns. */
function bareTableAfterIn(): BypassCase[] {
  const lacks = onlySqlite("a table after IN is SQLite's");
  const hiddenDoc = sql`('secret', 4, 2, '2024-01-01')`;
  const on = (name: string, run: (probe: Probe) => unknown, more: Partial<BypassCase> = {}) => ({
    name: `in, a bare table: ${name}`,
    lacks,
    must: ["F", "R"] as const,
    run: ({ db, ...rest }: Probe) =>
      db.selectFrom("tags").select("id")
        // The operand is a table, which the types of Kysely do not allow.
        .where(() => run({ db, ...rest }) as any)
        .execute(),
    ...more,
  });
  const operands: Record<string, (t: Probe) => any> = {
    "eb.table": () => eb.table("docs"),
    "eb.ref": () => eb.ref("docs"),
    "eb.ref with the schema": () => eb.ref("main.docs"),
    "sql.table": () => sql.table("docs"),
    "sql.id": () => sql.id("docs"),
    "sql.ref": () => sql.ref("docs"),
    "upper case": () => eb.ref("DOCS"),
    "a string": () => sql.lit("docs"),
    "the table as a function": () => eb.fn("docs", [eb.val("secret")]),
  };
  return [
    ...Object.entries(operands).map(([name, operand]) =>
      on(name, (t) => eb(hiddenDoc, "in", operand(t)))
    ),
    on("not in", () => eb.not(eb(hiddenDoc, "not in", eb.table("docs")))),
    on("raw operator", () => eb(hiddenDoc, sql`in` as any, eb.table("docs"))),
    on("raw operator, NOT IN", () => eb.not(eb(hiddenDoc, sql`not in` as any, sql.id("docs")))),
    on(
      "raw operator with a comment",
      () => eb(hiddenDoc, sql`in /* the */` as any, eb.table("docs")),
    ),
    on(
      "raw operator that goes on",
      () => eb(sql`1`, sql`= 1 and ${hiddenDoc} in` as any, eb.table("docs")),
    ),
    on("in case", () => eb.case().when(hiddenDoc, "in", eb.table("docs")).then(true).end()),
  ];
}

export const derived: readonly BypassCase[] = [
  {
    name: "derived table",
    run: ({ db }) =>
      db.selectFrom((eb) => eb.selectFrom("users").selectAll().as("u")).select("u.name").execute(),
  },
  {
    name: "three deep",
    run: ({ db }) =>
      db.selectFrom((a) =>
        a.selectFrom((b) =>
          b.selectFrom((c) => c.selectFrom("users").selectAll().as("one")).selectAll().as("two")
        ).selectAll().as("three")
      ).selectAll().execute(),
  },
  {
    name: "derived table with the filtered table's name",
    run: ({ db }) =>
      db.selectFrom((eb) => eb.selectFrom("users").select(["id", "name"]).as("users"))
        .selectAll().execute(),
  },
  {
    name: "derived table of one that is not filtered, with a filtered table's name",
    run: ({ db }) =>
      db.selectFrom((eb) => eb.selectFrom("tags").select(["id", "name"]).as("users"))
        .innerJoin("users as u", "u.id", "users.id")
        .select(["users.name as tag", "u.name"])
        .execute(),
  },
  {
    name: "derived table built by the handle",
    run: ({ db }) =>
      db.selectFrom(db.selectFrom("users").select("name").as("u")).selectAll().execute(),
  },
  {
    name: "derived table of a join",
    run: ({ db }) =>
      db.selectFrom((eb) =>
        eb.selectFrom("tags").leftJoin("users as u", "u.id", "tags.user_id")
          .select(["tags.id", "u.name"]).as("x")
      ).selectAll().execute(),
  },
  {
    name: "derived table of a union",
    run: ({ db }) =>
      db.selectFrom((eb) =>
        eb.selectFrom("users").select("name")
          .union(eb.selectFrom("blog_posts").select("title as name")).as("x")
      ).selectAll().execute(),
  },
];
