import assert from "node:assert/strict";
import { after, before, beforeEach, it } from "node:test";
import { NotFoundError } from "@kysera/core";
import { createExecutor, type Plugin } from "@kysera/executor";
import { createORM, createRepository, type StandardSchema } from "@kysera/repository";
import { softDeletePlugin } from "@kysera/soft-delete";
import { timestampsPlugin } from "@kysera/timestamps";
import { CamelCasePlugin, type Kysely } from "kysely";
import * as v from "valibot";
import * as z from "zod";
import { onEveryDialect } from "../support/matrix.ts";
import { BEFORE, createTables, stamps, START, tick, time, World } from "./_world.ts";

onEveryDialect("Repositories with timestampsPlugin()", (dialect) => {
  const world = new World(dialect);

  before(() => world.open());
  after(() => world.close());
  beforeEach(() => world.fill());

  async function open() {
    const executor = await world.executor();
    return createRepository(executor, { tableName: "ts_notes" });
  }
  const titles = (rows: readonly { title: string }[]): string[] => rows.map((row) => row.title);
  const at = (seconds: number): Date => new Date(START + seconds * 1_000);

  it("set both times of a new row, and the later one of a changed row", async () => {
    const notes = await open();
    const note = await notes.create({ id: 3, title: "c" });
    assert.deepEqual([tick(note.created_at), tick(note.updated_at)], [0, 0]);
    const changed = await notes.update(3, { body: "z" });
    assert.deepEqual([tick(changed.created_at), tick(changed.updated_at)], [0, 1]);
    assert.deepEqual(await stamps(world.db), ["a old/old", "b old/old", "c 0/1"]);
  });

  it("find rows by when they were made", async () => {
    const notes = await open();
    for (const id of [3, 4, 5]) await notes.create({ id, title: `t${id}` });
    assert.deepEqual(titles(await notes.findCreatedAfter(at(0))), ["t4", "t5"]);
    assert.deepEqual(titles(await notes.findCreatedBefore(at(1))).sort(), ["a", "b", "t3"]);
    assert.deepEqual(titles(await notes.findCreatedBetween(at(0), at(1))), ["t3", "t4"]);
    assert.deepEqual(titles(await notes.findRecentlyCreated(2)), ["t5", "t4"]);
    assert.deepEqual(titles(await notes.findRecentlyCreated()), ["t5", "t4", "t3", "b", "a"]);
    // What a column holds is a time as well.
    const [note] = await notes.find({ where: { id: 4 } });
    assert.deepEqual(titles(await notes.findCreatedAfter(note!.created_at!)), ["t5"]);
  });

  it("find rows by when they were changed", async () => {
    const notes = await open();
    await notes.touch(2);
    await notes.touch(1);
    await notes.createWithoutTimestamps({ id: 3, title: "c" });
    assert.deepEqual(titles(await notes.findUpdatedAfter(BEFORE)).sort(), ["a", "b"]);
    assert.deepEqual(titles(await notes.findUpdatedAfter(at(0))), ["a"]);
    assert.deepEqual(titles(await notes.findRecentlyUpdated()), ["a", "b"]);
    assert.deepEqual(titles(await notes.findRecentlyUpdated(1)), ["a"]);
    await assert.rejects(notes.findRecentlyUpdated(-1), /limit is -1/);
    for (let id = 10; id < 25; id++) await notes.create({ id, title: `t${id}` });
    assert.equal((await notes.findRecentlyUpdated()).length, 10);
    assert.equal((await notes.findRecentlyCreated()).length, 10);
  });

  it("touch rows, and change nothing else", async () => {
    const notes = await open();
    assert.equal(await notes.touch(1), true);
    assert.equal(await notes.touch(9), false);
    assert.deepEqual(await stamps(world.db), ["a old/0", "b old/old"]);
    assert.equal(await notes.touchMany([1, 2, 9]), 2);
    assert.deepEqual(await stamps(world.db), ["a old/2", "b old/2"]);
    assert.equal(await notes.touchMany([]), 0);
    await assert.rejects(notes.touchMany(1 as never), { code: "INVALID_KEY" });
    await notes.bulkCreate(
      Array.from({ length: 900 }, (_, i) => ({ id: 100 + i, title: `t${i}` })),
    );
    assert.equal(await notes.touchMany(Array.from({ length: 900 }, (_, i) => 100 + i)), 900);
  });

  it("write without stamps on purpose", async () => {
    const notes = await open();
    const old = time(dialect, BEFORE);
    await notes.createWithoutTimestamps({ id: 3, title: "c", created_at: old });
    await notes.createWithoutTimestamps({ id: 4, title: "d" });
    const changed = await notes.updateWithoutTimestamp(1, { body: "z" });
    assert.equal(changed.body, "z");
    assert.deepEqual(await stamps(world.db), [
      "a old/old",
      "b old/old",
      "c old/null",
      "d null/null",
    ]);
    assert.equal(world.clock.asked, 0);
    await assert.rejects(notes.updateWithoutTimestamp(9, { body: "z" }), NotFoundError);
  });

  it("add and change many rows, all or none, each statement at one time", async () => {
    const notes = await open();
    const made = await notes.createMany([{ id: 3, title: "c" }, { id: 4, title: "d" }]);
    assert.deepEqual(titles(made), ["c", "d"]);
    const start = world.clock.asked;
    const changed = await notes.updateMany([4, 1, 4], { body: "many" });
    assert.deepEqual(changed.map((row) => [row.title, row.body]), [
      ["d", "many"],
      ["a", "many"],
      ["d", "many"],
    ]);
    assert.deepEqual(changed.map((row) => tick(row.updated_at)), [start, start, start]);
    const before = await stamps(world.db);
    await assert.rejects(notes.updateMany([1, 9], { body: "none" }), NotFoundError);
    await assert.rejects(notes.createMany([{ id: 5, title: "e" }, { id: 5, title: "f" }]));
    assert.deepEqual(await stamps(world.db), before);
    assert.deepEqual(await notes.updateMany([], { body: "none" }), []);
    await assert.rejects(notes.updateMany("1" as never, {}), { code: "INVALID_KEY" });
  });

  it("name the columns", async () => {
    const executor = await world.executor();
    const columns = (tableName: "ts_notes" | "ts_events" | "ts_labels") =>
      createRepository(executor, { tableName }).getTimestampColumns();
    assert.deepEqual(columns("ts_notes"), { createdAt: "created_at", updatedAt: "updated_at" });
    assert.deepEqual(columns("ts_events"), { createdAt: "created_at", updatedAt: undefined });
    assert.deepEqual(columns("ts_labels"), { createdAt: undefined, updatedAt: undefined });
  });

  it("say that a table has not what a method needs", async () => {
    const executor = await world.executor();
    const error = { code: "NOT_A_TIMESTAMPED_TABLE" };
    const events = createRepository(executor, { tableName: "ts_events" });
    const labels = createRepository(executor, { tableName: "ts_labels" });
    await assert.rejects(events.touch(1), error);
    await assert.rejects(events.findRecentlyUpdated(), error);
    await assert.rejects(labels.findCreatedAfter(at(0)), error);
    assert.equal((await events.findRecentlyCreated()).length, 0);
    const label = await labels.createWithoutTimestamps({ id: 7, name: "seven" });
    assert.equal(label.name, "seven");
    assert.equal((await labels.updateMany([7], { name: "7" }))[0]!.name, "7");
  });

  it("stamp in transactions, and take the stamps back with them", async () => {
    const notes = await open();
    await notes.transaction(async (_, inside) => {
      await inside.create({ id: 3, title: "c" });
      await inside.touch(1);
    });
    assert.deepEqual(await stamps(world.db), ["a old/1", "b old/old", "c 0/0"]);
    await assert.rejects(notes.transaction(async (_, inside) => {
      await inside.touchMany([1, 2]);
      throw new Error("undo");
    }));
    await notes.executor.transaction().execute((trx) => notes.withTransaction(trx).touch(2));
    assert.deepEqual(await stamps(world.db), ["a old/1", "b old/3", "c 0/0"]);
  });

  it("stamp what schemas let through, though these strip what they do not know", async () => {
    const executor = await world.executor();
    const libraries: Record<string, StandardSchema<any, any>> = {
      zod: z.object({ id: z.number(), title: z.string() }),
      zodStrict: z.strictObject({ id: z.number(), title: z.string() }),
      valibot: v.object({ id: v.number(), title: v.string() }),
    };
    let id = 3;
    for (const [name, create] of Object.entries(libraries)) {
      const notes = createRepository(executor, {
        tableName: "ts_notes",
        schemas: { create, update: z.object({ body: z.string() }) },
      });
      const asked = world.clock.asked;
      const note = await notes.create({ id, title: name });
      assert.deepEqual([tick(note.created_at), tick(note.updated_at)], [asked, asked], name);
      const changed = await notes.update(id, { body: "z" });
      assert.equal(tick(changed.updated_at), asked + 1, name);
      const [many] = await notes.updateMany([id], { body: "y" });
      assert.equal(tick(many!.updated_at), asked + 2, name);
      id++;
    }
  });

  it("find by what a codec makes of the column", async () => {
    const executor = await world.executor();
    const codec = {
      encode: (seconds: number) => time(dialect, at(seconds)),
      decode: (value: unknown) => tick(value),
    };
    const notes = createRepository(executor, {
      tableName: "ts_notes",
      codecs: { created_at: codec },
    });
    await notes.create({ id: 3, title: "c" });
    await notes.create({ id: 4, title: "d" });
    assert.deepEqual(titles(await notes.findCreatedAfter(0)), ["d"]);
    assert.deepEqual(titles(await notes.findRecentlyCreated(1)), ["d"]);
  });

  it("find rows by keys of several columns", async () => {
    const executor = await world.executor();
    const notes = createRepository(executor, {
      tableName: "ts_notes",
      primaryKey: ["id", "title"],
    });
    assert.equal(await notes.touch({ id: 1, title: "b" }), false);
    assert.equal(await notes.touch({ id: 1, title: "a" }), true);
    const changed = await notes.updateMany([{ id: 1, title: "a" }, { id: 2, title: "b" }], {
      body: "z",
    });
    assert.deepEqual(changed.map((row) => row.body), ["z", "z"]);
    await assert.rejects(notes.updateMany([{ id: 1, title: "b" }], { body: "w" }), NotFoundError);
  });

  it("respect other plugins in every method", async () => {
    // Hides the second note, as soft delete or row-level security would.
    const hiding: Plugin = {
      name: "hiding",
      version: "1.0.0",
      stable: true,
      appliesTo: ({ name }) => name === "ts_notes",
      filter: (note, { eb }) => eb(note.column("id"), "<>", 2),
    };
    for (const isFirst of [true, false]) {
      await world.fill();
      const stamping = timestampsPlugin({
        tables: ["ts_notes"],
        getTimestamp: world.clock.read,
      });
      const executor: Kysely<any> = await createExecutor(
        world.db,
        isFirst ? [hiding, stamping] : [stamping, hiding],
      );
      // The types follow the order of the plugins; here either will do.
      const orm = await createORM(executor, [stamping]);
      const notes = orm.createRepository({ tableName: "ts_notes" });
      const shown = (rows: readonly any[]): number[] => rows.map((row) => row.id).sort();
      assert.deepEqual(shown(await notes.findCreatedAfter(new Date(0))), [1]);
      assert.deepEqual(shown(await notes.findCreatedBefore(at(0))), [1]);
      assert.deepEqual(shown(await notes.findCreatedBetween(new Date(0), at(0))), [1]);
      assert.deepEqual(shown(await notes.findUpdatedAfter(new Date(0))), [1]);
      assert.deepEqual(shown(await notes.findRecentlyUpdated()), [1]);
      assert.deepEqual(shown(await notes.findRecentlyCreated()), [1]);
      assert.equal(await notes.touch(2), false);
      assert.equal(await notes.touchMany([1, 2]), 1);
      await assert.rejects(notes.updateWithoutTimestamp(2, { body: "z" }), NotFoundError);
      await assert.rejects(notes.updateMany([1, 2], { body: "z" }), NotFoundError);
      const [a, b] = await stamps(world.db);
      assert.match(a!, /^a old\/\d/);
      assert.equal(b, "b old/old");
    }
  });
});

