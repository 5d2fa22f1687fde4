/**
 * What policies cost where queries are built and compiled anew: row-level security, many filters and
 * hooks, and the statements that policies rewrite most, against the same conditions by hand.
 *
 * @module
 */
import { nodeSqliteDialect } from "@kysera/dialects";
import { bindContext, createExecutor, type Plugin } from "@kysera/executor";
import { defineRLSSchema, filter, rlsPlugin } from "@kysera/rls";
import { softDeletePlugin } from "@kysera/soft-delete";
import { timestampsPlugin } from "@kysera/timestamps";
import { type Compilable, type Generated, Kysely } from "kysely";
import { jsonArrayFrom } from "kysely/helpers/sqlite";
import { DatabaseSync } from "node:sqlite";
import { type Group, group, type Row, timedSync } from "../_row.ts";

interface Owned {
  id: number;
  org_id: Generated<number>;
  name: string;
  deleted_at: Generated<string | null>;
  created_at: Generated<string>;
  updated_at: Generated<string>;
}
interface Database {
  users: Owned;
  posts: Owned & { user_id: number };
}
type Db = Kysely<Database>;
type Build = (db: Db) => Compilable;

/** The executors that the rows are about. */
interface World {
  readonly db: Db;
  /** Row-level security alone. */
  readonly rls: Db;
  /** Soft delete, timestamps and row-level security. */
  readonly three: Db;
  readonly filters: Db;
  readonly stableFilters: Db;
  readonly hooks: Db;
}

const CALLER = { auth: { userId: 7, tenantId: 3, roles: ["member"] } };
const MANY = 16;
const TIME = "2026-01-01T00:00:00.000Z";
const numbers = Array.from({ length: MANY }, (_, i) => i);

async function open(): Promise<World> {
  const database = new DatabaseSync(":memory:");
  for (const [table, more] of [["users", ""], ["posts", ", user_id integer"]]) {
    database.exec(`create table ${table} (id integer primary key, org_id integer, name text,
      deleted_at text, created_at text, updated_at text${more})`);
  }
  const db = new Kysely<Database>({ dialect: nodeSqliteDialect({ database }) });
  const schema = defineRLSSchema<Database>({
    users: {
      policies: [filter("all", (ctx) => ({ org_id: ctx.auth.tenantId }))],
      stamp: { org_id: (ctx) => ctx.auth.tenantId },
    },
    posts: {
      policies: [filter("all", (ctx) => ({ org_id: ctx.auth.tenantId }))],
      stamp: { org_id: (ctx) => ctx.auth.tenantId },
    },
  });
  const tables = ["users", "posts"];
  const rls = rlsPlugin({ schema });
  const many = (make: (i: number) => Partial<Plugin>): readonly Plugin[] =>
    numbers.map((i) => ({ name: `plugin-${i}`, version: "1.0.0", ...make(i) }));
  const filters = (stable: boolean) =>
    many((i) => ({
      stable,
      appliesTo: ({ name }) => name === "users",
      filter: (users, { eb }) => eb(users.column("org_id"), "<>", i),
    }));
  const hooks = many((i) => ({ interceptQuery: (qb) => qb.where("users.org_id", "<>", i) }));
  const bound = async (plugins: readonly Plugin[]) =>
    bindContext(await createExecutor(db, plugins), CALLER);
  return {
    db,
    rls: await bound([rls]),
    three: await bound([softDeletePlugin({ tables }), timestampsPlugin({ tables }), rls]),
    filters: await bound(filters(false)),
    stableFilters: await bound(filters(true)),
    hooks: await bound(hooks),
  };
}

const joined = (db: Db) =>
  db.selectFrom("users as u").innerJoin("posts as p", "p.user_id", "u.id")
    .select(["u.id", "p.name"]).where("u.name", "like", "a%").orderBy("u.id").limit(10);

const visible = (db: Db, table: "users" | "posts") =>
  db.selectFrom(table).selectAll().where("deleted_at", "is", null).where("org_id", "=", 3);

const nested = (db: Db, posts: (posts: ReturnType<typeof related>) => ReturnType<typeof related>) =>
  db.selectFrom("users as u").select((eb) => [
    "u.id",
    jsonArrayFrom(posts(related(eb as never))).as("posts"),
  ]).where("u.id", "=", 1);
const related = (eb: Db) =>
  eb.selectFrom("posts as p").select(["p.id", "p.name"])
    .whereRef("p.user_id", "=", "u.id" as never);

