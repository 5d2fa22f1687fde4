/**
 * What rewriting costs: building and compiling queries through an executor, against bare Kysely.
 *
 * `none` is a table that no plugin cares about, against the same query on bare Kysely; `filter` is a
 * soft-deleted table, against bare Kysely with the condition written by hand.
 *
 * @module
 */
import { createExecutorSync, type Plugin } from "@kysera/executor";
import {
  DummyDriver,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import { softDeletePlugin } from "@kysera/soft-delete";
import { compare, type Timed } from "./_ratio.ts";

interface Database {
  users: { id: number; name: string; org_id: number; deleted_at: string | null };
  posts: { id: number; user_id: number; title: string; deleted_at: string | null };
  tags: { id: number; post_id: number; label: string };
  teams: { id: number; name: string; org_id: number };
}
type DB = Kysely<Database>;

const bare: DB = new Kysely<Database>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
});
const plugins: Plugin[] = [softDeletePlugin({ tables: ["users", "posts"] })];
const executor: DB = createExecutorSync(bare, plugins);

const join = (db: DB, root: "users" | "teams") =>
  db.selectFrom(`${root} as u`).innerJoin("posts as p", "p.user_id", "u.id")
    .innerJoin("tags as t", "t.post_id", "p.id").select(["u.id", "p.title", "t.label"])
    .where("u.name", "like", "a%").orderBy("u.id").limit(10);
const untouchedJoin = (db: DB) =>
  db.selectFrom("teams as u").innerJoin("tags as p", "p.post_id", "u.id")
    .innerJoin("tags as t", "t.post_id", "p.id").select(["u.id", "p.label", "t.label"])
    .where("u.name", "like", "a%").orderBy("u.id").limit(10);

interface Case {
  readonly name: string;
  readonly budget: number;
  readonly hand: (db: DB) => { compile(): unknown };
  readonly plain: (db: DB) => { compile(): unknown };
}

const cases: readonly Case[] = [
  {
    name: "select, none",
    budget: 1.15,
    hand: (db) => db.selectFrom("teams").selectAll().where("id", "=", 1),
    plain: (db) => db.selectFrom("teams").selectAll().where("id", "=", 1),
  },
  { name: "join of three, none", budget: 1.15, hand: untouchedJoin, plain: untouchedJoin },
  {
    name: "insert, none",
    budget: 1.15,
    hand: (db) => db.insertInto("teams").values({ id: 1, name: "x", org_id: 2 }),
    plain: (db) => db.insertInto("teams").values({ id: 1, name: "x", org_id: 2 }),
  },
  {
    name: "update, none",
    budget: 1.15,
    hand: (db) => db.updateTable("teams").set({ name: "x" }).where("id", "=", 1),
    plain: (db) => db.updateTable("teams").set({ name: "x" }).where("id", "=", 1),
  },
  {
    name: "select, filter",
    budget: 1.1,
    hand: (db) =>
      db.selectFrom("users").selectAll().where("id", "=", 1).where("users.deleted_at", "is", null),
    plain: (db) => db.selectFrom("users").selectAll().where("id", "=", 1),
  },
  {
    name: "join of three, filter",
    budget: 1.1,
    hand: (db) =>
      join(db, "users").where("u.deleted_at" as "u.name", "is", null)
        .where("p.deleted_at", "is", null),
    plain: (db) => join(db, "users"),
  },
  {
    name: "insert, filter",
    budget: 1.1,
    hand: (db) =>
      db.insertInto("users").values({ id: 1, name: "x", org_id: 2, deleted_at: null }),
    plain: (db) =>
      db.insertInto("users").values({ id: 1, name: "x", org_id: 2, deleted_at: null }),
  },
  {
    name: "update, filter",
    budget: 1.1,
    hand: (db) =>
      db.updateTable("users").set({ name: "x" }).where("id", "=", 1)
        .where("users.deleted_at", "is", null),
    plain: (db) => db.updateTable("users").set({ name: "x" }).where("id", "=", 1),
  },
];

/** A case, timed. */
export interface Result {
  readonly name: string;
  /** The most that the ratio may be. */
  readonly budget: number;
  readonly sides: readonly Timed[];
}

/** Times every case. */
export function rewriteBenchmark(): Result[] {
  return cases.map(({ name, budget, hand, plain }) => ({
    name,
    budget,
    sides: compare([
      ["bare Kysely", () => hand(bare).compile()],
      ["executor", () => plain(executor).compile()],
    ]),
  }));
}
