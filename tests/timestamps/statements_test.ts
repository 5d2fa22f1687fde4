import assert from "node:assert/strict";
import { after, before, beforeEach, it } from "node:test";
import { type KyseraExecutor, QueryRefusedError } from "@kysera/executor";
import type { TimestampsPlugin } from "@kysera/timestamps";
import { CamelCasePlugin, sql } from "kysely";
import { onEveryDialect } from "../support/matrix.ts";
import { BEFORE, type Database, stamps, tick, time, World } from "./_world.ts";

type Executor = KyseraExecutor<Database, readonly [TimestampsPlugin]>;

onEveryDialect("timestampsPlugin()", (dialect) => {
  const world = new World(dialect);
  let executor: Executor;

  before(() => world.open());
  after(() => world.close());
  beforeEach(async () => {
    await world.fill();
    executor = await world.executor();
  });

  const isMysql = dialect.dialect === "mysql";
  const isPostgres = dialect.dialect === "postgres";

  it("stamps an INSERT of one row, both columns with one time", async () => {
    await executor.insertInto("ts_notes").values({ id: 3, title: "c" }).execute();
    assert.deepEqual(await stamps(world.db), ["a old/old", "b old/old", "c 0/0"]);
    assert.equal(world.clock.asked, 1);
  });

  it("stamps an INSERT of many rows with one time", async () => {
    await executor.insertInto("ts_notes")
      .values([{ id: 3, title: "c" }, { id: 4, title: "d", body: "z" }, { id: 5, title: "e" }])
      .execute();
    assert.deepEqual((await stamps(world.db)).slice(2), ["c 0/0", "d 0/0", "e 0/0"]);
    assert.equal(world.clock.asked, 1);
  });

  it("stamps each statement with the time when it is built", async () => {
    await executor.insertInto("ts_notes").values({ id: 3, title: "c" }).execute();
    await executor.insertInto("ts_notes").values({ id: 4, title: "d" }).execute();
    assert.deepEqual((await stamps(world.db)).slice(2), ["c 0/0", "d 1/1"]);
  });

  it("stamps an INSERT from a SELECT", async () => {
    await executor.insertInto("ts_notes").columns(["id", "title"])
      .expression((eb) =>
        eb.selectFrom("ts_labels").select((eb) => [eb("id", "+", 2).as("id"), "name"])
      ).execute();
    assert.deepEqual((await stamps(world.db)).slice(2), ["one 0/0"]);
  });

  it("stamps an INSERT from a SELECT whose rows are made of groups or arms of a union", async () => {
    await world.db.insertInto("ts_labels").values({ id: 2, name: "one" }).execute();
    await executor.insertInto("ts_notes").columns(["id", "title"])
      .expression((eb) =>
        eb.selectFrom("ts_labels").groupBy("name")
          .select((eb) => [eb(eb.fn.max("id"), "+", 1).as("id"), "name"])
      ).execute();
    await executor.insertInto("ts_notes").columns(["id", "title"])
      .expression((eb) =>
        eb.selectFrom("ts_labels").distinct()
          .select([sql<number>`4`.as("id"), sql<string>`'distinct'`.as("title")])
          .union(
            eb.selectFrom("ts_labels")
              .select([sql<number>`5`.as("id"), sql<string>`'union'`.as("title")]),
          )
      ).execute();
    assert.deepEqual((await stamps(world.db)).slice(2), ["one 0/0", "distinct 1/1", "union 1/1"]);
  });

  it("stamps an INSERT of default values", async () => {
    const insert = executor.insertInto("ts_events");
    // MySQL has no DEFAULT VALUES, and its key has no default here.
    await (isMysql
      ? insert.values({ id: 7, name: sql`default` })
      : isPostgres
      ? insert.values({ id: 7, name: sql`default` })
      : insert.defaultValues()).execute();
    const events = await world.db.selectFrom("ts_events").selectAll().execute();
    assert.deepEqual(events.map((row) => [row.name, tick(row.created_at)]), [[null, 0]]);
  });

  it("fills a column that some rows leave to its default", async () => {
    const old = time(dialect, BEFORE);
    await executor.insertInto("ts_notes")
      .values([{ id: 3, title: "c", created_at: old }, { id: 4, title: "d" }])
      .execute();
    assert.deepEqual((await stamps(world.db)).slice(2), ["c old/0", "d 0/0"]);
  });

  it("stamps an UPDATE with the time of the change alone", async () => {
    await executor.updateTable("ts_notes").set({ body: "z" }).where("id", "=", 1).execute();
    assert.deepEqual(await stamps(world.db), ["a old/0", "b old/old"]);
    await executor.updateTable("ts_notes as n").set({ body: "w" }).execute();
    assert.deepEqual(await stamps(world.db), ["a old/1", "b old/1"]);
  });

  it("stamps an UPDATE that changes nothing, as the statement does not know", async () => {
    await executor.updateTable("ts_notes").set((eb) => ({ body: eb.ref("body") }))
      .where("id", "=", 1).execute();
    assert.deepEqual(await stamps(world.db), ["a old/0", "b old/old"]);
  });

  it("stamps an upsert: a new row as one, a changed row as one", async () => {
    const upsert = executor.insertInto("ts_notes")
      .values([{ id: 1, title: "a", body: "new" }, { id: 3, title: "c" }]);
    await (isMysql
      ? upsert.onDuplicateKeyUpdate({ body: sql`values(body)` })
      : upsert.onConflict((oc) =>
        oc.column("id").doUpdateSet((eb) => ({ body: eb.ref("excluded.body") }))
      )).execute();
    assert.deepEqual(await stamps(world.db), ["a old/0", "b old/old", "c 0/0"]);
    assert.equal(world.clock.asked, 1);
  });

  it("leaves a row alone that an INSERT passes over", async () => {
    const insert = executor.insertInto("ts_notes").values({ id: 1, title: "a" });
    await (isMysql ? insert.ignore() : insert.onConflict((oc) => oc.doNothing())).execute();
    assert.deepEqual(await stamps(world.db), ["a old/old", "b old/old"]);
  });

  it("stamps a REPLACE as the new row it is", async () => {
    if (isPostgres) return;
    await executor.replaceInto("ts_notes").values({ id: 1, title: "a" }).execute();
    assert.deepEqual(await stamps(world.db), ["a 0/0", "b old/old"]);
  });

  it("stamps an UPDATE with a FROM or a join", async () => {
    if (isMysql) {
      await executor.updateTable(["ts_notes", "ts_labels"])
        .set("ts_notes.body", "z")
        .whereRef("ts_labels.id", "=", "ts_notes.id").execute();
    } else {
      await executor.updateTable("ts_notes").from("ts_labels")
        .set((eb) => ({ body: eb.ref("ts_labels.name") }))
        .whereRef("ts_labels.id", "=", "ts_notes.id").execute();
    }
    assert.deepEqual(await stamps(world.db), ["a old/0", "b old/old"]);
  });

  it("stamps each part of a MERGE", { skip: dialect.lacks("MERGE") ?? false }, async () => {
    if (!isPostgres) return;
    await executor.mergeInto("ts_notes")
      .using("ts_labels", (join) => join.onRef("ts_labels.id", "=", "ts_notes.id"))
      .whenMatched().thenUpdateSet({ body: "z" })
      .whenNotMatched().thenInsertValues((eb) => ({ id: eb.ref("ts_labels.id"), title: "m" }))
      .execute();
    assert.deepEqual(await stamps(world.db), ["a old/0", "b old/old"]);
    await executor.mergeInto("ts_notes")
      .using("ts_labels", (join) => join.on(sql<boolean>`false`))
      .whenNotMatched().thenInsertValues({ id: 9, title: "m" })
      .execute();
    assert.deepEqual((await stamps(world.db)).slice(2), ["m 1/1"]);
  });

  it("stamps every part of a statement with common table expressions, with one time", async () => {
    if (!isPostgres) return;
    const rows = await executor
      .with("made", (db) => db.insertInto("ts_notes").values({ id: 3, title: "c" }).returningAll())
      .with(
        "changed",
        (db) => db.updateTable("ts_notes").set({ body: "z" }).where("id", "=", 1).returningAll(),
      )
      .selectFrom("made").selectAll()
      .unionAll((eb) => eb.selectFrom("changed").selectAll())
      .orderBy("id").execute();
    assert.deepEqual(rows.map((row) => [tick(row.created_at), tick(row.updated_at)]), [
      ["old", 0],
      [0, 0],
    ]);
    assert.equal(world.clock.asked, 1);
    assert.deepEqual(await stamps(world.db), ["a old/0", "b old/old", "c 0/0"]);
  });

  it("returns what it stamped", async () => {
    if (isMysql) return;
    const row = await executor.insertInto("ts_notes").values({ id: 3, title: "c" }).returningAll()
      .executeTakeFirstOrThrow();
    assert.deepEqual([tick(row.created_at), tick(row.updated_at)], [0, 0]);
    const changed = await executor.updateTable("ts_notes").set({ body: "z" })
      .where("id", "=", 3).returning(["created_at", "updated_at"]).executeTakeFirstOrThrow();
    assert.deepEqual([tick(changed.created_at), tick(changed.updated_at)], [0, 1]);
  });

  it("respects transactions, savepoints and other handles", async () => {
    await executor.transaction().execute(async (trx) => {
      await trx.insertInto("ts_notes").values({ id: 3, title: "c" }).execute();
      await trx.withPlugin(new CamelCasePlugin()).updateTable("ts_notes").set({ body: "z" })
        .where("id", "=", 1).execute();
    });
    await executor.withoutPlugins().updateTable("ts_notes").set({ body: "z" })
      .where("id", "=", 2).execute();
    assert.deepEqual(await stamps(world.db), ["a old/1", "b old/2", "c 0/0"]);
    await assert.rejects(
      executor.transaction().execute(async (trx) => {
        await trx.updateTable("ts_notes").set({ body: "w" }).execute();
        throw new Error("undo");
      }),
    );
    assert.deepEqual(await stamps(world.db), ["a old/1", "b old/2", "c 0/0"]);
  });

  it("gives a table with one of the columns that one", async () => {
    await executor.insertInto("ts_events").values({ id: 1, name: "made" }).execute();
    await executor.updateTable("ts_events").set({ name: "changed" }).execute();
    await executor.insertInto("ts_counters").values({ id: 1, n: 1 }).execute();
    await executor.updateTable("ts_counters").set((eb) => ({ n: eb("n", "+", 1) })).execute();
    const [event] = await world.db.selectFrom("ts_events").selectAll().execute();
    const [counter] = await world.db.selectFrom("ts_counters").selectAll().execute();
    assert.deepEqual([event!.name, tick(event!.created_at)], ["changed", 0]);
    assert.deepEqual([counter!.n, tick(counter!.updated_at)], [2, 2]);
  });

  it("leaves other tables, reads and deletes as they are", async () => {
    await executor.insertInto("ts_labels").values({ id: 5, name: "five" }).execute();
    await executor.updateTable("ts_labels").set({ name: "six" }).execute();
    await executor.selectFrom("ts_notes").selectAll().execute();
    await executor.deleteFrom("ts_notes").where("id", "=", 1).execute();
    assert.equal(world.clock.asked, 0);
    assert.equal(
      executor.selectFrom("ts_notes").selectAll().compile().sql,
      world.db.selectFrom("ts_notes").selectAll().compile().sql,
    );
  });

  it("refuses an INSERT whose columns it cannot see, and never runs it without stamps", async () => {
    await assert.rejects(
      executor.insertInto("ts_events")
        .expression((eb) => eb.selectFrom("ts_labels").selectAll() as never).execute(),
      QueryRefusedError,
    );
    assert.deepEqual(await world.db.selectFrom("ts_events").selectAll().execute(), []);
  });
});
