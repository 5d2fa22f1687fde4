import {
  batches,
  type BatchProgress,
  createMigrationRunner,
  type Migration,
} from "@kysera/migrations";
import type { Kysely } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect, type TestDialect } from "../tests/support/matrix.ts";

const ROWS = 103;

async function withRows(dialect: TestDialect, body: (db: Kysely<any>) => Promise<void>) {
  const { db, close } = await dialect.open();
  try {
    await db.schema.createTable("t")
      .addColumn("a", "integer", (column) => column.notNull())
      .addColumn("b", "varchar(20)", (column) => column.notNull())
      .addColumn("visits", "integer", (column) => column.notNull().defaultTo(0))
      .addPrimaryKeyConstraint("t_pk", ["a", "b"]).execute();
    await db.insertInto("t").values(
      Array.from({ length: ROWS }, (_, i) => ({ a: Math.floor(i / 7), b: `b${i % 7}` })),
    ).execute();
    await body(db);
  } finally {
    await close();
  }
}

async function visitsOf(db: Kysely<any>): Promise<number[]> {
  const rows = await db.selectFrom("t").select("visits").distinct().orderBy("visits").execute();
  return rows.map((row) => Number(row["visits"]));
}

/** Counts how often each row is given. */
function visiting(size: number, each: (batch: number) => void, more: object = {}): Migration {
  let count = 0;
  return {
    name: "001_visit",
    transaction: false,
    async up(db) {
      await db.schema.createTable("before").addColumn("id", "integer").execute();
      await batches(db, {
        table: "t",
        key: ["a", "b"],
        size,
        ...more,
        run: async (trx, batch) => {
          assert.ok(batch.rows <= size);
          await trx.updateTable("t").set((eb) => ({ visits: eb("visits", "+", 1) }))
            .where(batch.where).execute();
          each(++count);
        },
      });
      await db.schema.createTable("after").addColumn("id", "integer").execute();
    },
  };
}

onEveryDialect("batches()", (dialect) => {
  it("gives each row once, whatever the size", () =>
    withRows(dialect, async (db) => {
      for (const [run, size] of [1000, 10, 7, 103].entries()) {
        let calls = 0;
        const migration = visiting(size, () => calls++);
        await createMigrationRunner(db, [migration], { tableName: `h${run}` }).up();
        assert.deepEqual(await visitsOf(db), [run + 1]);
        assert.equal(calls, Math.ceil(ROWS / size));
        await db.schema.dropTable("before").execute();
        await db.schema.dropTable("after").execute();
      }
    }));

  it("goes on behind the last batch that was committed, with rows that were added", () =>
    withRows(dialect, async (db) => {
      const failing = visiting(10, (batch) => {
        if (batch === 4) throw new Error("not now");
      });
      const runner = createMigrationRunner(db, [failing]);
      await assert.rejects(runner.up(), /statement 2 failed: not now/);
      assert.deepEqual(await visitsOf(db), [0, 1]);
      const done = await db.selectFrom("t").selectAll().where("visits", "=", 1).execute();
      assert.equal(done.length, 30);
      await db.insertInto("t").values({ a: 999, b: "new", visits: 0 }).execute();
      await assert.rejects(runner.up(), /stopped halfway/);
      assert.deepEqual((await runner.resume()).executed, ["001_visit"]);
      assert.deepEqual(await visitsOf(db), [1]);
      const tables = (await db.introspection.getTables()).map(({ name }) => name);
      assert.ok(tables.includes("before") && tables.includes("after"));
    }));

  it("tells how far it is, and is stopped by a signal between two batches", () =>
    withRows(dialect, async (db) => {
      const controller = new AbortController();
      const told: BatchProgress[] = [];
      const migration = visiting(25, () => {}, {
        signal: controller.signal,
        onProgress: (progress: BatchProgress) => {
          told.push(progress);
          if (told.length === 2) controller.abort(new Error("deploy"));
        },
      });
      await assert.rejects(createMigrationRunner(db, [migration]).up(), /deploy/);
      assert.deepEqual(told.map(({ rows, total }) => [rows, total]), [[25, ROWS], [50, ROWS]]);
      assert.ok(told.every(({ rowsPerSecond, timeLeft }) => rowsPerSecond > 0 && timeLeft! >= 0));
      assert.deepEqual(
        (await createMigrationRunner(db, [visiting(25, () => {})]).resume()).executed,
        [
          "001_visit",
        ],
      );
      assert.deepEqual(await visitsOf(db), [1]);
    }));

  it("is one line of a plan, and the plan is the same when it has run", () =>
    withRows(dialect, async (db) => {
      const { plan } = await createMigrationRunner(db, [visiting(9, () => {})], { dryRun: true })
        .up();
      assert.deepEqual(plan![0]!.statements.map(({ sql }) => sql.slice(0, 12)), [
        "create table",
        "-- batches o",
        "create table",
      ]);
      assert.deepEqual(await visitsOf(db), [0]);
      await createMigrationRunner(db, [visiting(9, () => {})]).up();
      const other = { ...visiting(50, () => {}), source: "another text" };
      assert.deepEqual(await createMigrationRunner(db, [other]).verify(), []);
    }));

  it("refuses a transaction, a key with NULL, and options that are none", () =>
    withRows(dialect, async (db) => {
      const migration = (options: object, transaction: boolean): Migration => ({
        name: "001",
        transaction,
        up: async (db) => {
          await batches(db, { table: "t", key: "a", run: () => Promise.resolve(), ...options });
        },
      });
      const up = (options: object, transaction = false) =>
        createMigrationRunner(db, [migration(options, transaction)]).up();
      if (dialect.dialect !== "mysql") await assert.rejects(up({}, true), /transaction: false/);
      for (
        const options of [{ size: 0 }, { key: [] }, { table: "" }, { throttle: -1 }, { chunk: 1 }]
      ) {
        await assert.rejects(up(options), /Cannot run batches/);
      }
      await assert.rejects(
        batches(db, { table: "t", key: "a", run: () => Promise.resolve() }),
        /Cannot run batches: they need/,
      );
      await db.schema.createTable("n").addColumn("a", "integer").execute();
      await db.insertInto("n").values({ a: null }).execute();
      await assert.rejects(up({ table: "n" }), /column "a" of "n" holds NULL/);
    }));
});
