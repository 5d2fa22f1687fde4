import {
  createMigrationRunner,
  migrateEach,
  type Migration,
  type TargetProgress,
} from "@kysera/migrations";
import { sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect } from "../support/matrix.ts";
import { runsAll } from "../support/random.ts";
import { shareDatabases } from "./_processes.ts";

/** How many migrations there are. */
const MIGRATIONS = 10_000;
/** How much longer than its queries a status may take, in milliseconds. */
const MOST = 1_000;
/** How many schemas are migrated; each costs some thirty statements. */
const SCHEMAS = runsAll() ? 1_000 : 40;

/** How many of them are migrated at once. */
const CONCURRENCY = 4;

const nothing = (name: string): Migration => ({ name, up: () => Promise.resolve() });
const nameOf = (i: number): string => `${String(i).padStart(6, "0")}_migration`;

onEveryDialect("ten thousand migrations", (dialect) => {
  it("take a second more than the query of the history to tell which are applied", async () => {
    const { db, close } = await dialect.open();
    try {
      // Kysely's own history is taken over at once.
      await db.schema.createTable("kysely_migration")
        .addColumn("name", "varchar(255)", (column) => column.primaryKey())
        .addColumn("timestamp", "varchar(255)", (column) => column.notNull()).execute();
      const applied = MIGRATIONS / 2;
      for (let i = 0; i < applied; i += 500) {
        await db.insertInto("kysely_migration").values(
          Array.from({ length: 500 }, (_, n) => ({
            name: nameOf(i + n),
            timestamp: new Date(i + n).toISOString(),
          })),
        ).execute();
      }
      const migrations = Array.from({ length: MIGRATIONS }, (_, i) => nothing(nameOf(i)));
      await createMigrationRunner(db, migrations.slice(0, 1), { policy: "repair" }).setup();
      const times: number[] = [];
      for (let round = 0; round < 3; round++) {
        const start = performance.now();
        await sql`select * from kysera_migration order by sequence`.execute(db);
        const between = performance.now();
        const { executed, pending, total } = await createMigrationRunner(db, migrations).status();
        const end = performance.now();
        assert.deepEqual([executed.length, pending.length, total], [
          applied,
          MIGRATIONS - applied,
          MIGRATIONS,
        ]);
        times.push(end - between - (between - start));
      }
      // The machine may have been busy with something else.
      const least = Math.min(...times);
      assert.ok(least < MOST, `${Math.round(least)} ms more than the query`);
    } finally {
      await close();
    }
  });
}, ["sqlite", "postgres", "mysql"]);

onEveryDialect(`${SCHEMAS} schemas`, () => {
  it("are migrated with progress, and a run that was stopped goes on with what is left", async () => {
    const shared = await shareDatabases("postgres", SCHEMAS);
    const db = await shared.open("public");
    try {
      const migrations: Migration[] = [{
        name: "001_runs",
        async up(trx) {
          await trx.schema.createTable("runs").addColumn("id", "integer").execute();
          await trx.insertInto("runs").values({ id: 1 }).execute();
        },
      }];
      const targets = shared.within.map((name) => ({
        name,
        db: db.withSchema(name),
        schema: name,
      }));
      const stop = new AbortController();
      const told: TargetProgress[] = [];
      const first = await migrateEach(targets, migrations, {
        concurrency: CONCURRENCY,
        signal: stop.signal,
        onProgress: (progress) => {
          told.push(progress);
          if (progress.done === SCHEMAS / 4) stop.abort();
        },
      });
      const migrated = first.filter(({ state }) => state === "migrated").length;
      assert.ok(migrated >= SCHEMAS / 4 && migrated < SCHEMAS, `${migrated} migrated`);
      assert.ok(told.every(({ total }) => total === SCHEMAS));
      const second = await migrateEach(targets, migrations, { concurrency: CONCURRENCY });
      assert.ok(second.every(({ state }) => state === "migrated"));
      const ran = second.filter(({ result }) => result!.executed.length > 0).length;
      // A run that was under way when the signal came may have applied it, and then stopped.
      const left = SCHEMAS - migrated;
      assert.ok(ran <= left && ran >= left - CONCURRENCY, `${ran} of ${left} ran`);
      for (const name of shared.within) {
        const { count } = await db.withSchema(name).selectFrom("runs")
          .select(({ fn }) => fn.countAll().as("count")).executeTakeFirstOrThrow();
        assert.equal(Number(count), 1, name);
      }
    } finally {
      await db.destroy();
      await shared.close();
    }
  });
}, ["postgres"]);
