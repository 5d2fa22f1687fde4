/**
 * What the specification says of migrations, and what a library of the same names is tested for: each
 * holds here on every dialect.
 */
import { BadRequestError, DatabaseError, NotFoundError, silentLogger } from "@kysera/core";
import {
  createLoggingPlugin,
  createMetricsPlugin,
  createMigration,
  createMigrationRunner,
  createMigrationRunnerWithPlugins,
  createMigrationWithMeta,
  defineMigrations,
  getMigrationStatus,
  type Migration,
  MigrationError,
  MigrationErrorCodes,
  type MigrationPlugin,
  MigrationRunner,
  MigrationRunnerWithPlugins,
  rollbackMigrations,
  runMigrations,
  setupMigrations,
} from "@kysera/migrations";
import { readSchema } from "@kysera/migrations/schema";
import { type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect } from "../support/matrix.ts";

/** A migration that creates a table of its own name. */
const table = (name: string): Migration =>
  createMigration(
    name,
    async (db) => {
      await db.schema.createTable(`t${name}`).addColumn("id", "integer").execute();
    },
    async (db) => {
      await db.schema.dropTable(`t${name}`).execute();
    },
  );
const failing = (name: string): Migration =>
  createMigration(name, async (db) => {
    await db.schema.createTable(`t${name}`).addColumn("id", "integer").execute();
    throw new Error(`${name} fails on purpose`);
  }, () => Promise.reject(new Error("down fails on purpose")));

/** The error that a run ends with. */
async function errorOf(run: Promise<unknown>): Promise<MigrationError> {
  const error = await run.then(() => undefined, (error: unknown) => error);
  assert.ok(error instanceof MigrationError);
  return error;
}

/** A logger that keeps what it is told. */
function keepingLogger() {
  const lines: string[] = [];
  const at = (level: string) => (message: string) => void lines.push(`${level}: ${message}`);
  const logger = {
    trace: at("trace"),
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    fatal: at("fatal"),
  };
  return { lines, logger };
}

