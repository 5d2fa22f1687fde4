import { BadRequestError, silentLogger } from "@kysera/core";
import {
  adoptHistory,
  createMigration,
  createMigrationRunner,
  createSqlMigration,
  type MigrationRunnerOptions,
  type MigrationStateError,
} from "@kysera/migrations";
import type { Kysely } from "kysely";
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { it } from "node:test";
import { onEveryDialect, type TestDialect } from "../support/matrix.ts";
import {
  createForeignTable,
  drizzleSchemaOf,
  dropDrizzleSchema,
  insertDrizzle,
  insertFlyway,
  insertPrisma,
} from "./_foreign_tables.ts";

const DAY = Date.UTC(2024, 0, 2, 3, 4, 5, 678);
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const empty = (name: string) => createMigration(name, () => Promise.resolve());

async function withDb(dialect: TestDialect, body: (db: Kysely<any>) => Promise<void>) {
  const { db, close } = await dialect.open();
  try {
    await body(db);
  } finally {
    await dropDrizzleSchema(db, dialect);
    await close();
  }
}

/** Returns every row of a table, so that it can be seen that none has changed. */
async function rowsOf(db: Kysely<any>, table: string): Promise<unknown[]> {
  return await db.selectFrom(table).selectAll().execute();
}

async function refusalOf(adoption: Promise<unknown>): Promise<MigrationStateError> {
  const error = await adoption.then(() => undefined, (error) => error);
  assert.equal(error?.name, "MigrationStateError", String(error));
  return error;
}

onEveryDialect("adopting the history of Prisma", (dialect) => {
  it("takes over what is finished, and changes nothing of it", () =>
    withDb(dialect, async (db) => {
      await createForeignTable(db, dialect, "prisma");
      const script = "create table users (id integer);\r\n";
      await insertPrisma(db, dialect, [
        { name: "1_users", started: DAY, finished: DAY + 250, checksum: sha256(script) },
        { name: "2_posts", started: DAY + 1000, undone: DAY + 1500 },
        { name: "2_posts", started: DAY + 2000, finished: DAY + 2100, checksum: sha256("other") },
        { name: "3_gone", started: DAY + 3000, finished: DAY + 3000 },
        { name: "4_back", started: DAY + 4000, finished: DAY + 4001, undone: DAY + 5000 },
      ]);
      const before = await rowsOf(db, "_prisma_migrations");
      const migrations = [
        createSqlMigration("1_users", script.replace("\r", "")),
        createSqlMigration("2_posts", "create table posts (id integer)"),
        empty("4_back"),
      ];
      const dry = await adoptHistory(db, migrations, { dryRun: true });
      await assert.rejects(rowsOf(db, "kysera_migration"));
      const result = await adoptHistory(db, migrations);
      assert.deepEqual(dry, { ...result, dryRun: true });
      assert.deepEqual([result.from, result.table], ["prisma", "_prisma_migrations"]);
      assert.deepEqual(result.adopted, ["1_users", "2_posts", "3_gone"]);
      assert.deepEqual([result.known, result.unknown], [[], ["3_gone"]]);
      const notes = result.notes.map(({ migrationName, message }) =>
        `${migrationName}: ${message}`
      );
      assert.equal(notes.length, 3, notes.join("; "));
      assert.match(notes[0]!, /^2_posts: .*rolled back/);
      assert.match(notes[1]!, /^4_back: .*rolled back/);
      assert.match(notes[2]!, /^2_posts: .*not the one that was applied/);

      const runner = createMigrationRunner(db, migrations);
      const [first] = await runner.getHistory();
      assert.equal(first!.executedAt.getTime(), DAY + 250);
      assert.equal(first!.duration, 250);
      const { pending, problems } = await runner.status();
      assert.deepEqual(pending, ["4_back"]);
      assert.deepEqual(problems.map(({ kind, migrationName }) => `${kind} ${migrationName}`), [
        "unknown 3_gone",
      ]);
      const again = await adoptHistory(db, migrations);
      assert.deepEqual([again.adopted, again.known], [[], ["1_users", "2_posts", "3_gone"]]);
      assert.equal((await runner.getHistory()).length, 3);
      assert.deepEqual(await rowsOf(db, "_prisma_migrations"), before);
      // The text was the one that was applied, so another one is noticed now.
      const [, ...others] = migrations;
      const changed = [createSqlMigration("1_users", "create table users (id bigint)"), ...others];
      assert.deepEqual(
        (await createMigrationRunner(db, changed).verify()).map(({ kind }) => kind),
        ["unknown", "changed"],
      );
    }));

  it("refuses what is not finished, by name, and takes nothing over", () =>
    withDb(dialect, async (db) => {
      await createForeignTable(db, dialect, "prisma");
      await insertPrisma(db, dialect, [
        { name: "1_users", started: DAY, finished: DAY + 250 },
        { name: "2_posts", started: DAY + 1000 },
      ]);
      const error = await refusalOf(adoptHistory(db, [empty("1_users")]));
      assert.match(error.message, /^Cannot adopt a history: "2_posts": .*not finished.*--applied/);
      assert.deepEqual(error.problems.map(({ migrationName }) => migrationName), ["2_posts"]);
      await assert.rejects(rowsOf(db, "kysera_migration"));
    }));
});

