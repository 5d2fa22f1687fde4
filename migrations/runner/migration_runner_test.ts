import {
  createMigration,
  createMigrationRunner,
  defineMigrations,
  type Migration,
  MigrationError,
  type MigrationRunner,
  MigrationStateError,
} from "@kysera/migrations";
import { BadRequestError, NotFoundError } from "@kysera/core";
import { readSchema } from "@kysera/migrations/schema";
import { type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { onEveryDialect, type TestDialect } from "../../tests/support/matrix.ts";

/** A migration that creates a table, and drops it. */
function table(name: string, tableName = name): Migration {
  return createMigration(
    name,
    async (db) => {
      await db.schema.createTable(tableName).addColumn("id", "integer").execute();
    },
    async (db) => {
      await db.schema.dropTable(tableName).execute();
    },
  );
}

async function tablesOf(db: Kysely<any>): Promise<string[]> {
  // Kysely's own introspection sees the schemas of other tests on the server.
  const { tables } = await readSchema(db);
  return tables.map(({ name }) => name).filter((name) => !name.startsWith("kysera_")).sort();
}

async function withDb(dialect: TestDialect, body: (db: Kysely<any>) => Promise<void>) {
  const { db, close } = await dialect.open();
  try {
    await body(db);
  } finally {
    await close();
  }
}

onEveryDialect("a runner of migrations", (dialect) => {
  it("applies migrations in their order, each once", () =>
    withDb(dialect, async (db) => {
      const migrations = [table("b"), table("a"), table("c")];
      const runner = createMigrationRunner(db, migrations);
      const first = await runner.up();
      assert.deepEqual(first.executed, ["b", "a", "c"]);
      assert.deepEqual(first.failed, []);
      assert.equal(first.dryRun, false);
      const second = await runner.up();
      assert.deepEqual([second.executed, second.skipped], [[], ["b", "a", "c"]]);
      assert.deepEqual(await tablesOf(db), ["a", "b", "c"]);
      assert.deepEqual(await runner.getExecutedMigrations(), ["b", "a", "c"]);
    }));

  it("undoes the last ones in reverse, and applies them again", () =>
    withDb(dialect, async (db) => {
      const runner = createMigrationRunner(db, ["a", "b", "c"].map((name) => table(name)));
      await runner.up();
      assert.deepEqual((await runner.down()).executed, ["c"]);
      assert.deepEqual((await runner.down(2)).executed, ["b", "a"]);
      assert.deepEqual((await runner.down(2)).executed, []);
      assert.deepEqual(await tablesOf(db), []);
      await runner.up();
      assert.deepEqual((await runner.redo(2)).executed, ["b", "c"]);
      assert.deepEqual((await runner.redo(9)).executed, ["a", "b", "c"]);
      assert.deepEqual((await runner.reset()).executed, ["c", "b", "a"]);
      assert.deepEqual(await tablesOf(db), []);
    }));

  it("goes up to and down to a migration", () =>
    withDb(dialect, async (db) => {
      const runner = createMigrationRunner(db, ["a", "b", "c"].map((name) => table(name)));
      assert.deepEqual((await runner.upTo("b")).executed, ["a", "b"]);
      assert.deepEqual((await runner.upTo("a")).executed, []);
      assert.deepEqual((await runner.up()).executed, ["c"]);
      assert.deepEqual((await runner.downTo("a")).executed, ["c", "b"]);
      assert.deepEqual(await tablesOf(db), ["a"]);
      await assert.rejects(runner.upTo("x"), NotFoundError);
      await assert.rejects(runner.downTo("c"), NotFoundError);
    }));

  it("does nothing for down(0), and refuses other steps that are no number of any", () =>
    withDb(dialect, async (db) => {
      const runner = createMigrationRunner(db, [table("a")]);
      await runner.up();
      assert.deepEqual((await runner.down(0)).executed, []);
      assert.deepEqual(await tablesOf(db), ["a"]);
      for (const steps of [-1, 1.5, NaN, Infinity, "1" as unknown as number]) {
        await assert.rejects(runner.down(steps), BadRequestError);
      }
    }));

  it("tells what is applied, and creates nothing for that", () =>
    withDb(dialect, async (db) => {
      const runner = createMigrationRunner(db, [table("a"), table("b")]);
      const before = await runner.status();
      assert.deepEqual([before.executed, before.pending, before.total], [[], ["a", "b"], 2]);
      await createMigrationRunner(db, [table("a"), table("b")], { dryRun: true }).up();
      assert.equal((await readSchema(db, { exclude: [] })).tables.length, 0);
      await runner.upTo("a");
      const after = await runner.status();
      assert.deepEqual([after.executed, after.pending, after.total], [["a"], ["b"], 2]);
      assert.deepEqual([after.problems, after.holder], [[], undefined]);
    }));

  it("keeps nothing of a migration that fails, and says which statement did", () =>
    withDb(dialect, async (db) => {
      const broken = createMigration("b", async (db) => {
        await db.schema.createTable("b").addColumn("id", "integer").execute();
        await sql`insert into nowhere values (1)`.execute(db);
      });
      const runner = createMigrationRunner(db, [table("a"), broken, table("c")]);
      const error = await runner.up().then(() => undefined, (error) => error);
      assert.ok(error instanceof MigrationError, String(error));
      assert.equal(error.code, "MIGRATION_UP_FAILED");
      assert.equal(error.migrationName, "b");
      assert.equal(error.operation, "up");
      assert.equal(error.statement?.index, 2);
      assert.match(error.statement!.sql, /nowhere/);
      assert.match(error.message, /nowhere/);
      assert.ok(error.cause instanceof Error);
      assert.deepEqual(error.result?.executed, ["a"]);
      assert.deepEqual(error.result?.failed, ["b"]);
      if (dialect.dialect === "mysql") {
        assert.equal(error.appliedStatements, 1);
        assert.deepEqual(await tablesOf(db), ["a", "b"]);
        const [problem] = (await runner.status()).problems;
        assert.deepEqual([problem?.kind, problem?.migrationName], ["failed", "b"]);
        await assert.rejects(runner.up(), MigrationStateError);
      } else {
        assert.equal(error.appliedStatements, 0);
        assert.deepEqual(await tablesOf(db), ["a"]);
        assert.deepEqual((await runner.status()).pending, ["b", "c"]);
      }
    }));

  it("goes on after a failure where it is told to", () =>
    withDb(dialect, async (db) => {
      const broken = createMigration("b", async (db) => {
        await sql`insert into nowhere values (1)`.execute(db);
      });
      const runner = createMigrationRunner(db, [table("a"), broken, table("c")], {
        stopOnError: false,
      });
      const result = await runner.up();
      assert.deepEqual([result.executed, result.failed], [["a", "c"], ["b"]]);
      assert.deepEqual(await tablesOf(db), ["a", "c"]);
    }));

  it("stops a rollback before a migration that cannot be undone, by its name", () =>
    withDb(dialect, async (db) => {
      const kept = createMigration("b", async (db) => {
        await db.schema.createTable("b").addColumn("id", "integer").execute();
      });
      const runner = createMigrationRunner(db, [table("a"), kept, table("c")]);
      await runner.up();
      await assert.rejects(runner.reset(), (error: MigrationError) => {
        assert.equal(error.code, "MIGRATION_DOWN_FAILED");
        assert.match(error.message, /"b".*no function down/);
        assert.deepEqual(error.result?.executed, ["c"]);
        return true;
      });
      assert.deepEqual(await tablesOf(db), ["a", "b"]);
      assert.deepEqual(await runner.getExecutedMigrations(), ["a", "b"]);
    }));

  it("marks migrations as applied, and as not applied", () =>
    withDb(dialect, async (db) => {
      const runner = createMigrationRunner(db, [table("a"), table("b")]);
      await runner.markAsExecuted("a");
      await runner.markAsExecuted("a");
      assert.deepEqual((await runner.up()).executed, ["b"]);
      assert.deepEqual(await tablesOf(db), ["b"]);
      await runner.markAsRolledBack("a");
      await runner.markAsRolledBack("a");
      assert.deepEqual(await runner.getExecutedMigrations(), ["b"]);
      await assert.rejects(runner.markAsExecuted("x"), NotFoundError);
    }));

  it("tells missing, unknown and unordered migrations apart, and refuses them", () =>
    withDb(dialect, async (db) => {
      await createMigrationRunner(db, [table("a"), table("b"), table("d")]).up();
      const of = (...names: string[]) =>
        createMigrationRunner(db, names.map((name) => table(name)));
      const problems = async (...names: string[]) =>
        (await of(...names).status()).problems.map(({ kind, migrationName }) =>
          `${kind} ${migrationName}`
        );
      assert.deepEqual(await problems("a", "b", "c", "d"), ["out-of-order c"]);
      assert.deepEqual(await problems("a", "d"), ["missing b"]);
      assert.deepEqual(await problems("a", "b"), ["unknown d"]);
      assert.deepEqual(await problems("a", "b", "d", "e"), []);
      for (const names of [["a", "b", "c", "d"], ["a", "d"], ["a", "b"]]) {
        await assert.rejects(of(...names).up(), MigrationStateError);
      }
      const unordered = createMigrationRunner(
        db,
        ["a", "b", "c", "d"].map((name) => table(name)),
        { policy: "allow-unordered" },
      );
      assert.deepEqual((await unordered.up()).executed, ["c"]);
      assert.deepEqual((await unordered.down(2)).executed, ["c", "d"]);
      const repair = createMigrationRunner(db, [table("a")], { policy: "repair" });
      assert.deepEqual((await repair.up()).executed, []);
    }));

  it("takes Kysely's own migrations and providers", () =>
    withDb(dialect, async (db) => {
      const { up, down } = table("b");
      const provider = {
        getMigrations: () => Promise.resolve({ b: { up, down: down! }, a: { up } }),
      };
      const failing = createMigrationRunner(db, provider);
      await assert.rejects(failing.up(), MigrationError);
      const runner = createMigrationRunner(db, { b: { up, down: down! } });
      assert.equal((await runner.status()).total, 1);
    }));

  it("takes the history of Kysely's Migrator over, and the ones of older versions", () =>
    withDb(dialect, async (db) => {
      await db.schema.createTable("kysely_migration")
        .addColumn("name", "varchar(255)", (column) => column.primaryKey())
        .addColumn("timestamp", "varchar(255)").execute();
      await db.insertInto("kysely_migration").values([
        { name: "b", timestamp: "2024-01-02T00:00:00.000Z" },
        { name: "a", timestamp: "2024-01-01T00:00:00.000Z" },
      ]).execute();
      const runner = createMigrationRunner(db, [table("a"), table("b"), table("c")]);
      assert.deepEqual((await runner.status()).pending, ["c"]);
      assert.deepEqual((await runner.up()).executed, ["c"]);
      const history = await runner.getHistory();
      assert.deepEqual(history.map(({ name }) => name), ["a", "b", "c"]);
      assert.equal(history[0]!.executedAt.toISOString(), "2024-01-01T00:00:00.000Z");

      await db.schema.createTable("migrations")
        .addColumn("name", "varchar(255)", (column) => column.primaryKey())
        .addColumn("executed_at", dialect.dialect === "mysql" ? "datetime" : "timestamp").execute();
      await sql`insert into migrations values ('x', '2024-01-02 03:04:05')`.execute(db);
      const several = createMigrationRunner(db, [table("x")], { tableName: "second" });
      await assert.rejects(several.status(), /several, "kysely_migration" .* and "migrations"/);
      const named = createMigrationRunner(db, [table("x")], {
        tableName: "second",
        adopt: "migrations",
      });
      assert.deepEqual((await named.status()).executed, ["x"]);
      assert.deepEqual((await named.up()).executed, []);
      const none = createMigrationRunner(db, [table("x")], { tableName: "third", adopt: false });
      assert.deepEqual((await none.status()).executed, []);
    }));

  it("runs all of a run in one transaction", () =>
    withDb(dialect, async (db) => {
      const broken = createMigration("c", () => Promise.reject(new Error("not today")));
      const runner = createMigrationRunner(db, [table("a"), table("b"), broken], {
        useTransactions: "per-run",
      });
      const error = await runner.up().then(() => undefined, (error) => error);
      assert.match(error.message, /"c" up: not today/);
      if (dialect.dialect === "mysql") return assert.deepEqual(await tablesOf(db), ["a", "b"]);
      assert.deepEqual(error.result.executed, []);
      assert.deepEqual(await tablesOf(db), []);
      const others = createMigrationRunner(db, [table("a"), table("b")], {
        useTransactions: "per-run",
      });
      assert.deepEqual((await others.up()).executed, ["a", "b"]);
    }));

  it("goes on with a migration that stopped outside of a transaction", () =>
    withDb(dialect, async (db) => {
      let isBroken = true;
      const halfway: Migration = {
        name: "a",
        transaction: false,
        async up(db) {
          await db.schema.createTable("one").addColumn("id", "integer").execute();
          const { numInsertedOrUpdatedRows } = await db.insertInto("one").values({ id: 1 })
            .executeTakeFirst();
          assert.equal(numInsertedOrUpdatedRows, 1n);
          if (isBroken) await sql`insert into nowhere values (1)`.execute(db);
          await db.insertInto("one").values({ id: 2 }).execute();
        },
        async down(db) {
          await db.schema.dropTable("one").execute();
        },
      };
      const runner = createMigrationRunner(db, [halfway, table("b")]);
      await assert.rejects(runner.up(), (error: MigrationError) => {
        assert.equal(error.appliedStatements, 2);
        assert.equal(error.statement?.index, 3);
        assert.match(error.message, /2 of its statements are applied; .*resume\(\)/);
        return true;
      });
      await assert.rejects(runner.up(), /"a": it stopped halfway up/);
      await assert.rejects(runner.resume(), MigrationError);
      isBroken = false;
      assert.deepEqual((await runner.resume()).executed, ["a"]);
      assert.deepEqual((await runner.up()).executed, ["b"]);
      const rows = await db.selectFrom("one").select("id").orderBy("id").execute();
      assert.deepEqual(rows, [{ id: 1 }, { id: 2 }]);
      assert.deepEqual(await db.selectFrom("kysera_migration_step").selectAll().execute(), []);
      assert.deepEqual((await runner.reset()).executed, ["b", "a"]);
    }));

  it("refuses to go on where the statements that are applied are others now", () =>
    withDb(dialect, async (db) => {
      const of = (first: string, isBroken: boolean): Migration => ({
        name: "a",
        transaction: false,
        async up(db) {
          await db.schema.createTable(first).addColumn("id", "integer").execute();
          if (isBroken) await sql`insert into nowhere values (1)`.execute(db);
        },
      });
      await assert.rejects(createMigrationRunner(db, [of("one", true)]).up());
      const other = createMigrationRunner(db, [of("two", false)]);
      await assert.rejects(other.resume(), /statement 1 is another one than .* "?`?one/);
      assert.deepEqual(await tablesOf(db), ["one"]);
      assert.deepEqual((await other.resume({ from: 0 })).executed, ["a"]);
      assert.deepEqual(await tablesOf(db), ["one", "two"]);
    }));

  it("forgets with repair() what stopped halfway", () =>
    withDb(dialect, async (db) => {
      const halfway: Migration = {
        name: "a",
        transaction: false,
        async up(db) {
          await db.schema.createTable("one").addColumn("id", "integer").execute();
          await sql`insert into nowhere values (1)`.execute(db);
        },
      };
      const runner = createMigrationRunner(db, [halfway]);
      await assert.rejects(runner.up());
      await db.schema.dropTable("one").execute();
      assert.deepEqual(await runner.repair(), ["a"]);
      assert.deepEqual((await runner.status()).pending, ["a"]);
      await assert.rejects(runner.up(), MigrationError);
      await runner.markAsExecuted("a");
      assert.deepEqual((await runner.up()).executed, []);
    }));

  it("notices that an applied migration sends other statements, and not that it looks different", () =>
    withDb(dialect, async (db) => {
      const first = createMigration("a", async (db) => {
        await db.schema.createTable("t").addColumn("id", "integer").execute();
        await db.insertInto("t").values({ id: 1 }).execute();
      });
      await createMigrationRunner(db, [first]).up();
      const sameStatements = createMigration("a", async (database) => {
        const table = database.schema.createTable("t");
        // A comment
        await table.addColumn("id", "integer").execute();
        await database.insertInto("t").values({ id: 1 }).execute();
      });
      const formatted = createMigrationRunner(db, [sameStatements, table("b")]);
      assert.deepEqual(await formatted.verify(), []);
      assert.deepEqual((await formatted.up()).executed, ["b"]);
      const otherColumn = createMigration("a", async (db) => {
        await db.schema.createTable("t").addColumn("number", "integer").execute();
        await db.insertInto("t").values({ id: 1 }).execute();
      });
      const changed = createMigrationRunner(db, [otherColumn, table("b"), table("c")]);
      const [problem] = await changed.verify();
      assert.deepEqual([problem?.kind, problem?.migrationName], ["changed", "a"]);
      assert.match(problem!.diff!, /^- create table .t. \(.id. integer\)\n\+ create .*number/);
      await assert.rejects(changed.up(), /"a": it was changed after it was applied/);
      const otherValue = createMigration("a", async (db) => {
        await db.schema.createTable("t").addColumn("id", "integer").execute();
        await db.insertInto("t").values({ id: 2 }).execute();
      });
      const value = createMigrationRunner(db, [otherValue, table("b")]);
      assert.match((await value.verify())[0]!.message, /with other parameters/);
      const accepting = createMigrationRunner(db, [otherColumn, table("b"), table("c")], {
        policy: "repair",
      });
      assert.deepEqual((await accepting.up()).executed, ["c"]);
      assert.deepEqual(await changed.repair(), ["a"]);
      assert.deepEqual(await changed.verify(), []);
      assert.deepEqual((await changed.reset().catch((error) => error.result)).executed, ["c", "b"]);
    }));

  it("plans without changing anything, and says where a plan ends", () =>
    withDb(dialect, async (db) => {
      const reads = createMigration("b", async (db) => {
        const tables = await db.introspection.getTables();
        if (tables.length === 0) {
          await db.schema.createTable("b").addColumn("id", "integer").execute();
        }
      });
      const runner = createMigrationRunner(db, [table("a"), reads], { dryRun: true });
      const { plan, executed, dryRun } = await runner.up();
      assert.equal(dryRun, true);
      assert.deepEqual(executed, ["a", "b"]);
      assert.match(plan![0]!.statements[0]!.sql, /^create table .a. \(.id. integer\)$/);
      assert.equal(plan![0]!.endsBecause, undefined);
      assert.equal(plan![0]!.transaction, dialect.dialect !== "mysql");
      assert.match(plan![1]!.endsBecause!, /depends on statements of the plan/);
      assert.equal((await readSchema(db, { exclude: [] })).tables.length, 0);
    }));

  it("rehearses in a transaction that is rolled back, or on a scratch database", () =>
    withDb(dialect, async (db) => {
      const fill = createMigration("b", async (db) => {
        // It needs what the one before has done, so that no plan can be made of it.
        await db.insertInto("a").values({ id: 1 }).execute();
        const { id } = await db.selectFrom("a").select("id").executeTakeFirstOrThrow();
        assert.equal(id, 1);
      });
      const broken = createMigration("c", async (db) => {
        await db.insertInto("nowhere").values({ id: 1 }).execute();
      });
      const runner = createMigrationRunner(db, [table("a"), fill]);
      if (dialect.dialect === "mysql") {
        await assert.rejects(runner.rehearse(), /scratch database/);
      } else {
        const { executed, dryRun } = await runner.rehearse();
        assert.deepEqual([executed, dryRun], [["a", "b"], true]);
        await assert.rejects(
          createMigrationRunner(db, [table("a"), fill, broken]).rehearse(),
          (error: MigrationError) => error.migrationName === "c",
        );
        const outside = { ...table("d"), transaction: false };
        await assert.rejects(createMigrationRunner(db, [outside]).rehearse(), /"d" here: it runs/);
      }
      assert.equal((await readSchema(db, { exclude: [] })).tables.length, 0);
      const { db: scratch, close } = await dialect.open();
      try {
        assert.deepEqual((await runner.rehearse({ database: scratch })).executed, ["a", "b"]);
        assert.deepEqual(await tablesOf(scratch), ["a"]);
      } finally {
        await close();
      }
      assert.equal((await readSchema(db, { exclude: [] })).tables.length, 0);
      assert.deepEqual((await runner.up()).executed, ["a", "b"]);
    }));

  it("plans what depends on data from the data, and sends none of the writes", () =>
    withDb(dialect, async (db) => {
      await db.schema.createTable("t").addColumn("id", "integer").execute();
      await db.insertInto("t").values([{ id: 1 }, { id: 2 }]).execute();
      const fill = createMigration("a", async (db) => {
        const rows = await db.selectFrom("t").selectAll().orderBy("id").execute();
        for (const { id } of rows) {
          await db.updateTable("t").set({ id: id + 10 }).where("id", "=", id).execute();
        }
      });
      const { plan } = await createMigrationRunner(db, [fill], { dryRun: true }).up();
      assert.equal(plan![0]!.readsData, true);
      assert.deepEqual(plan![0]!.statements.map(({ parameters }) => parameters), [[11, 1], [
        12,
        2,
      ]]);
      assert.deepEqual(await db.selectFrom("t").selectAll().orderBy("id").execute(), [
        { id: 1 },
        { id: 2 },
      ]);
    }));
});

describe("a runner of migrations", () => {
  onEveryDialect("bad input", (dialect) => {
    it("is refused before anything runs", () =>
      withDb(dialect, async (db) => {
        const up = () => Promise.resolve();
        const lists: [unknown, RegExp][] = [
          [[table("a"), table("a")], /Duplicate migration name: "a"/],
          [[{ name: "", up }], /number 1 has no name/],
          [[{ name: "a" }], /"a" has no function up/],
          [[null], /number 1 is not a migration/],
          [[{ name: "x".repeat(256), up }], /more than 255 characters/],
          [[{ name: "a", up, down: 1 }], /down of "a" is not a function/],
          [{ a: undefined }, /"a" is not a migration/],
          [{ getMigrations: () => Promise.resolve(null) }, /no object of migrations/],
          [[{ name: "a", up, transaction: "no" }], /neither true nor false/],
        ];
        for (const [list, message] of lists) {
          await assert.rejects(createMigrationRunner(db, list as Migration[]).up(), message);
        }
        assert.equal((await readSchema(db, { exclude: [] })).tables.length, 0);
        for (
          const options of [
            { dryrun: true },
            { policy: "x" },
            { lockTimeout: -1 },
            { useTransactions: "x" },
            { logger: {} },
            { dryRun: 1 },
          ]
        ) assert.throws(() => createMigrationRunner(db, [], options as object), BadRequestError);
        await db.transaction().execute((trx) => {
          assert.throws(() => createMigrationRunner(trx, []), /is a transaction|not a transaction/);
          return Promise.resolve();
        });
      }));

    it("is refused if a provider gives others after a plan than before", () =>
      withDb(dialect, async (db) => {
        const up = () => Promise.resolve();
        let given: Record<string, { up: () => Promise<void>; source?: string }> = { a: { up } };
        const provider = { getMigrations: () => Promise.resolve(given) };
        const look: ((runner: MigrationRunner) => Promise<unknown>)[] = [
          (runner) => runner.status(),
          (runner) => runner.verify(),
          (runner) => runner.rehearse().catch((error) => assert.match(error.message, /scratch/)),
        ];
        for (const first of look) {
          const runner = createMigrationRunner(db, provider);
          await first(runner);
          given = { b: { up } };
          await assert.rejects(runner.up(), /changed since .* from "a" to "b"/);
          given = { a: { up }, b: { up } };
          await assert.rejects(runner.up(), /changed since .* from "none" to "b"/);
          given = { a: { up, source: "another" } };
          await assert.rejects(runner.up(), /changed since .* "a" has another text/);
          given = { a: { up } };
          assert.deepEqual((await runner.status()).pending, ["a"]);
        }
        const planner = createMigrationRunner(db, provider, { dryRun: true });
        assert.deepEqual((await planner.up()).executed, ["a"]);
        given = { b: { up } };
        await assert.rejects(planner.up(), BadRequestError);
        await assert.rejects(db.selectFrom("kysera_migration").selectAll().execute());
      }));
  });

  it("keeps the order of defineMigrations(), and refuses names that lose it", () => {
    const up = () => Promise.resolve();
    assert.deepEqual(
      defineMigrations({ b: { up }, a: { up }, "20240101120000": { up } }).map(({ name }) => name),
      ["b", "a", "20240101120000"],
    );
    assert.throws(() => defineMigrations({ 2: { up } }), TypeError);
  });
});
