/**
 * What rewriting costs: building and compiling queries through an executor, against bare Kysely.
 *
 * Where no plugin applies, bare Kysely gets the same query. Elsewhere it gets the same query with
 * the conditions written by hand.
 *
 * @module
 */
import { createExecutor } from "@kysera/executor";
import { softDeletePlugin } from "@kysera/soft-delete";
import type { Compilable, Kysely } from "kysely";
import { type Group, group, type Row, timedSync } from "../_row.ts";
import { type Database, openCached } from "./_database.ts";

const AT_MOST_UNTOUCHED = 1.08;
const AT_MOST_FILTERED = 1.08;

type Build = (db: Kysely<Database>) => Compilable;

interface World {
  readonly db: Kysely<Database>;
  readonly executor: Kysely<Database>;
}

/** Queries on tables that no plugin cares about. */
const UNTOUCHED: Readonly<Record<string, Build>> = {
  "select": (db) => db.selectFrom("teams").selectAll().where("id", "=", 1),
  "join-of-three": (db) =>
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
  "join-of-three": {
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

async function open(): Promise<World> {
  const { db } = openCached();
  return {
    db,
    executor: await createExecutor(db, [softDeletePlugin({ tables: ["users", "posts"] })]),
  };
}

function row(budget: number, byHand: Build, query: Build): Row<World> {
  return {
    budget,
    sides: ({ db, executor }) =>
      timedSync([() => byHand(db).compile(), () => query(executor).compile()]),
  };
}

const sides = ["Kysely", "executor"];
const close = ({ db }: World) => db.destroy();

/** On a database that no query is sent to. */
export const rewriteGroups: readonly Group[] = [
  group<World>({
    name: "build-untouched",
    title: "Build and compile, where no plugin applies",
    sides,
    mixed: true,
    rows: Object.fromEntries(
      Object.entries(UNTOUCHED).map((
        [name, build],
      ) => [name, row(AT_MOST_UNTOUCHED, build, build)]),
    ),
    open,
    close,
  }),
  group<World>({
    name: "build",
    title: "Build and compile, soft-deleted tables",
    sides,
    mixed: true,
    rows: Object.fromEntries(
      Object.entries(FILTERED).map(([name, { byHand, query }]) => [
        name,
        row(AT_MOST_FILTERED, byHand, query),
      ]),
    ),
    open,
    close,
  }),
];