onEveryDialect("specification: migrations", (dialect) => {
  const transacts = dialect.dialect !== "mysql";

  async function within(run: (db: Kysely<any>) => Promise<void>): Promise<void> {
    const { db, close } = await dialect.open();
    try {
      await run(db);
    } finally {
      await close();
    }
  }
  const tablesOf = async (db: Kysely<any>) =>
    (await readSchema(db)).tables.map(({ name }) => name)
      .filter((name) => /^t\d/.test(name)).sort();

  it("creates migrations with and without meta data, and names definitions", () => {
    const up = () => Promise.resolve();
    assert.deepEqual(Object.keys(createMigration("1", up)).sort(), ["name", "up"]);
    const meta = createMigrationWithMeta("2", {
      up,
      down: up,
      description: "what it does",
      breaking: true,
      estimatedDuration: 5_000,
      tags: ["users"],
    });
    assert.deepEqual([meta.name, meta.description, meta.breaking, meta.tags], [
      "2",
      "what it does",
      true,
      ["users"],
    ]);
    const defined = defineMigrations({ "001_a": { up }, "002_b": { up, down: up } });
    assert.deepEqual(defined.map(({ name }) => name), ["001_a", "002_b"]);
    assert.equal(defined[0]!.down, undefined);
  });

  it("sets up its table, and may do so again", () =>
    within(async (db) => {
      await setupMigrations(db);
      await setupMigrations(db);
      await createMigrationRunner(db, []).setup();
      assert.deepEqual((await getMigrationStatus(db, [])).executed, []);
    }));

  it("runs all pending migrations in order, and tells so", () =>
    within(async (db) => {
      const runner = createMigrationRunner(db, [table("1"), table("2"), table("3")]);
      assert.ok(runner instanceof MigrationRunner);
      const { executed, skipped, failed, dryRun, duration } = await runner.up();
      assert.deepEqual([executed, skipped, failed, dryRun], [["1", "2", "3"], [], [], false]);
      assert.ok(duration >= 0);
      assert.deepEqual(await tablesOf(db), ["t1", "t2", "t3"]);
      assert.deepEqual(await runner.getExecutedMigrations(), ["1", "2", "3"]);
    }));

  it("skips migrations that were executed", () =>
    within(async (db) => {
      await runMigrations(db, [table("1")]);
      const { executed, skipped } = await runMigrations(db, [table("1"), table("2")]);
      assert.deepEqual([executed, skipped], [["2"], ["1"]]);
      const again = await runMigrations(db, [table("1"), table("2")]);
      assert.deepEqual([again.executed, again.skipped], [[], ["1", "2"]]);
    }));

  it("does nothing with an empty list", () =>
    within(async (db) => {
      const runner = createMigrationRunner(db, []);
      for (const result of [await runner.up(), await runner.down(), await runner.reset()]) {
        assert.deepEqual([result.executed, result.skipped, result.failed], [[], [], []]);
      }
      const { executed, pending, total } = await runner.status();
      assert.deepEqual([executed, pending, total], [[], [], 0]);
    }));

  it("rolls back one step, several, and all, in reverse", () =>
    within(async (db) => {
      const migrations = ["1", "2", "3", "4", "5"].map(table);
      await runMigrations(db, migrations);
      assert.deepEqual((await rollbackMigrations(db, migrations)).executed, ["5"]);
      assert.deepEqual((await rollbackMigrations(db, migrations, 2)).executed, ["4", "3"]);
      assert.deepEqual(await tablesOf(db), ["t1", "t2"]);
      const runner = createMigrationRunner(db, migrations);
      assert.deepEqual((await runner.reset()).executed, ["2", "1"]);
      assert.deepEqual(await tablesOf(db), []);
      assert.deepEqual((await runner.down(3)).executed, []);
    }));

  it("goes up to a migration, and refuses one that there is not", () =>
    within(async (db) => {
      const runner = createMigrationRunner(db, ["1", "2", "3"].map(table));
      assert.deepEqual((await runner.upTo("2")).executed, ["1", "2"]);
      assert.deepEqual((await runner.status()).pending, ["3"]);
      await assert.rejects(runner.upTo("9"), NotFoundError);
    }));

  it("marks migrations as executed and as rolled back, without running them", () =>
    within(async (db) => {
      const runner = createMigrationRunner(db, [table("1"), table("2")]);
      await runner.markAsExecuted("1");
      assert.deepEqual((await runner.status()).executed, ["1"]);
      assert.deepEqual(await tablesOf(db), []);
      await runner.markAsRolledBack("1");
      assert.deepEqual((await runner.status()).pending, ["1", "2"]);
    }));

  it("tells what is executed and pending", () =>
    within(async (db) => {
      await runMigrations(db, [table("1")]);
      const { lines, logger } = keepingLogger();
      const status = await getMigrationStatus(db, [table("1"), table("2")], {
        logger,
        verbose: true,
      });
      assert.deepEqual([status.executed, status.pending, status.total], [["1"], ["2"], 2]);
      assert.ok(lines.length > 0);
    }));

  it("stops at the first failure, with an error that keeps its cause", () =>
    within(async (db) => {
      const migrations = [table("1"), failing("2"), table("3")];
      const error = await errorOf(runMigrations(db, migrations));
      assert.ok(error instanceof DatabaseError);
      assert.equal(error.code, MigrationErrorCodes.MIGRATION_UP_FAILED);
      assert.deepEqual([error.migrationName, error.operation], ["2", "up"]);
      assert.equal((error.cause as Error).message, "2 fails on purpose");
      assert.deepEqual(error.result?.executed, ["1"]);
      assert.equal(error.toJSON().code, "MIGRATION_UP_FAILED");
      assert.ok(!(await tablesOf(db)).includes("t3"));
    }));

  it("goes on behind a failure with stopOnError: false", () =>
    within(async (db) => {
      const { executed, failed } = await runMigrations(db, [
        table("1"),
        failing("2"),
        table("3"),
        failing("4"),
      ], { stopOnError: false });
      assert.deepEqual([executed, failed], [["1", "3"], ["2", "4"]]);
    }));

  it("rolls a migration that fails halfway back where the database can", () =>
    within(async (db) => {
      for (const useTransactions of [true, "per-run"] as const) {
        await assert.rejects(
          runMigrations(db, [failing("2")], { useTransactions }),
          MigrationError,
        );
        assert.deepEqual(await tablesOf(db), transacts ? [] : ["t2"]);
        if (transacts) continue;
        // What it left is told, and refused until somebody says what to do with it.
        await assert.rejects(runMigrations(db, [failing("2")]), /stopped|failed/);
        return;
      }
    }));

  it("says which rollback failed, and keeps what it did not undo", () =>
    within(async (db) => {
      const bad = createMigration(
        "2",
        () => Promise.resolve(),
        () => Promise.reject(new Error("down fails on purpose")),
      );
      const migrations = [table("1"), bad];
      await runMigrations(db, migrations);
      const error = await errorOf(rollbackMigrations(db, migrations, 2));
      assert.equal(error.code, MigrationErrorCodes.MIGRATION_DOWN_FAILED);
      assert.deepEqual([error.migrationName, error.operation], ["2", "down"]);
      assert.deepEqual(await tablesOf(db), ["t1"]);
      assert.deepEqual((await getMigrationStatus(db, migrations)).executed, ["1", "2"]);
    }));

  it("refuses duplicate names, names that are empty, and what is not a migration", () =>
    within(async (db) => {
      const wrong: readonly (readonly [unknown, RegExp])[] = [
        [[table("1"), table("1")], /Duplicate migration name: "1"/],
        [[{ ...table("1"), name: "" }], /has no name/],
        [[{ name: "1" }], /no function up/],
        [[{ name: "1", up: () => {}, down: 5 }], /down of "1"/],
      ];
      for (const [migrations, message] of wrong) {
        await assert.rejects(runMigrations(db, migrations as Migration[]), (error) => {
          assert.ok(error instanceof BadRequestError);
          assert.match(error.message, message);
          return true;
        });
      }
    }));

  it("changes nothing in a dry run, up, down and reset", () =>
    within(async (db) => {
      const migrations = [table("1"), table("2")];
      const { lines, logger } = keepingLogger();
      const options = { dryRun: true, logger };
      const planned = await runMigrations(db, migrations, options);
      assert.deepEqual([planned.executed, planned.dryRun], [["1", "2"], true]);
      assert.deepEqual(await tablesOf(db), []);
      assert.deepEqual((await getMigrationStatus(db, migrations)).executed, []);
      assert.ok(lines.length > 0);
      await runMigrations(db, migrations);
      assert.equal((await rollbackMigrations(db, migrations, 1, options)).dryRun, true);
      assert.equal((await createMigrationRunner(db, migrations, options).reset()).dryRun, true);
      assert.deepEqual(await tablesOf(db), ["t1", "t2"]);
    }));

  it("logs what runs, and a breaking change as a warning; nothing without a logger", () =>
    within(async (db) => {
      const { lines, logger } = keepingLogger();
      const breaking = { ...table("2"), breaking: true, description: "drops a column" };
      await runMigrations(db, [table("1"), breaking], { logger });
      assert.ok(lines.some((line) => /^info: Running 1\.\.\./.test(line)));
      assert.ok(lines.some((line) => /^info: 1 completed/.test(line)));
      assert.ok(lines.some((line) => /^warn: BREAKING CHANGE.*drops a column/.test(line)));
      const quiet = keepingLogger();
      await runMigrations(db, [table("3")], {
        logger: quiet.logger,
        verbose: false,
        policy: "repair",
      });
      assert.deepEqual(quiet.lines, []);
    }));

  it("validates its options, the logger among them", () =>
    within(async (db) => {
      const wrong: readonly object[] = [
        { logger: {} },
        { logger: { info: () => {} } },
        { logger: "console" },
        { dryRun: "yes" },
        { stopOnError: 1 },
        { useTransactions: "sometimes" },
        { dryrun: true },
      ];
      for (const options of wrong) {
        assert.throws(
          () => createMigrationRunner(db, [], options as never),
          BadRequestError,
          JSON.stringify(options),
        );
      }
      assert.ok(createMigrationRunner(db, [], { logger: silentLogger }));
      await Promise.resolve();
    }));

  it("calls plugins in their order, around each migration", () =>
    within(async (db) => {
      const calls: string[] = [];
      const plugin = (name: string): MigrationPlugin => ({
        name,
        version: "1.0.0",
        onInit: (runner) => {
          assert.ok(runner instanceof MigrationRunnerWithPlugins);
          calls.push(`${name} init`);
        },
        beforeMigration: (migration, operation) => {
          calls.push(`${name} before ${migration.name} ${operation}`);
        },
        afterMigration: (migration, operation, duration) => {
          assert.ok(duration >= 0);
          calls.push(`${name} after ${migration.name} ${operation}`);
        },
        onMigrationError: (migration, operation, error) => {
          assert.match((error as Error).message, /on purpose/);
          calls.push(`${name} error ${migration.name} ${operation}`);
        },
      });
      const runner = await createMigrationRunnerWithPlugins(db, [table("1"), failing("2")], {
        plugins: [plugin("a"), plugin("b")],
        stopOnError: false,
      });
      assert.deepEqual(runner.getPlugins().map(({ name }) => name), ["a", "b"]);
      await runner.up();
      assert.deepEqual(calls, [
        "a init",
        "b init",
        "a before 1 up",
        "b before 1 up",
        "a after 1 up",
        "b after 1 up",
        "a before 2 up",
        "b before 2 up",
        "a error 2 up",
        "b error 2 up",
      ]);
    }));

  it("keeps metrics, and logs by a plugin", () =>
    within(async (db) => {
      const { lines, logger } = keepingLogger();
      const metrics = createMetricsPlugin();
      const runner = await createMigrationRunnerWithPlugins(db, [table("1"), failing("2")], {
        plugins: [metrics, createLoggingPlugin(logger)],
        stopOnError: false,
      });
      await runner.up();
      assert.deepEqual(
        metrics.getMetrics().migrations.map(({ name, operation, success }) => [
          name,
          operation,
          success,
        ]),
        [["1", "up", true], ["2", "up", false]],
      );
      assert.deepEqual(lines.map((line) => line.replace(/ in \d+ ms$/, "")), [
        "info: Starting up of 1",
        "info: Finished up of 1",
        "info: Starting up of 2",
        "error: Failed up of 2",
      ]);
    }));

  it("runs migrations that change rows and read them", () =>
    within(async (db) => {
      await runMigrations(db, [
        table("1"),
        createMigration("2", async (db) => {
          await db.insertInto("t1").values([{ id: 1 }, { id: 2 }]).execute();
          const rows = await db.selectFrom("t1").select("id").execute();
          await sql`insert into t1 (id) values (${rows.length + 1})`.execute(db);
        }),
      ]);
      const rows = await db.selectFrom("t1").select("id").orderBy("id").execute();
      assert.deepEqual(rows, [{ id: 1 }, { id: 2 }, { id: 3 }]);
    }));
});