onEveryDialect("timestampsPlugin() and softDeletePlugin()", (dialect) => {
  it("set the time of the last change when a row is deleted and restored", async () => {
    const { db, close } = await dialect.open({ plugins: [new CamelCasePlugin()] });
    try {
      const bare = db.withoutPlugins();
      await createTables(dialect, bare);
      await bare.schema.alterTable("ts_notes").addColumn("ts_gone", "integer").execute();
      const world = { clock: 0 };
      const plugins = [
        softDeletePlugin({
          deletedAtColumn: "tsGone",
          visibleValue: null,
          deletedValue: 1,
          onDelete: "soft",
        }),
        timestampsPlugin({
          tables: ["tsNotes"],
          getTimestamp: () => new Date(START + world.clock++ * 1_000),
        }),
      ] as const;
      const executor = await createExecutor(db, plugins);
      const notes = createRepository(executor, { tableName: "tsNotes" });
      await bare.insertInto("ts_notes").values([{ id: 1, title: "a" }, { id: 2, title: "b" }])
        .execute();
      await notes.softDelete(1);
      assert.deepEqual(await stamps(bare), ["a null/0", "b null/null"]);
      await notes.restore(1);
      await executor.deleteFrom("tsNotes").where("id", "=", 2).execute();
      assert.deepEqual(await stamps(bare), ["a null/1", "b null/2"]);
      assert.equal(await notes.touch(2), false);
    } finally {
      await close();
    }
  });
});