onEveryDialect("adopting the history of Drizzle", (dialect) => {
  it("names migrations by the journal, or by their text", () =>
    withDb(dialect, async (db) => {
      await createForeignTable(db, dialect, "drizzle");
      await insertDrizzle(db, dialect, [
        { hash: sha256("select 1"), when: DAY },
        { hash: sha256("select 2"), when: DAY + 1000 },
      ]);
      const first = createSqlMigration("0000_first", "select 1");
      const second = empty("0001_second");
      const error = await refusalOf(adoptHistory(db, [first, second]));
      assert.match(error.message, /of 2024-01-02T03:04:06.678Z": .*option "journal"/);
      const journal = {
        version: "7",
        entries: [
          { idx: 0, when: DAY, tag: "0000_first", breakpoints: true },
          { idx: 1, when: DAY + 1000, tag: "0001_second", breakpoints: true },
        ],
      };
      const result = await adoptHistory(db, [first, second, empty("0002_third")], { journal });
      assert.deepEqual(result.adopted, ["0000_first", "0001_second"]);
      assert.deepEqual([result.unknown, result.notes], [[], []]);
      const runner = createMigrationRunner(db, [first, second, empty("0002_third")]);
      assert.equal((await runner.getHistory())[0]!.executedAt.getTime(), DAY);
      assert.deepEqual((await runner.up()).executed, ["0002_third"]);
      await assert.rejects(adoptHistory(db, [first], { journal: [] }), /_journal[.]json/);
    }));

  it("takes the names that version 1 stores", () =>
    withDb(dialect, async (db) => {
      await createForeignTable(db, dialect, "drizzle");
      const own = drizzleSchemaOf(db, dialect);
      await own.schema.alterTable("__drizzle_migrations").addColumn("name", "text").execute();
      await insertDrizzle(db, dialect, [{ hash: "a", when: DAY }]);
      await own.updateTable("__drizzle_migrations").set({ name: "20240102_first" }).execute();
      const { adopted } = await adoptHistory(db, [empty("20240102_first")], { from: "drizzle" });
      assert.deepEqual(adopted, ["20240102_first"]);
    }));
});

onEveryDialect("adopting the history of Flyway", (dialect) => {
  it("follows versions, repeatable ones, and those that were undone or deleted", () =>
    withDb(dialect, async (db) => {
      await createForeignTable(db, dialect, "flyway");
      await insertFlyway(db, dialect, [
        { version: null, script: "<< Flyway Schema Creation >>", type: "SCHEMA" },
        { version: "1", script: "<< Flyway Baseline >>", type: "BASELINE" },
        { version: "1.1", script: "V1_1__Users.sql", checksum: 560_568_923 },
        { version: "2", script: "sub/V2__Posts.sql" },
        { version: null, script: "R__View.sql", checksum: 1 },
        { version: "2", script: "U2__Posts.sql", type: "UNDO_SQL" },
        { version: "3", script: "db.migration.V3__Tags", type: "JDBC" },
        { version: "4", script: "V4__Gone.sql" },
        { version: "4", script: "V4__Gone.sql", type: "DELETE" },
        { version: null, script: "R__View.sql", checksum: 2 },
      ]);
      const before = await rowsOf(db, "flyway_schema_history");
      const migrations = [
        empty("V0_9__Old"),
        empty("V1__First"),
        createSqlMigration("V1_1__Users", "create table users (\r\n  id integer\n);\n"),
        empty("V2__Posts"),
        empty("V3__Tags"),
        { ...empty("R__View"), repeatable: true },
      ];
      const result = await adoptHistory(db, migrations);
      assert.deepEqual(result.adopted, [
        "V0_9__Old",
        "V1__First",
        "V1_1__Users",
        "V3__Tags",
        "R__View",
      ]);
      assert.deepEqual(result.unknown, []);
      const notes = result.notes.map(({ message }) => message);
      assert.match(notes[0]!, /created the schema/);
      assert.match(notes[1]!, /baseline: .* up to 1 for applied, 2 of the migrations of the code/);
      assert.match(notes[2]!, /undone version 2/);
      assert.match(notes[3]!, /deleted/);
      assert.equal(notes.length, 4, notes.join("; "));
      const { pending, problems } = await createMigrationRunner(db, migrations).status();
      // The repeatable one runs once more: that its text is the same is not known.
      assert.deepEqual(pending, ["V2__Posts", "R__View"]);
      assert.deepEqual(problems.map(({ kind }) => kind), ["out-of-order"]);
      const [, , { executedAt } = { executedAt: new Date(0) }] = await createMigrationRunner(
        db,
        migrations,
      ).getHistory();
      assert.ok(Math.abs(Date.now() - executedAt.getTime()) < 26 * 3600_000, String(executedAt));
      assert.deepEqual(await rowsOf(db, "flyway_schema_history"), before);
    }));

  it("refuses what failed, by name, and renames what it takes", () =>
    withDb(dialect, async (db) => {
      await createForeignTable(db, dialect, "flyway");
      await insertFlyway(db, dialect, [
        { version: "1", script: "V1__Users.sql" },
        { version: "10", script: "V10__Posts.sql", success: false },
      ]);
      const error = await refusalOf(adoptHistory(db, [empty("001_users")]));
      assert.match(error.message, /"V10__Posts": it failed, .*flyway repair/);
      await db.deleteFrom("flyway_schema_history").where("version", "=", "10").execute();
      const rename = (name: string) =>
        name.replace(
          /^V(\d+)__(\w+)$/,
          (_, version, rest) => `${String(version).padStart(3, "0")}_${rest.toLowerCase()}`,
        );
      await assert.rejects(adoptHistory(db, [], { rename: () => "" }), /"V1__Users" needs a name/);
      const { adopted, unknown } = await adoptHistory(db, [empty("001_users")], { rename });
      assert.deepEqual([adopted, unknown], [["001_users"], []]);
    }));
});

onEveryDialect("adopting a history", (dialect) => {
  it("is refused if there is none, or there are several, and leaves out what is not known", () =>
    withDb(dialect, async (db) => {
      await assert.rejects(adoptHistory(db, []), /no table .*"_prisma_migrations" of Prisma/);
      await createForeignTable(db, dialect, "prisma");
      await createForeignTable(db, dialect, "flyway");
      await insertPrisma(db, dialect, [{ name: "a", started: DAY, finished: DAY }]);
      await assert.rejects(adoptHistory(db, []), /several, .*Prisma.* and .*Flyway.*"from"/);
      const { adopted, unknown } = await adoptHistory(db, [empty("b")], {
        from: "prisma",
        unknown: "leave",
      });
      assert.deepEqual([adopted, unknown], [[], ["a"]]);
      assert.deepEqual((await createMigrationRunner(db, [empty("b")]).up()).executed, ["b"]);
      await insertPrisma(db, dialect, [{ name: "b", started: DAY, finished: DAY }]);
      await assert.rejects(
        adoptHistory(db, [], { from: "prisma", rename: () => "c" }),
        /"a" and "b" have one name, "c"/,
      );
      const wrong = [
        { from: "rails" },
        { table: "x" },
        { rename: 1 },
        { rename: () => "" },
        { unknown: "x" },
        { dryRun: 1 },
        { form: "prisma" },
      ];
      for (const options of wrong) {
        await assert.rejects(
          adoptHistory(db, [], { from: "prisma", ...options } as object),
          "table" in options ? /no table "x"/ : BadRequestError,
        );
      }
    }));

  it("is recommended before the runner creates tables of its own", () =>
    withDb(dialect, async (db) => {
      await createForeignTable(db, dialect, "flyway");
      await insertFlyway(db, dialect, [{ version: "1", script: "V1__Users.sql" }]);
      const warnings: string[] = [];
      const logger = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
      const up = (options: MigrationRunnerOptions) =>
        createMigrationRunner(db, [empty("a")], { logger, ...options }).up();
      await up({ dryRun: true, adopt: false });
      assert.deepEqual(warnings, []);
      await up({ dryRun: true });
      assert.match(warnings.join(), /history in "flyway_schema_history" of Flyway.*call adopt\(\)/);
      await up({});
      assert.equal(warnings.length, 2);
      await up({});
      assert.equal(warnings.length, 2);
    }));

  it("records each migration once if two do it at the same time", () =>
    withDb(dialect, async (db) => {
      await createForeignTable(db, dialect, "prisma");
      const names = Array.from({ length: 150 }, (_, index) => `${index + 100}_m`);
      const list = names.map(empty);
      await insertPrisma(
        db,
        dialect,
        names.map((name, index) => ({
          name,
          started: DAY + index * 1000,
          finished: DAY + index * 1000,
        })),
      );
      const results = await Promise.all([adoptHistory(db, list), adoptHistory(db, list)]);
      assert.deepEqual(results.map(({ adopted }) => adopted.length).sort(), [0, 150]);
      assert.deepEqual(results.map(({ known }) => known.length).sort(), [0, 150]);
      const runner = createMigrationRunner(db, list);
      assert.deepEqual(await runner.getExecutedMigrations(), names);
      assert.deepEqual((await runner.up()).executed, []);
    }));

  it("takes Kysely's history on demand, too, and adds what came later", () =>
    withDb(dialect, async (db) => {
      await db.schema.createTable("kysely_migration")
        .addColumn("name", "varchar(255)", (column) => column.primaryKey())
        .addColumn("timestamp", "varchar(255)").execute();
      const add = (name: string) =>
        db.insertInto("kysely_migration")
          .values({ name, timestamp: new Date(DAY).toISOString() }).execute();
      await add("a");
      const list = [empty("a"), empty("b")];
      assert.deepEqual((await adoptHistory(db, list, { from: "kysely" })).adopted, ["a"]);
      await add("b");
      const { adopted, known } = await adoptHistory(db, list, { from: "kysely" });
      assert.deepEqual([adopted, known], [["b"], ["a"]]);
    }));
});
