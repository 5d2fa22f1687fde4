import {
  createMigration,
  createMigrationRunner,
  migrateEach,
  type MigrationTarget,
  type TargetProgress,
} from "@kysera/migrations";
import { BadRequestError } from "@kysera/core";
import { type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect } from "../../tests/support/matrix.ts";
import { shareDatabases, type SharedDatabases } from "../../tests/migrations/_processes.ts";

const COUNT = 9;
const FAILING = [2, 5];

/** Fails in the targets that have no table to write to. */
const migrations = [
  createMigration("001_users", async (db) => {
    await db.schema.createTable("users").addColumn("id", "integer").execute();
  }),
  createMigration("002_fill", async (db) => {
    await db.insertInto("seeds").values({ id: 1 }).execute();
  }),
];

async function withTargets(
  dialect: "sqlite" | "postgres" | "mysql",
  body: (shared: SharedDatabases, targets: MigrationTarget[]) => Promise<void>,
): Promise<void> {
  const shared = await shareDatabases(dialect, COUNT);
  try {
    for (const [index, within] of shared.within.entries()) {
      if (FAILING.includes(index)) continue;
      const db = await shared.open(within);
      await db.schema.createTable("seeds").addColumn("id", "integer").execute()
        .finally(() => db.destroy());
    }
    await body(shared, shared.within.map((name) => ({ name, db: () => shared.open(name) })));
  } finally {
    await shared.close();
  }
}

onEveryDialect("migrateEach()", (dialect) => {
  it("migrates all of them, says which failed, and goes on when it is called again", () =>
    withTargets(dialect.dialect, async (shared, targets) => {
      const told: TargetProgress[] = [];
      const options = { concurrency: 3, onProgress: (each: TargetProgress) => told.push(each) };
      const results = await migrateEach(targets, migrations, options);
      assert.deepEqual(
        results.map(({ name, state }) => [name, state]),
        targets.map(({ name }, index) => [name, FAILING.includes(index) ? "failed" : "migrated"]),
      );
      assert.match((results[2]!.error as Error).message, /"002_fill" up: .*seeds/);
      assert.deepEqual(
        told.map(({ done, total }) => [done, total]),
        told.map((_, i) => [i + 1, COUNT]),
      );
      assert.equal(told.at(-1)!.failed, FAILING.length);

      for (const index of FAILING) {
        const db = await shared.open(shared.within[index]!);
        await db.schema.createTable("seeds").addColumn("id", "integer").execute()
          .finally(() => db.destroy());
      }
      const again = await migrateEach(targets, migrations, options);
      assert.deepEqual(
        again.map(({ state, result }) => [state, result!.executed.length]),
        targets.map((_, index) => ["migrated", FAILING.includes(index) ? 1 : 0]),
      );
    }));

  it("begins no other one when one has failed, where it is told to", () =>
    withTargets(dialect.dialect, async (_, targets) => {
      const results = await migrateEach(targets, migrations, { concurrency: 1, onFailure: "stop" });
      assert.deepEqual(results.map(({ state }) => state), [
        "migrated",
        "migrated",
        "failed",
        ...Array.from({ length: COUNT - 3 }, () => "skipped"),
      ]);
    }));

  it("refuses options that are none, and two targets of one name", async () => {
    const db = {} as Kysely<any>;
    await assert.rejects(migrateEach([], [], { parallel: 2 } as object), BadRequestError);
    await assert.rejects(migrateEach([], [], { concurrency: 0 }), /concurrency/);
    await assert.rejects(migrateEach([], [], { onFailure: "x" as "stop" }), /onFailure/);
    await assert.rejects(migrateEach([{ name: "a", db }, { name: "a", db }], []), /one name/);
  });
}, ["sqlite", "postgres", "mysql"]);

onEveryDialect("a schema of its own", (dialect) => {
  it("has its own tables, history and lock", async () => {
    const { db, close } = await dialect.open();
    const schemas = ["tenant_one", "tenant_two"].map((name) => `${name}_${Date.now()}`);
    try {
      for (const schema of schemas) await db.schema.createSchema(schema).execute();
      const targets = schemas.map((schema) => ({
        name: schema,
        db: db.withSchema(schema),
        schema,
      }));
      const [users] = migrations;
      const results = await migrateEach(targets, [users!]);
      assert.deepEqual(results.map(({ state }) => state), ["migrated", "migrated"]);
      for (const schema of schemas) {
        const { rows } = await sql<{ name: string }>`
          select table_name as name from information_schema.tables
          where table_schema = ${schema} order by table_name`.execute(db);
        assert.deepEqual(rows.map(({ name }) => name), [
          "kysera_migration",
          "kysera_migration_lock",
          "kysera_migration_step",
          "users",
        ]);
      }
      const first = createMigrationRunner(db.withSchema(schemas[0]!), [users!], {
        schema: schemas[0],
      });
      assert.deepEqual((await first.status()).executed, ["001_users"]);
      assert.deepEqual((await createMigrationRunner(db, [users!]).status()).executed, []);
    } finally {
      for (const schema of schemas) {
        await db.schema.dropSchema(schema).cascade().ifExists().execute();
      }
      await close();
    }
  });
}, ["pglite", "postgres"]);
