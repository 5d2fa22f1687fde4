/**
 * What rewriting costs: building and compiling queries through an executor, against bare Kysely.
 *
 * Where no plugin applies, bare Kysely gets the same query. On a soft-deleted table it gets the same
 * query with the condition written by hand.
 *
 * @module
 */
import { createExecutor } from "@kysera/executor";
import { softDeletePlugin } from "@kysera/soft-delete";
import type { Compilable, Kysely } from "kysely";
import type { Case, Group } from "./_case.ts";
import { type Database, openNaive } from "./_database.ts";
import { compare } from "./_ratio.ts";

const AT_MOST_UNTOUCHED = 1.08;
const AT_MOST_FILTERED = 1.08;
const EFFORT = { rounds: 600, calls: 100 };

type Build = (db: Kysely<Database>) => Compilable;

/** Queries on tables that no plugin cares about. */
const UNTOUCHED: Readonly<Record<string, Build>> = {
  "select": (db) => db.selectFrom("teams").selectAll().where("id", "=", 1),
  "join of three": (db) =>
    db.selectFrom("teams as t").innerJoin("tags as g", "g.post_id", "t.id")
      .innerJoin("tags as h", "h.post_id", "g.id").select(["t.id", "g.label", "h.label as other"])
      .where("t.name", "like", "a%").orderBy("t.id").limit(10),
  "insert": (db) => db.insertInto("teams").values({ id: 1, name: "x", org_id: 2 }),
  "update": (db) => db.updateTable("teams").set({ name: "x" }).where("id", "=", 1),
  "delete": (db) => db.deleteFrom("teams").where("id", "=", 1),
};

const joined = (db: Kysely<Database>) =>
  db.selectFrom("users as u").innerJoin("posts as p", "p.user_id", "u.id")
    .innerJoin("tags as g", "g.post_id", "p.id").select(["u.id", "p.title", "g.label"])
    .where("u.name", "like", "a%").orderBy("u.id").limit(10);

/** Queries on soft-deleted tables, and what one writes without the plugin. */
const FILTERED: Readonly<Record<string, { readonly query: Build; readonly byHand: Build }>> = {
  "select": {
    query: (db) => db.selectFrom("users").selectAll().where("id", "=", 1),
    byHand: (db) =>
      db.selectFrom("users").selectAll().where("id", "=", 1).where("users.deleted_at", "is", null),
  },
  "join of three": {
    query: joined,
    byHand: (db) => joined(db).where("u.deleted_at", "is", null).where("p.deleted_at", "is", null),
  },
  "insert": {
    query: (db) => db.insertInto("users").values({ id: 1, name: "x", org_id: 2 }),
    byHand: (db) => db.insertInto("users").values({ id: 1, name: "x", org_id: 2 }),
  },
  "update": {
    query: (db) => db.updateTable("users").set({ name: "x" }).where("id", "=", 1),
    byHand: (db) =>
      db.updateTable("users").set({ name: "x" }).where("id", "=", 1)
        .where("users.deleted_at", "is", null),
  },
  "delete": {
    query: (db) => db.deleteFrom("users").where("id", "=", 1),
    byHand: (db) =>
      db.deleteFrom("users").where("id", "=", 1).where("users.deleted_at", "is", null),
  },
};

/** The cases, on a database that no query is sent to. */
export async function rewriteBenchmarks(): Promise<Group[]> {
  const { db } = openNaive();
  const executor = await createExecutor(db, [softDeletePlugin({ tables: ["users", "posts"] })]);
  const line = (name: string, budget: number, byHand: Build, query: Build): Case => {
    const sides = [() => byHand(db).compile(), () => query(executor).compile()];
    return {
      name,
      budget,
      warmUp: () => compare(sides, { rounds: 10, calls: 50 }),
      time: () => compare(sides, EFFORT),
    };
  };
  const sides = ["Kysely", "executor"];
  return [
    {
      title: "Build and compile, where no plugin applies",
      sides,
      cases: Object.entries(UNTOUCHED).map(([name, build]) =>
        line(name, AT_MOST_UNTOUCHED, build, build)
      ),
    },
    {
      title: "Build and compile, soft-deleted tables",
      sides,
      cases: Object.entries(FILTERED).map(([name, { query, byHand }]) =>
        line(name, AT_MOST_FILTERED, byHand, query)
      ),
      close: () => db.destroy(),
    },
  ];
}
