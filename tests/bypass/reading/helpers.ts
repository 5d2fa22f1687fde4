/** Row 18: the helpers of Kysely's builders. */
import { expressionBuilder, type Kysely, sql } from "kysely";
import type { BypassCase, Probe } from "../case.ts";

/** Helpers that came with Kysely 0.29. */
type NewerKysely =
  & Kysely<any>
  & Partial<Record<"$extendTables" | "$pickTables", () => Kysely<any>>>;

async function jsonHelpers({ dialect }: Probe): Promise<Record<string, (query: any) => any>> {
  const { jsonArrayFrom, jsonObjectFrom } = dialect === "postgres"
    ? await import("kysely/helpers/postgres")
    : await import("kysely/helpers/sqlite");
  return { jsonArrayFrom, jsonObjectFrom };
}

const noJson = { mysql: "Kysely's JSON helpers write SQL that MariaDB has not" };

export const helpers: readonly BypassCase[] = [
  {
    name: "dynamic.table",
    run: ({ db }) => db.selectFrom(db.dynamic.table("users").as("u")).select("u.name").execute(),
  },
  {
    name: "dynamic.ref",
    ordered: true,
    run: ({ db }) => {
      const { ref } = db.dynamic;
      return db.selectFrom("users").select(ref("users.name")).orderBy(ref("score")).execute();
    },
  },
  {
    name: "$if",
    run: ({ db }) =>
      db.selectFrom("tags").select("tags.name as tag")
        .$if(true, (qb) => qb.innerJoin("users", "users.id", "tags.user_id").select("users.name"))
        .execute(),
  },
  {
    name: "$call",
    run: ({ db }) =>
      db.selectFrom("tags").select("tags.name as tag")
        .$call((qb) => qb.leftJoin("users as u", "u.id", "tags.user_id").select("u.name"))
        .execute(),
  },
  {
    name: "$castTo, $narrowType, $assertType",
    run: ({ db }) =>
      db.selectFrom("users").select("name").$castTo<{ name: string }>().$narrowType<
        { name: string }
      >().$assertType<{ name: string }>().execute(),
  },
  {
    name: "withTables",
    run: ({ db }) =>
      db.withTables<{ users: { name: string } }>().selectFrom("users").select("name").execute(),
  },
  {
    name: "$extendTables",
    run: ({ db }) =>
      ((db as NewerKysely).$extendTables?.() ?? db).selectFrom("users").select("name").execute(),
  },
  {
    name: "$pickTables",
    run: ({ db }) =>
      ((db as NewerKysely).$pickTables?.() ?? db).selectFrom("users").select("name").execute(),
  },
  {
    name: "clearWhere() takes no filter away",
    run: ({ db }) =>
      db.selectFrom("users").select("name").where("id", "=", 1).clearWhere().execute(),
  },
  {
    name: "clearSelect(), clearLimit(), clearOrderBy()",
    run: ({ db }) =>
      db.selectFrom("users").select("id").limit(1).orderBy("id").clearSelect().clearLimit()
        .clearOrderBy().select("name").execute(),
  },
  {
    name: "a standalone expressionBuilder()",
    run: ({ db }) =>
      db.selectFrom("tags").select("id").where(() => {
        const eb = expressionBuilder<any, any>();
        return eb("user_id", "in", eb.selectFrom("users").select("users.id"));
      }).execute(),
  },
  {
    name: "one builder used for two queries",
    run: async ({ db }) => {
      const users = db.selectFrom("users").select("name");
      return [
        ...await users.where("score", ">", 15).execute(),
        ...await users.where("score", "<", 15).execute(),
        ...await users.execute(),
        ...await users.execute(),
      ];
    },
  },
  {
    name: "one builder in two places of a query",
    run: ({ db }) => {
      const most = db.selectFrom("users").select((eb) => eb.fn.max("score").as("m"));
      return db.selectFrom("tags").select(["id", most.as("m")]).where(sql`99`, ">", most).execute();
    },
  },
  {
    name: "$asScalar of a subquery",
    run: ({ db }) =>
      db.selectNoFrom((eb) =>
        eb.selectFrom("users").select((e) => e.fn.max("score").as("m")).$asScalar().as("m")
      ).execute(),
  },
  {
    name: "jsonArrayFrom",
    lacks: noJson,
    run: async (t) => {
      const { jsonArrayFrom } = await jsonHelpers(t);
      return await t.db.selectFrom("tags").select((eb) => [
        "id",
        jsonArrayFrom!(
          eb.selectFrom("users").select(["users.id", "users.name"])
            .whereRef("users.id", "=", "tags.user_id"),
        ).as("users"),
      ]).execute();
    },
  },
  {
    name: "jsonObjectFrom, with one in it",
    lacks: noJson,
    run: async (t) => {
      const { jsonArrayFrom, jsonObjectFrom } = await jsonHelpers(t);
      return await t.db.selectFrom("tags").select((eb) => [
        "id",
        jsonObjectFrom!(
          eb.selectFrom("users").select((e) => [
            "users.name",
            jsonArrayFrom!(
              e.selectFrom("blog_posts").select("blog_posts.title")
                .whereRef("blog_posts.user_id", "=", "users.id").orderBy("blog_posts.id"),
            ).as("posts"),
          ]).whereRef("users.id", "=", "tags.user_id"),
        ).as("user"),
      ]).execute();
    },
  },
  {
    name: "a table's own columns by eb.table",
    lacks: { sqlite: "no whole rows", mysql: "no whole rows" },
    run: ({ db }) =>
      db.selectFrom("users").select((eb) => eb.fn("to_json", [eb.table("users")]).as("row"))
        .execute(),
  },
];
