import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { createExecutor, describeExecutor } from "@kysera/executor";
import { createRepository } from "@kysera/repository";
import { type TimestampsOptions, timestampsPlugin } from "@kysera/timestamps";
import { type Kysely, sql } from "kysely";
import { onEveryDialect, type TestDatabase } from "../support/matrix.ts";
import { timeType } from "./_world.ts";

const NOW = new Date("2026-01-31T12:34:56.789Z");
const UNIX = Math.floor(NOW.getTime() / 1_000);
const ISO = "2026-01-31T12:34:56.789Z";

onEveryDialect("The values of timestampsPlugin()", (dialect) => {
  let database: TestDatabase;
  let db: Kysely<any>;

  before(async () => {
    database = await dialect.open();
    db = database.db;
    const types = {
      tsv_times: timeType(dialect),
      tsv_texts: sql`varchar(40)`,
      tsv_numbers: sql`bigint`,
    };
    for (const [table, type] of Object.entries(types)) {
      await db.schema.createTable(table)
        .addColumn("id", "integer", (column) => column.primaryKey())
        .addColumn("created_at", type)
        .execute();
    }
  });
  after(() => database.close());

  async function written(table: string, options: TimestampsOptions): Promise<unknown> {
    await db.deleteFrom(table).execute();
    const executor = await createExecutor(db, [
      timestampsPlugin({ tables: [table], getTimestamp: () => NOW, ...options }),
    ]);
    await executor.insertInto(table).values({ id: 1 }).execute();
    const row = await db.selectFrom(table).selectAll().executeTakeFirstOrThrow();
    const notes = createRepository(executor, { tableName: table });
    // What is written is found by the same time, whatever it looks like.
    assert.equal((await notes.findCreatedBetween(NOW, NOW)).length, 1);
    assert.equal((await notes.findCreatedAfter(NOW)).length, 0);
    assert.equal((await notes.findCreatedAfter(new Date(NOW.getTime() - 1_000))).length, 1);
    assert.equal((await notes.findCreatedBefore(new Date(NOW.getTime() + 1_000))).length, 1);
    return row.created_at;
  }

  it("are times to the millisecond in a column for times, whatever the format", async () => {
    for (const dateFormat of [undefined, "date", "iso"] as const) {
      const value = await written("tsv_times", { dateFormat });
      const expected = dialect.name === "sqlite" ? ISO : NOW;
      assert.deepEqual(value, expected, `${dateFormat}`);
    }
  });

  it("are ISO text in a column of text", async () => {
    const value = await written("tsv_texts", { dateFormat: "iso" });
    assert.equal(value, dialect.name === "mysql" ? "2026-01-31 12:34:56.789" : ISO);
  });

  it("are whole seconds in a column of numbers", async () => {
    assert.equal(Number(await written("tsv_numbers", { dateFormat: "unix" })), UNIX);
  });

  it("are what the clock says, where that is not a date", async () => {
    const table = "tsv_numbers";
    await db.deleteFrom(table).execute();
    const executor = await createExecutor(db, [
      timestampsPlugin({ tables: [table], getTimestamp: () => NOW.getTime() }),
    ]);
    await executor.insertInto(table).values({ id: 1 }).execute();
    const notes = createRepository(executor, { tableName: table });
    const [note] = await notes.findCreatedBetween(NOW.getTime(), NOW.getTime());
    assert.equal(Number(note!["created_at"]), NOW.getTime());
    // A date would be written in another way, and find nothing.
    await assert.rejects(notes.findCreatedAfter(NOW), {
      code: "INVALID_TIMESTAMP",
      message: /"getTimestamp" returns other values than dates; pass one of these/,
    });
    await assert.rejects(notes.findCreatedAfter(NaN), { code: "INVALID_TIMESTAMP" });
    await assert.rejects(notes.findCreatedAfter(undefined as never), { code: "INVALID_TIMESTAMP" });
  });

  it("are told by describeExecutor()", async () => {
    const effects = async (options: TimestampsOptions): Promise<readonly string[]> => {
      const executor = await createExecutor(db, [
        timestampsPlugin({ tables: ["tsv_times"], ...options }),
      ]);
      const [plugin] = (await describeExecutor(executor)).plugins;
      return plugin!.tables.find(({ table }) => table.endsWith("tsv_times"))!.effects;
    };
    assert.deepEqual(await effects({}), ['sets "created_at" on INSERT']);
    assert.deepEqual(await effects({ createdAtColumn: null, updatedAtColumn: "created_at" }), [
      'sets "created_at" on INSERT and UPDATE',
    ]);
  });
});
