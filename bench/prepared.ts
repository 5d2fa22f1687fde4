/**
 * A prepared join of three tables on in-memory SQLite, next to what else one could have written: bare
 * Kysely, the driver itself, and Drizzle.
 *
 * All sides use `better-sqlite3`, which all of them support, on a database of their own.
 *
 * @module
 */
import { type Params, prepareQuery } from "@kysera/dal";
import { betterSqlite3Dialect } from "@kysera/dialects";
import { createExecutor } from "@kysera/executor";
import { softDeletePlugin } from "@kysera/soft-delete";
import Sqlite from "better-sqlite3";
import { and, asc, eq, inArray, isNull, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { Kysely, SqliteDialect } from "kysely";
import assert from "node:assert/strict";
import type { Group } from "./_case.ts";
import { type Database, SCHEMA } from "./_database.ts";
import { compareAsync } from "./_ratio.ts";

const AT_MOST = 0.5;
const EFFORT = { rounds: 150, calls: 40 };
const IDS = [1, 7, 11, 12, 13];

const users = sqliteTable("users", {
  id: integer().primaryKey(),
  name: text().notNull(),
  deleted: text("deleted_at"),
});
const posts = sqliteTable("posts", {
  id: integer().primaryKey(),
  user: integer("user_id").notNull(),
  title: text().notNull(),
  deleted: text("deleted_at"),
});
const tags = sqliteTable("tags", {
  id: integer().primaryKey(),
  post: integer("post_id").notNull(),
  label: text().notNull(),
});

const byHand = (db: Kysely<Database>) =>
  db.selectFrom("users as u").innerJoin("posts as p", "p.user_id", "u.id")
    .innerJoin("tags as g", "g.post_id", "p.id").select(["u.id", "p.title", "g.label"])
    .where("u.id", "in", IDS).where("u.deleted_at", "is", null).where("p.deleted_at", "is", null)
    .orderBy("u.id");

/** The case; the sides give the same rows. */
export async function preparedBenchmark(): Promise<Group> {
  const opened = Array.from({ length: 5 }, () => {
    const database = new Sqlite(":memory:");
    database.exec(SCHEMA);
    return database;
  });
  const [bare, ours, driver, one, other] = opened as [
    Sqlite.Database,
    Sqlite.Database,
    Sqlite.Database,
    Sqlite.Database,
    Sqlite.Database,
  ];
  const kysely = new Kysely<Database>({ dialect: new SqliteDialect({ database: bare }) });
  const executor = await createExecutor(
    new Kysely<Database>({ dialect: betterSqlite3Dialect({ database: ours }) }),
    [softDeletePlugin({ tables: ["users", "posts"] })],
  );
  const prepared = prepareQuery(
    executor,
    (db: Kysely<Database>, p: Params<{ ids: number[] }>) =>
      db.selectFrom("users as u").innerJoin("posts as p", "p.user_id", "u.id")
        .innerJoin("tags as g", "g.post_id", "p.id").select(["u.id", "p.title", "g.label"])
        .where("u.id", "in", p.ids).orderBy("u.id"),
  );
  const statement = driver.prepare(byHand(kysely).compile().sql);
  const [onOne, onOther] = [drizzle(one), drizzle(other)];
  const query = (database: typeof onOne, ids: unknown) =>
    database.select({ id: users.id, title: posts.title, label: tags.label }).from(users)
      .innerJoin(posts, eq(posts.user, users.id)).innerJoin(tags, eq(tags.post, posts.id))
      // Placeholders are what a prepared query takes in place of values.
      .where(and(inArray(users.id, ids as number[]), isNull(users.deleted), isNull(posts.deleted)))
      .orderBy(asc(users.id));
  const drizzled = query(onOther, IDS.map((_, i) => sql.placeholder(`id${i}`))).prepare();

  const runs: readonly (() => unknown)[] = [
    () => byHand(kysely).execute(),
    () => prepared.execute({ ids: IDS }),
    () => statement.all(...IDS),
    () => query(onOne, IDS).all(),
    () => drizzled.all(Object.fromEntries(IDS.map((id, i) => [`id${i}`, id]))),
  ];
  const expected = await runs[0]!();
  assert.equal((expected as unknown[]).length > 0, true);
  for (const run of runs) assert.deepEqual(await run(), expected, "results differ");
  return {
    title: "Prepared query on in-memory SQLite",
    sides: ["Kysely", "prepared", "driver", "Drizzle", "Drizzle prepared"],
    cases: [{
      name: "join of three, soft delete",
      budget: AT_MOST,
      warmUp: () => compareAsync(runs, { rounds: 10, calls: 20 }),
      time: () => compareAsync(runs, EFFORT),
    }],
    close: async () => {
      await kysely.destroy();
      await executor.destroy();
      for (const database of opened) if (database.open) database.close();
    },
  };
}
