/**
 * Whole queries on in-memory SQLite: bare Kysely with the conditions written by hand, against an
 * executor with soft delete over Kysera's SQLite dialect.
 *
 * Kysely prepares a statement anew for every query. The dialect keeps them, which is worth more than
 * rewriting costs; the middle column shows it without the executor.
 *
 * @module
 */
import { createExecutor } from "@kysera/executor";
import { softDeletePlugin } from "@kysera/soft-delete";
import type { Kysely } from "kysely";
import assert from "node:assert/strict";
import type { Case, Group } from "./_case.ts";
import { type Database, openCached, openNaive } from "./_database.ts";
import { compareAsync } from "./_ratio.ts";

const EFFORT = { rounds: 150, calls: 40 };

type Query = (db: Kysely<Database>) => Promise<unknown>;

const joined = (db: Kysely<Database>) =>
  db.selectFrom("users as u").innerJoin("posts as p", "p.user_id", "u.id")
    .innerJoin("tags as g", "g.post_id", "p.id").select(["u.id", "p.title", "g.label"])
    .where("u.id", "in", [1, 7, 10, 12, 13]).orderBy("u.id");

const added = (db: Kysely<Database>) =>
  db.insertInto("users").values({ name: "new", org_id: 3, deleted_at: null });

const CASES: Readonly<Record<string, { readonly query: Query; readonly byHand: Query }>> = {
  "select one row": {
    query: (db) => db.selectFrom("users").selectAll().where("id", "=", 11).execute(),
    byHand: (db) =>
      db.selectFrom("users").selectAll().where("id", "=", 11)
        .where("users.deleted_at", "is", null).execute(),
  },
  "select 90 rows": {
    query: (db) => db.selectFrom("users").selectAll().where("id", "<=", 100).execute(),
    byHand: (db) =>
      db.selectFrom("users").selectAll().where("id", "<=", 100)
        .where("users.deleted_at", "is", null).execute(),
  },
  "join of three": {
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

/** The cases, each side on a database of its own. */
export async function sqliteBenchmark(): Promise<Group> {
  const opened = [openNaive(), openCached(), openCached()] as const;
  const [naive, cached, guarded] = opened;
  const executor = await createExecutor(guarded.db, [softDeletePlugin()]);
  const line = async (name: string, query: Query, byHand: Query): Promise<Case> => {
    const runs = [() => byHand(naive.db), () => query(executor), () => byHand(cached.db)] as const;
    assert.deepEqual(plain(await runs[1]()), plain(await runs[0]()), `${name}: results differ`);
    // What inserts left behind must not slow down one side more than another.
    const clean = () => {
      for (const { database } of opened) database.exec("delete from users where id > 1000");
    };
    const sides = runs.map((run) => () => run());
    return {
      name,
      budget: 1,
      strict: true,
      warmUp: () => compareAsync(sides, { rounds: 10, calls: 20 }),
      time: async () => {
        clean();
        return await compareAsync(sides, EFFORT);
      },
    };
  };
  const cases: Case[] = [];
  for (const [name, { query, byHand }] of Object.entries(CASES)) {
    cases.push(await line(name, query, byHand));
  }
  return {
    title: "Run on in-memory SQLite, soft-deleted tables",
    sides: ["Kysely", "executor", "dialect alone"],
    cases,
    close: async () => {
      for (const { db } of opened) await db.destroy();
    },
  };
}

/** Rows of `node:sqlite` have no prototype. */
function plain(result: unknown): unknown {
  return Array.isArray(result) ? result.map((row) => Object.assign({}, row)) : result;
}
