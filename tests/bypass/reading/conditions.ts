/** Row 16: conditions that are written raw and do not keep themselves together. */
import { expressionBuilder, type Kysely, sql } from "kysely";
import { READING_ONLY } from "../subjects.ts";
import type { BypassCase } from "../case.ts";
import { NO_ON_CONFLICT, NO_RETURNING } from "../lacks.ts";

const eb = expressionBuilder<any, any>();
/** What is added by AND would bind to the last operand only, and the first one is true. */
const OR = sql<boolean>`1 = 1 or score > 1000`;

/** Brackets that are in balance, and not each other's. */
const BRACKETS = sql<boolean>`1 = 1) or (1 = 1`;

/** Conditions in which an OR, or another loose operator, is not put in parentheses by Kysely. */
const CONDITIONS: Record<string, () => any> = {
  "raw OR": () => OR,
  "raw OR under NOT": () => eb.not(sql<boolean>`1 = 2 or score > 1000`),
  "raw OR compared": () => eb(sql`1 = 1 or score`, "=", 1000),
  "raw OR on the right of a comparison": () => eb("score", "=", sql`score or score > 1000`),
  "raw OR after BETWEEN": () => eb.between("score", sql`0`, sql`1000 or score > 1000`),
  "raw OR in a list of ANDs": () => eb.and([sql<boolean>`1 = 1`, OR]),
  "raw OR in a list of ORs": () => eb.or([OR, sql<boolean>`1 = 2`]),
  "OR of the builder, not in parentheses": () => eb("score", ">", 1000).or("score", "<", 1000),
  "raw OR after IS": () => eb("id", "is not", sql`null or score > 1000`),
  "raw OR in a raw fragment": () => sql<boolean>`${sql`1 = 1 or score`} = 1000`,
  "raw OR under EXISTS' alias": () =>
    eb.or([eb.exists(eb.selectFrom("tags").select("id").where("id", "=", 99)), OR]),
};

