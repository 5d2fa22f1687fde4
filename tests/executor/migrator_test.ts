/** Kysely's Migrator and schema builder through an executor, on an empty database. */
import { createExecutor, RawSqlError } from "@kysera/executor";
import type { Plugin } from "@kysera/executor";
import * as kysely from "kysely";
import { type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect, type TestDialect } from "../support/matrix.ts";
import { schemaOf } from "./world.ts";

interface MigrationResult {
  readonly migrationName: string;
  readonly direction: "Up" | "Down";
  readonly status: string;
}

interface Migrator {
  migrateToLatest(): Promise<ResultSet>;
  migrateDown(): Promise<ResultSet>;
  getMigrations(): Promise<readonly { readonly name: string; readonly executedAt?: Date }[]>;
}

interface ResultSet {
  readonly error?: unknown;
  readonly results?: readonly MigrationResult[];
}

type Migrations = Readonly<
  Record<string, {
    up(db: Kysely<any>): Promise<void>;
    down?(db: Kysely<any>): Promise<void>;
  }>
>;

/** Kysely's Migrator, which has a module of its own since 0.29. */
async function migratorOf(
  db: Kysely<any>,
  migrations: Migrations,
  options: Readonly<Record<string, unknown>> = {},
): Promise<Migrator> {
  const specifier = "kysely/migration";
  const module = await import(specifier).catch(() => kysely) as unknown as {
    readonly Migrator: new (options: unknown) => Migrator;
  };
  const provider = { getMigrations: () => Promise.resolve(migrations) };
  return new module.Migrator({ db, provider, ...options });
}

/** What hides deleted rows, as the soft-delete plugin does. */
const hiding: Plugin = {
  name: "hiding",
  version: "1.0.0",
  stable: true,
  appliesTo: ({ name }) => name === "items",
  filter: (reference, { eb }) => eb(reference.column("deleted_at"), "is", null),
};

/** What guards rows against raw SQL too, as row-level security does. */
const denying: Plugin = { ...hiding, name: "denying", rawSql: "deny" };

/** A history of a small application, with what migrations do most. */
function migrationsOn({ dialect }: TestDialect): Migrations {
  return {
    "1_items": {
      up: async (db) => {
        await db.schema.createTable("items")
          .addColumn("id", "integer", (column) => column.primaryKey())
          .addColumn("name", "varchar(50)", (column) => column.notNull().defaultTo("none"))
          .addColumn("n", "integer", (column) => column.defaultTo(sql`(1 + 1)`))
          .addColumn("made", "timestamp", (column) => column.defaultTo(sql`current_timestamp`))
          .addColumn("deleted_at", "varchar(30)")
          .addCheckConstraint("items_positive", sql`n > 0`)
          .execute();
        await db.schema.createIndex("items_name").on("items").columns(["name", "n"]).execute();
      },
      down: async (db) => {
        await db.schema.dropTable("items").execute();
      },
    },
    "2_notes": {
      up: async (db) => {
        await db.schema.createTable("notes").ifNotExists()
          .addColumn("id", "integer", (column) => column.primaryKey())
          .addColumn("item_id", "integer", (column) => column.references("items.id"))
          .execute();
        await db.schema.alterTable("items").addColumn("kind", "varchar(10)").execute();
        if (dialect !== "sqlite") {
          await db.schema.alterTable("items")
            .alterColumn("name", (column) => column.setDefault("some")).execute();
        }
        await db.insertInto("items").values([
          { id: 1, name: "seen" },
          { id: 2, name: "gone", deleted_at: "2024-01-01" },
        ]).execute();
        await db.updateTable("items").set({ kind: sql`upper(name)` }).execute();
      },
      down: async (db) => {
        await db.schema.dropTable("notes").execute();
        await db.schema.alterTable("items").dropColumn("kind").execute();
      },
    },
    "3_view": {
      up: async (db) => {
        await db.schema.createView("seen").as(db.selectFrom("items").select(["id", "name"]))
          .execute();
      },
      down: async (db) => {
        await db.schema.dropView("seen").execute();
      },
    },
  };
}

