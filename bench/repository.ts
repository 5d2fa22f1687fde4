/**
 * Repositories with soft delete on in-memory SQLite, against bare Kysely with the conditions written
 * by hand on the same driver.
 *
 * @module
 */
import { createExecutor } from "@kysera/executor";
import { createRepository } from "@kysera/repository";
import { softDeletePlugin } from "@kysera/soft-delete";
import type { Kysely } from "kysely";
import assert from "node:assert/strict";
import type { Case, Group } from "./_case.ts";
import { type Database, openCached } from "./_database.ts";
import { compareAsync } from "./_ratio.ts";

const ONE_ROW = { budget: 1, effort: { rounds: 200, calls: 40 } };
const LIST = { budget: 1.05, effort: { rounds: 200, calls: 10 } };
const BULK = { budget: 1.05, effort: { rounds: 60, calls: 1 } };

type Run = () => Promise<unknown>;

const row = (name: string) => ({ name, org_id: 3, deleted_at: null });
const thousand = Array.from({ length: 1_000 }, (_, i) => row(`new ${i}`));

/** What one writes without a repository. */
function byHand(db: Kysely<Database>): Record<string, Run> {
  const visible = () => db.selectFrom("users").selectAll().where("deleted_at", "is", null);
  return {
    findById: () => visible().where("id", "=", 11).executeTakeFirst(),
    find: () => visible().where("org_id", "=", 3).where("id", ">", 950).execute(),
    "findAll, 100 rows": () => visible().orderBy("id").limit(100).execute(),
    create: () =>
      db.insertInto("users").values(row("new")).returningAll().executeTakeFirstOrThrow(),
    update: () =>
      db.updateTable("users").set({ name: "x" }).where("id", "=", 11)
        .where("deleted_at", "is", null).returningAll().executeTakeFirstOrThrow(),
    "bulkCreate, 1000 rows": () => db.insertInto("users").values(thousand).returningAll().execute(),
  };
}

/** The cases, each side on a database of its own. */
export async function repositoryBenchmark(): Promise<Group> {
  const bare = openCached();
  const guarded = openCached();
  const executor = await createExecutor(guarded.db, [softDeletePlugin()]);
  const users = createRepository(executor, { tableName: "users" });
  const ours: Record<string, readonly [Run, typeof ONE_ROW]> = {
    findById: [() => users.findById(11), ONE_ROW],
    find: [() => users.find({ where: { org_id: 3, id: { gt: 950 } } }), LIST],
    "findAll, 100 rows": [() => users.findAll({ orderBy: "id", limit: 100 }), LIST],
    create: [() => users.create(row("new")), ONE_ROW],
    update: [() => users.update(11, { name: "x" }), ONE_ROW],
    "bulkCreate, 1000 rows": [() => users.bulkCreate(thousand), BULK],
  };
  // What is added must not slow down one side more than the other.
  const clean = (): void => {
    for (const { database } of [bare, guarded]) database.exec("delete from users where id > 1000");
  };
  const cases: Case[] = [];
  for (const [name, run] of Object.entries(byHand(bare.db))) {
    const [own, { budget, effort }] = ours[name]!;
    assert.deepEqual(plain(await own()), plain(await run()), `${name}: results differ`);
    clean();
    cases.push({
      name: `${name}, soft delete`,
      budget,
      warmUp: () => compareAsync([run, own], { rounds: 5, calls: effort.calls }),
      time: async () => {
        clean();
        return await compareAsync([run, own], effort);
      },
    });
  }
  return {
    title: "Repository on in-memory SQLite",
    sides: ["Kysely", "repository"],
    cases,
    close: async () => {
      await bare.db.destroy();
      await guarded.db.destroy();
    },
  };
}

/** Rows of `node:sqlite` have no prototype. */
function plain(result: unknown): unknown {
  return Array.isArray(result) ? result.map(plain) : Object.assign({}, result);
}