export const conditions: readonly BypassCase[] = [
  ...Object.entries(CONDITIONS)
    .map(([name, condition]): BypassCase => ({
      name: `${name}, in where`,
      run: ({ db }) => db.selectFrom("users").select("name").where(condition()).execute(),
    })),
  ...([
    ["where", (db) => db.selectFrom("users").select("name").where(BRACKETS).execute()],
    [
      "a left join's ON",
      (db) =>
        db.selectFrom("tags").leftJoin("users", (join) => join.on(BRACKETS)).select("users.name")
          .execute(),
    ],
    [
      "a function",
      (db) =>
        db.selectFrom("users").select("name").where((e) =>
          e(e.fn("coalesce", [sql`score) > 0 or (1`]), "=", 1)
        ).execute(),
    ],
  ] as [string, (db: Kysely<any>) => Promise<unknown>][]).map(([name, run]): BypassCase => ({
    name: `raw condition that closes the bracket round it, in ${name}`,
    raw: true,
    deny: ["R"],
    run: ({ db }) => run(db),
    truth: ({ db }) => db.selectFrom("users").select("name").where("id", "=", 99).execute(),
  })),
  {
    name: "raw OR, where twice",
    run: ({ db }) => db.selectFrom("users").select("name").where("id", ">", 0).where(OR).execute(),
  },
  {
    name: "raw OR in the where of an update",
    writes: true,
    run: ({ db }) => db.updateTable("users").set({ name: "x" }).where(OR).execute(),
  },
  {
    name: "raw OR in the where of a delete",
    writes: true,
    run: ({ db }) => db.deleteFrom("users").where(OR).execute(),
  },
  {
    name: "raw OR in the where of a subquery",
    run: ({ db }) =>
      db.selectFrom("tags").select("id")
        .where("user_id", "in", db.selectFrom("users").select("id").where(OR)).execute(),
  },
  {
    name: "raw OR in the where of an upsert",
    lacks: NO_ON_CONFLICT,
    writes: true,
    run: ({ db }) =>
      db.insertInto("users").values([{ id: 1, name: "x" }, { id: 4, name: "x" }])
        .onConflict((oc) =>
          oc.column("id").doUpdateSet({ name: "hit" })
            .where(sql<boolean>`1 = 1 or users.score > 1000`)
        ).execute().then(() => "done"),
    truth: ({ db }) =>
      db.updateTable("users").set({ name: "hit" }).where("id", "=", 1).execute()
        .then(() => "done"),
  },
  {
    name: "raw OR in having",
    run: ({ db }) =>
      db.selectFrom("users").select("tenant_id").groupBy("tenant_id")
        .having(sql<boolean>`1 = 1 or count(*) > 1000`).execute(),
  },
  ...["or true", "or 1 = 1 order by 1", "is null or 1 = 1", "> 0 or 1 = 1", "= 0"]
    .map((text): BypassCase => ({
      name: `a condition that goes on in modifyEnd(): ${text}`,
      must: ["R"],
      run: ({ db }) => db.selectFrom("users").select("name").modifyEnd(sql.raw(text)).execute(),
      truth: ({ db }) => db.selectFrom("users").select("name").where("id", "=", 99).execute(),
    })),
  {
    name: "a condition that goes on in modifyEnd(), behind an ON",
    must: ["R"],
    run: ({ db }) =>
      db.selectFrom("tags").leftJoin("users", "users.id", "tags.user_id").select("users.name")
        .modifyEnd(sql`or 1 = 1`).execute(),
    truth: ({ db }) => db.selectFrom("users").select("name").where("id", "=", 99).execute(),
  },
  {
    name: "a condition that goes on in modifyEnd() of an update",
    must: ["R"],
    writes: true,
    run: ({ db }) => db.updateTable("users").set({ name: "x" }).modifyEnd(sql`or 1 = 1`).execute(),
    truth: () => Promise.resolve([]),
  },
  {
    name: "a condition that goes on in modifyEnd() of a delete",
    must: ["R"],
    writes: true,
    run: ({ db }) => db.deleteFrom("users").modifyEnd(sql`or 1 = 1`).execute(),
    truth: () => Promise.resolve([]),
  },
  {
    name: "a condition that goes on in modifyEnd() of an upsert",
    must: ["R"],
    writes: true,
    lacks: NO_ON_CONFLICT,
    run: ({ db }) =>
      db.insertInto("users").values({ id: 4, name: "x" })
        .onConflict((oc) => oc.column("id").doUpdateSet({ name: "hit" }))
        .modifyEnd(sql`or 1 = 1`).execute(),
    truth: () => Promise.resolve([]),
  },
  {
    name: "a condition that goes on in modifyEnd() of a subquery",
    must: ["R"],
    run: ({ db }) =>
      db.selectFrom("tags").select("id").where(
        "user_id",
        "in",
        db.selectFrom("users").select("id").modifyEnd(sql`or 1 = 1`),
      ).execute(),
    truth: ({ db }) => db.selectFrom("users").select("name").where("id", "=", 99).execute(),
  },
  {
    name: "modifyEnd() that is a clause",
    run: ({ db }) =>
      db.selectFrom("users").select("name").modifyEnd(sql`order by score limit 1`).execute(),
  },
  {
    name: "modifyEnd() that is RETURNING",
    // A check of new rows has a RETURNING of its own, where its filter does not imply it.
    subjects: [...READING_ONLY, "policies"],
    lacks: NO_RETURNING,
    writes: true,
    must: ["F", "R"],
    run: ({ db }) =>
      db.updateTable("users").set({ score: 0 }).modifyEnd(sql`returning name`).execute()
        .then(() => "done"),
  },
  ...([
    ["an operator of the builder", () => eb(sql`or 1`, "=", sql`1`)],
    ["a function called OR", () => eb.fn("or", [eb.lit(true)])],
    ["a list of raw conditions", () => eb.and([sql<boolean>`or 1 = 1`])],
    ["raw in raw", () => sql`${sql`or`} 1 = 1`],
  ] as [string, () => any][]).map(([name, end]): BypassCase => ({
    name: `a condition that goes on in modifyEnd(), by ${name}`,
    must: ["R"],
    run: ({ db }) => db.selectFrom("users").select("name").modifyEnd(end()).execute(),
    truth: ({ db }) => db.selectFrom("users").select("name").where("id", "=", 99).execute(),
  })),
];