const NAMES = ["1_items", "2_notes", "3_view"];

function assertResults({ error, results }: ResultSet, expected: readonly string[]): void {
  if (error !== undefined) throw error;
  assert.deepEqual(
    results?.map(({ migrationName, status }) => `${migrationName} ${status}`),
    expected.map((name) => `${name} Success`),
  );
}

onEveryDialect("Kysely's Migrator", (dialect) => {
  const on = async (
    plugins: readonly Plugin[],
    body: (executor: Kysely<any>, db: Kysely<any>) => Promise<void>,
  ): Promise<void> => {
    const { db, close } = await dialect.open();
    try {
      await body(await createExecutor(db, plugins), db);
    } finally {
      await close();
    }
  };

  for (const [what, plugin] of [["a filter", hiding], [`rawSql: "deny"`, denying]] as const) {
    it(`goes up and down through an executor with ${what}`, () =>
      on([plugin], async (executor, db) => {
        const migrator = await migratorOf(executor, migrationsOn(dialect));
        assertResults(await migrator.migrateToLatest(), NAMES);
        assertResults(await migrator.migrateToLatest(), []);
        const known = await migrator.getMigrations();
        assert.ok(known.every(({ executedAt }) => executedAt instanceof Date));
        const all = await db.selectFrom("items").select(["id", "kind"]).orderBy("id").execute();
        // The UPDATE of a migration sees what any other statement of the executor does.
        assert.deepEqual(all, [{ id: 1, kind: "SEEN" }, { id: 2, kind: null }]);
        const seen = await executor.selectFrom("items").select("id").execute();
        assert.deepEqual(seen, [{ id: 1 }]);
        assert.deepEqual(await db.selectFrom("seen").select("id").execute(), [{ id: 1 }]);
        for (const name of [...NAMES].reverse()) {
          assertResults(await migrator.migrateDown(), [name]);
        }
        const tables = await db.introspection.getTables();
        const own = await schemaOf(db, dialect);
        assert.deepEqual(
          tables.filter(({ schema }) => (schema ?? own) === own).map(({ name }) => name),
          [],
        );
      }));
  }

  it("runs once where two start together", () =>
    on([denying], async (executor, db) => {
      if (dialect.name === "sqlite" || dialect.name === "pglite") return;
      const migrators = await Promise.all([
        migratorOf(executor, migrationsOn(dialect)),
        migratorOf(await createExecutor(db, [denying]), migrationsOn(dialect)),
      ]);
      const results = await Promise.all(migrators.map((migrator) => migrator.migrateToLatest()));
      for (const { error } of results) if (error !== undefined) throw error;
      const run = results.flatMap(({ results }) => results ?? []);
      assert.deepEqual(run.map(({ migrationName }) => migrationName).sort(), NAMES);
    }));

  it("uses tables and a schema that it is told", () =>
    on([denying], async (executor, db) => {
      const migrator = await migratorOf(executor, migrationsOn(dialect), {
        migrationTableName: "done",
        migrationLockTableName: "done_lock",
        ...(dialect.dialect === "postgres"
          ? { migrationTableSchema: await schemaOf(db, dialect) }
          : {}),
      });
      assertResults(await migrator.migrateToLatest(), NAMES);
      const done = await db.selectFrom("done").select("name").orderBy("name").execute();
      assert.deepEqual(done.map(({ name }) => name), NAMES);
    }));

  it("says where a migration's raw SQL can be run, where it is denied", () =>
    on([denying], async (executor, db) => {
      const migrations: Migrations = {
        "1_raw": {
          up: async (db) => {
            await sql`create table ${sql.table("raw_things")} (id integer primary key)`.execute(db);
          },
        },
      };
      const { error, results } = await (await migratorOf(executor, migrations)).migrateToLatest();
      assert.equal(results?.[0]?.status, "Error");
      assert.ok(error instanceof RawSqlError, String(error));
      assert.match(error.message, /migrations/);
      assert.match(error.message, /getRawDb\(executor\)/);
      assertResults(await (await migratorOf(db, migrations)).migrateToLatest(), ["1_raw"]);
    }));
});