const given = (rows: number) =>
  Array.from({ length: rows }, (_, i) => ({ id: i + 1, name: `user ${i}` }));
const few = given(100);
const many = given(20_000);
const insert = (rows: readonly { id: number; name: string }[]): Build => (db) =>
  db.insertInto("users").values(rows);
/** As the plugins do: the assigned columns are the same in all rows. */
const assigned = (rows: readonly { id: number; name: string }[]): Build => (db) =>
  db.insertInto("users").values(
    rows.map((row) => ({ ...row, org_id: 3, created_at: TIME, updated_at: TIME })),
  );

/** One query, by which executor it is built, and how it is written without one. */
function row(
  budget: number,
  who: Exclude<keyof World, "db">,
  query: Build,
  byHand: Build,
): Row<World> {
  return {
    budget,
    sides: (world) =>
      timedSync([
        () => byHand(world.db).compile(),
        () => query(world[who]).compile(),
        () => query(world.db).compile(),
      ]),
  };
}

const byId: Build = (db) => db.selectFrom("users").selectAll().where("id", "=", 1);
const rows: Readonly<Record<string, Row<World>>> = {
  "rls-select": row(
    1.3,
    "rls",
    byId,
    (db) => db.selectFrom("users").selectAll().where("id", "=", 1).where("users.org_id", "=", 3),
  ),
  "rls-join": row(
    1.3,
    "rls",
    joined,
    (db) => joined(db).where("u.org_id", "=", 3).where("p.org_id", "=", 3),
  ),
  "rls-update": row(
    1.3,
    "rls",
    (db) => db.updateTable("users").set({ name: "x" }).where("id", "=", 1),
    (db) =>
      db.updateTable("users").set({ name: "x" }).where("id", "=", 1)
        .where("users.org_id", "=", 3),
  ),
  "rls-delete": row(
    1.3,
    "rls",
    (db) => db.deleteFrom("users").where("id", "=", 1),
    (db) => db.deleteFrom("users").where("id", "=", 1).where("users.org_id", "=", 3),
  ),
  "rls-insert": row(
    1.3,
    "rls",
    (db) => db.insertInto("users").values({ id: 1, name: "x" }),
    (db) => db.insertInto("users").values({ id: 1, name: "x", org_id: 3 }),
  ),
  "rls-nested-json": row(
    1.3,
    "rls",
    (db) => nested(db, (posts) => posts),
    (db) => nested(db, (posts) => posts.where("p.org_id", "=", 3)).where("u.org_id", "=", 3),
  ),
  "full-join": row(
    2,
    "three",
    (db) =>
      db.selectFrom("users as u").fullJoin("posts as p", "p.user_id", "u.id")
        .select(["u.id", "p.name"]),
    (db) =>
      db.selectFrom(visible(db, "users").as("u"))
        .fullJoin(
          (eb) => visible(eb as never, "posts").as("p"),
          (join) => join.onRef("p.user_id" as never, "=", "u.id"),
        )
        .select(["u.id", "p.name" as never]),
  ),
  "values-100": row(2, "three", insert(few), assigned(few)),
  "values-20000": { ...row(2, "three", insert(many), assigned(many)), turns: 10 },
  "filters-16": row(
    2,
    "filters",
    byId,
    (db) => {
      let query = db.selectFrom("users").selectAll().where("id", "=", 1);
      for (const i of numbers) query = query.where("users.org_id", "<>", i);
      return query;
    },
  ),
  "filters-16-stable": row(
    1,
    "stableFilters",
    byId,
    (db) => {
      let query = db.selectFrom("users").selectAll().where("id", "=", 1);
      for (const i of numbers) query = query.where("users.org_id", "<>", i);
      return query;
    },
  ),
  "hooks-16": row(
    5,
    "hooks",
    byId,
    (db) => {
      let query = db.selectFrom("users").selectAll().where("id", "=", 1);
      for (const i of numbers) query = query.where("users.org_id", "<>", i);
      return query;
    },
  ),
};

/** Built and compiled anew, on a database that no query is sent to. */
export const policyGroups: readonly Group[] = [
  group<World>({
    name: "policies",
    title: "Build and compile under policies",
    sides: ["by hand", "executor", "no conditions"],
    rows,
    open,
    close: ({ db }) => db.destroy(),
  }),
];
