/** Raw SQL that is denied: where it can stand, and what its refusal looks like. */
import { createExecutorSync, ExecutorError, RawSqlError } from "@kysera/executor";
import { type CompiledQuery, type Kysely, type RawBuilder, sql } from "kysely";
import assert from "node:assert/strict";
import { dummy, type DummyName } from "./dummy.ts";
import { hideDeleted } from "./world.ts";

export const deny = (name: DummyName = "postgres"): Kysely<any> =>
  createExecutorSync(dummy(name), [hideDeleted], { rawSql: "deny" });

export type Build = (db: Kysely<any>) => { compile(): CompiledQuery };

/** Where an expression can stand. */
export const places: Readonly<Record<string, (e: RawBuilder<any>) => Build>> = {
  "the select list": (e) => (db) => db.selectFrom("users").select(e.as("e")),
  "WHERE": (e) => (db) => db.selectFrom("users").selectAll().where(e),
  "a comparison": (e) => (db) => db.selectFrom("users").selectAll().where("id", "=", e),
  "ON": (e) => (db) => db.selectFrom("users").innerJoin("posts", (join) => join.on(e)).selectAll(),
  "ORDER BY": (e) => (db) => db.selectFrom("users").selectAll().orderBy(e),
  "GROUP BY": (e) => (db) => db.selectFrom("users").select("id").groupBy(e),
  "HAVING": (e) => (db) => db.selectFrom("users").select("id").groupBy("id").having(e),
  "LIMIT": (e) => (db) => db.selectFrom("users").select("id").limit(e),
  "SET": (e) => (db) => db.updateTable("users").set({ name: e }),
  "VALUES": (e) => (db) => db.insertInto("users").values({ name: e }),
  "RETURNING": (e) => (db) => db.deleteFrom("users").returning(e.as("e")),
  "a function's argument": (e) => (db) =>
    db.selectFrom("users").select((eb) => eb.fn("lower", [e]).as("e")),
  "an aggregate's filter": (e) => (db) =>
    db.selectFrom("users").select((eb) => eb.fn.countAll().filterWhere(e).as("e")),
  "a window": (e) => (db) =>
    db.selectFrom("users").select((eb) =>
      eb.fn.countAll().over((o) => o.partitionBy(e as any)).as("e")
    ),
  "CASE": (e) => (db) =>
    db.selectFrom("users").select((eb) => eb.case().when(e).then(1).end().as("e")),
  "a CAST": (e) => (db) => db.selectFrom("users").select((eb) => eb.cast(e, "text").as("e")),
  "DISTINCT ON": (e) => (db) => db.selectFrom("users").distinctOn(e).selectAll(),
  "a subquery": (e) => (db) =>
    db.selectFrom("users").selectAll().where(
      "id",
      "in",
      (eb: any) => eb.selectFrom("posts").select("user_id").where(e),
    ),
  "a common table expression": (e) => (db) =>
    db.with("c", (qc) => qc.selectFrom("users").select(e.as("e"))).selectFrom("c").selectAll(),
  "another raw fragment": (e) => (db) =>
    db.selectFrom("users").select(sql`coalesce(${sql`(${e})`}, 1)`.as("e")),
  "ON CONFLICT": (e) => (db) =>
    db.insertInto("users").values({ id: 1 }).onConflict((c) =>
      c.column("id").doUpdateSet({ name: e })
    ),
};

export function isRefusal(error: unknown): true {
  assert.ok(error instanceof RawSqlError, `it threw ${error}`);
  assert.ok(error instanceof ExecutorError);
  assert.equal(error.code, "RAW_SQL");
  assert.equal(error.name, "RawSqlError");
  assert.match(error.message, /^Cannot run raw SQL through this executor: /);
  assert.match(error.message, /write it with the query builder, or run it on getRawDb\(executor\)/);
  return true;
}
