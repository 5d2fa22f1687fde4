import assert from "node:assert/strict";
import { after, before, beforeEach, it } from "node:test";
import { createContext, createQuery, type Params, prepareQuery } from "@kysera/dal";
import { bindContext, compilePlan, PluginHookError, Slot } from "@kysera/executor";
import { createRepository } from "@kysera/repository";
import type { Kysely } from "kysely";
import { onEveryDialect } from "../support/matrix.ts";
import { stamps, tick, World } from "./_world.ts";

onEveryDialect("The clock of timestampsPlugin()", (dialect) => {
  const world = new World(dialect);

  before(() => world.open());
  after(() => world.close());
  beforeEach(() => world.fill());

  it("is read at each call of a prepared query, which is compiled once", async () => {
    const executor = await world.executor();
    let builds = 0;
    const rename = prepareQuery(executor, (db, p: Params<{ id: number; body: string }>) => {
      builds++;
      return db.updateTable("ts_notes").set({ body: p.body }).where("id", "=", p.id);
    });
    assert.equal(world.clock.asked, 0);
    await rename.execute({ id: 1, body: "p" });
    await rename.execute({ id: 2, body: "q" });
    assert.deepEqual(await stamps(world.db), ["a old/0", "b old/1"]);
    await rename.execute({ id: 1, body: "r" });
    assert.deepEqual(await stamps(world.db), ["a old/2", "b old/1"]);
    assert.equal(builds, 1);
    assert.equal(world.clock.asked, 3);
  });

  it("is read once for a prepared upsert of many rows", async () => {
    const executor = await world.executor();
    const plan = compilePlan(executor, (db) => {
      const insert = db.insertInto("ts_notes").values([
        { id: new Slot<number>(0), title: new Slot<string>(1) },
        { id: new Slot<number>(2), title: new Slot<string>(3) },
      ]);
      return dialect.dialect === "mysql"
        ? insert.onDuplicateKeyUpdate({ body: "again" })
        : insert.onConflict((oc) => oc.column("id").doUpdateSet({ body: "again" }));
    });
    assert.equal(plan.reusable, true);
    await executor.executeQuery(plan.bind(executor, [2, "b", 3, "c"]));
    assert.deepEqual(await stamps(world.db), ["a old/old", "b old/0", "c 0/0"]);
    await executor.executeQuery(plan.bind(executor, [3, "c", 4, "d"]));
    assert.deepEqual(await stamps(world.db), ["a old/old", "b old/0", "c 0/1", "d 1/1"]);
    assert.equal(world.clock.asked, 2);
  });

  it("is read at each call of a repository's methods", async () => {
    const executor = await world.executor();
    const notes = createRepository(executor, { tableName: "ts_notes" });
    for (const id of [3, 4]) {
      const made = await notes.create({ id, title: `t${id}` });
      assert.deepEqual([tick(made.created_at), tick(made.updated_at)], [id - 3, id - 3]);
    }
    const changed = await notes.update(3, { body: "z" });
    assert.deepEqual([tick(changed.created_at), tick(changed.updated_at)], [0, 2]);
    await notes.updateWhere({ id: { in: [1, 2] } }, { body: "w" });
    await notes.upsert({ id: 1, title: "a", body: "v" }, { conflictColumns: ["id"] });
    await notes.upsert({ id: 5, title: "e" }, { conflictColumns: ["id"] });
    assert.deepEqual(
      await stamps(world.db),
      ["a old/4", "b old/3", "t3 0/2", "t4 1/1", "e 5/5"],
    );
  });

  it("is read once for rows that go together, each statement its own", async () => {
    const executor = await world.executor();
    const notes = createRepository(executor, { tableName: "ts_notes" });
    const made = await notes.bulkCreate([{ id: 3, title: "c" }, { id: 4, title: "d" }]);
    assert.equal(
      new Set(made.flatMap((row) => [tick(row.created_at), tick(row.updated_at)])).size,
      1,
    );
    const start = world.clock.asked;
    const changed = await notes.bulkUpdate([
      { id: 3, data: { body: "p" } },
      { id: 4, data: { body: "q" } },
    ]);
    assert.deepEqual(changed.map((row) => tick(row.updated_at)), [start, start + 1]);
  });

  it("is read for queries of the DAL, in its transactions too", async () => {
    const executor = await world.executor();
    const rename = createQuery((ctx: { db: Kysely<any> }, id: number) =>
      ctx.db.updateTable("ts_notes").set({ body: "dal" }).where("id", "=", id).execute()
    );
    await rename(createContext(executor), 1);
    await executor.transaction().execute((trx) => rename(createContext(trx), 2));
    assert.deepEqual(await stamps(world.db), ["a old/0", "b old/1"]);
  });

  it("serves every caller with one plan", async () => {
    const executor = await world.executor({
      createdByColumn: "created_by",
      updatedByColumn: "updated_by",
    });
    const plan = compilePlan(
      executor,
      (db) => db.updateTable("ts_notes").set({ body: "p" }).where("id", "=", new Slot<number>(0)),
    );
    assert.equal(plan.reusable, true);
    for (const id of [1, 2]) {
      const own = bindContext(executor, { userId: id * 10 });
      await own.executeQuery(plan.bind(own, [id]));
    }
    const rows = await world.db.selectFrom("ts_notes").select(["created_by", "updated_by"])
      .orderBy("id").execute();
    assert.deepEqual(rows.map((row) => ({ ...row })), [
      { created_by: null, updated_by: 10 },
      { created_by: null, updated_by: 20 },
    ]);
  });

  it("that fails, or says what is no time, stops the write", async () => {
    const cases: [unknown, RegExp][] = [
      [() => new Date(NaN), /"getTimestamp" returned Invalid Date; return a Date/],
      [() => NaN, /"getTimestamp" returned NaN/],
      [() => "", /"getTimestamp" returned ;/],
      [() => undefined, /"getTimestamp" returned undefined/],
    ];
    for (const [getTimestamp, message] of cases) {
      const executor = await world.executor({ getTimestamp: getTimestamp as () => Date });
      const write = executor.updateTable("ts_notes").set({ body: "z" });
      await assert.rejects(write.execute(), { code: "INVALID_TIMESTAMP", message });
    }
    const broken = await world.executor({
      getTimestamp: () => {
        throw new Error("no battery");
      },
    });
    await assert.rejects(
      broken.insertInto("ts_notes").values({ id: 3, title: "c" }).execute(),
      (error) => error instanceof PluginHookError && /no battery/.test(error.message),
    );
    assert.deepEqual(await stamps(world.db), ["a old/old", "b old/old"]);
  });
});
