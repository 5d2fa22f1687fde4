/**
 * Whole queries that are built each time, on in-memory SQLite: bare Kysely with the conditions
 * written by hand, against an executor with soft delete, both on the dialect that keeps prepared
 * statements. Kysely's own dialect, which prepares each time, is shown beside them.
 *
 * @module
 */
import { createExecutor } from "@kysera/executor";
import { softDeletePlugin } from "@kysera/soft-delete";
import type { Kysely } from "kysely";
import assert from "node:assert/strict";
import { type Group, group, type Row, timed } from "../_row.ts";
import { type Database, openCached, openNaive } from "./_database.ts";

const AT_MOST = 1.1;

type Query = (db: Kysely<Database>) => Promise<unknown>;

interface World {
  readonly opened: readonly ReturnType<typeof openCached>[];
  readonly naive: Kysely<Database>;
  readonly cached: Kysely<Database>;
  readonly executor: Kysely<Database>;
}

const joined = (db: Kysely<Database>) =>
  db.selectFrom("users as u").innerJoin("posts as p", "p.user_id", "u.id")
    .innerJoin("tags as g", "g.post_id", "p.id").select(["u.id", "p.title", "g.label"])
    .where("u.id", "in", [1, 7, 10, 12, 13]).orderBy("u.id");

const added = (db: Kysely<Database>) =>
  db.insertInto("users").values({ name: "new", org_id: 3, deleted_at: null });

const CASES: Readonly<Record<string, { readonly query: Query; readonly byHand: Query }>> = {
  "select-one": {
    query: (db) => db.selectFrom("users").selectAll().where("id", "=", 11).execute(),
    byHand: (db) =>
      db.selectFrom("users").selectAll().where("id", "=", 11)
        .where("users.deleted_at", "is", null).execute(),
  },
  "select-90": {
    query: (db) => db.selectFrom("users").selectAll().where("id", "<=", 100).execute(),
    byHand: (db) =>
      db.selectFrom("users").selectAll().where("id", "<=", 100)
        .where("users.deleted_at", "is", null).execute(),
  },
  "join-of-three": {
    query: (db) => joined(db).execute(),
    byHand: (db) =>
      joined(db).where("u.deleted_at", "is", null).where("p.deleted_at", "is", null).execute(),
  },
  "insert": {
    query: async (db) => (await added(db).executeTakeFirstOrThrow()).numInsertedOrUpdatedRows,
    byHand: async (db) => (await added(db).executeTakeFirstOrThrow()).numInsertedOrUpdatedRows,
  },
  "update": {
    query: (db) => db.updateTable("users").set({ name: "x" }).where("id", "=", 11).execute(),
    byHand: (db) =>
      db.updateTable("users").set({ name: "x" }).where("id", "=", 11)
        .where("users.deleted_at", "is", null).execute(),
  },
};

/** Each side on a database of its own. */
async function open(): Promise<World> {
  const opened = [openNaive(), openCached(), openCached()] as const;
  const [naive, cached, guarded] = opened;
  const executor = await createExecutor(guarded.db, [softDeletePlugin()]);
  return { opened, naive: naive.db, cached: cached.db, executor };
}

const rowOf = ({ query, byHand }: { query: Query; byHand: Query }): Row<World> => ({
  budget: AT_MOST,
  async sides({ opened, naive, cached, executor }, form) {
    const runs = [
      () => byHand(cached),
      () => query(executor),
      () => byHand(naive),
    ] as const;
    assert.deepEqual(plain(await runs[1]()), plain(await runs[0]()), "results differ");
    // What inserts left behind must not slow down one side more than another.
    return await timed(runs, form, () => {
      for (const { database } of opened) database.exec("delete from users where id > 1000");
    });
  },
});

/** Queries that nothing prepares. */
export const sqliteGroups: readonly Group[] = [
  group<World>({
    name: "run-sqlite",
    title: "Built and run each time on in-memory SQLite, soft-deleted tables",
    sides: ["Kysely", "executor", "Kysely's dialect"],
    mixed: true,
    rows: Object.fromEntries(Object.entries(CASES).map(([name, each]) => [name, rowOf(each)])),
    open,
    close: async ({ opened }) => {
      for (const { db } of opened) await db.destroy();
    },
  }),
];

/** Rows of `node:sqlite` have no prototype. */
function plain(result: unknown): unknown {
  return Array.isArray(result) ? result.map((row) => Object.assign({}, row)) : result;
}
