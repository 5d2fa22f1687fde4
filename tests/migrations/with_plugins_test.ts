import { auditPlugin } from "@kysera/audit";
import { pgliteDialect } from "@kysera/dialects";
import { createExecutor } from "@kysera/executor";
import { createMigrationRunner, type Migration } from "@kysera/migrations";
import { allow, defineRLSSchema, filter, rlsPlugin } from "@kysera/rls";
import { softDeletePlugin } from "@kysera/soft-delete";
import { CamelCasePlugin, Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect } from "../support/matrix.ts";
import { shareDatabases } from "./_processes.ts";

/** Migrations of rows: what plugins have to do with. */
function rowMigrations(transaction: boolean): Migration[] {
  return [
    {
      name: "001_delete",
      transaction,
      async up(db) {
        await db.updateTable("users").set({ name: "Grace" }).where("id", "=", 1).execute();
        await db.deleteFrom("users").where("id", "=", 2).execute();
      },
      async down(db) {
        await db.updateTable("users").set({ name: "Ada" }).where("id", "=", 1).execute();
      },
    },
  ];
}

onEveryDialect("migrations through an executor", (dialect) => {
  for (const transaction of [true, false]) {
    const how = transaction ? "in a transaction" : "outside of one";
    it(`are seen by its plugins ${how}, and the tables of the runner are not`, async () => {
      const { db, close } = await dialect.open();
      try {
        await db.schema.createTable("users")
          .addColumn("id", "integer", (column) => column.primaryKey())
          .addColumn("name", "varchar(50)").addColumn("deleted_at", "varchar(50)").execute();
        await db.insertInto("users").values([{ id: 1, name: "Ada" }, { id: 2, name: "Bob" }])
          .execute();
        const executor = await createExecutor(db, [
          softDeletePlugin({ tables: ["users"] }),
          auditPlugin({ tables: ["users"] }),
        ]);
        const runner = createMigrationRunner(executor, rowMigrations(transaction));
        assert.deepEqual((await runner.up()).executed, ["001_delete"]);
        const logs = await db.selectFrom("audit_logs").select(["table_name", "operation"])
          .execute();
        assert.equal(logs.length, 2);
        assert.ok(logs.every((log) => log["table_name"] === "users"));
        assert.deepEqual((await runner.down()).executed, ["001_delete"]);
        assert.equal((await db.selectFrom("audit_logs").selectAll().execute()).length, 3);
        assert.deepEqual((await runner.status()).pending, ["001_delete"]);
      } finally {
        await close();
      }
    });

    it(`leave no entry of a migration that fails ${how} behind what it did`, async () => {
      const { db, close } = await dialect.open();
      try {
        await db.schema.createTable("users")
          .addColumn("id", "integer", (column) => column.primaryKey())
          .addColumn("name", "varchar(50)").execute();
        await db.insertInto("users").values([{ id: 1, name: "Ada" }]).execute();
        const executor = await createExecutor(db, [auditPlugin({ tables: ["users"] })]);
        const failing: Migration = {
          name: "001_fails",
          transaction,
          async up(db) {
            await db.updateTable("users").set({ name: "Grace" }).execute();
            await db.insertInto("nowhere").values({ id: 1 }).execute();
          },
        };
        await assert.rejects(createMigrationRunner(executor, [failing]).up(), /nowhere/);
        const names = await db.selectFrom("users").select("name").execute();
        const logs = await db.selectFrom("audit_logs").selectAll().execute();
        const isKept = names[0]!["name"] === "Grace";
        assert.equal(isKept, !transaction || dialect.dialect === "mysql");
        assert.equal(logs.length, isKept ? 1 : 0);
      } finally {
        await close();
      }
    });
  }

  it("run under policies that refuse raw SQL and hide every row", async () => {
    const { db, close } = await dialect.open();
    try {
      await db.schema.createTable("users").addColumn("id", "integer").execute();
      const schema = defineRLSSchema<any>({
        users: { policies: [filter("read", () => ({ id: 0 })), allow("all", () => true)] },
      });
      const context = { auth: { userId: "1", roles: [] } };
      const executor = await createExecutor(db, [
        rlsPlugin({ schema, contextProvider: () => context } as Parameters<typeof rlsPlugin>[0]),
      ]);
      const migration: Migration = {
        name: "001_posts",
        async up(db) {
          await db.schema.createTable("posts").addColumn("id", "integer").execute();
        },
      };
      const runner = createMigrationRunner(executor, [migration]);
      assert.deepEqual((await runner.up()).executed, ["001_posts"]);
      assert.deepEqual((await runner.status()).executed, ["001_posts"]);
    } finally {
      await close();
    }
  });

  it("run through Kysely's own plugins, which do not see the tables of the runner", async () => {
    const { db, close } = await dialect.open({ plugins: [new CamelCasePlugin()] });
    try {
      const migration: Migration = {
        name: "001_posts",
        async up(db) {
          await db.schema.createTable("blogPosts").addColumn("createdBy", "integer").execute();
        },
      };
      const runner = createMigrationRunner(db, [migration]);
      assert.deepEqual((await runner.up()).executed, ["001_posts"]);
      assert.deepEqual(await db.selectFrom("blogPosts").select("createdBy").execute(), []);
      assert.deepEqual((await runner.getHistory()).map(({ name }) => name), ["001_posts"]);
    } finally {
      await close();
    }
  });
});

it("runs on a PGlite through its dialect, with and without transactions", async () => {
  const { PGlite } = await import("@electric-sql/pglite");
  const db = new Kysely<any>({ dialect: pgliteDialect({ database: () => PGlite.create() }) });
  try {
    const migrations: Migration[] = [
      {
        name: "001",
        async up(db) {
          await db.schema.createTable("t").addColumn("id", "integer").execute();
        },
      },
      {
        name: "002",
        transaction: false,
        async up(db) {
          await db.insertInto("t").values({ id: 1 }).execute();
          await db.transaction().execute(async (trx) => {
            await trx.insertInto("t").values({ id: 2 }).execute();
            await trx.updateTable("t").set({ id: 3 }).where("id", "=", 2).execute();
          });
          await db.transaction().execute(async (trx) => {
            await trx.insertInto("t").values({ id: 9 }).execute();
            throw new Error("never mind");
          }).catch(() => {});
          await sql`create index concurrently t_id on t (id)`.execute(db);
        },
      },
    ];
    const { plan } = await createMigrationRunner(db, migrations, { dryRun: true }).up();
    assert.deepEqual(plan!.map(({ statements }) => statements.length), [1, 5]);
    assert.equal((await db.introspection.getTables()).length, 0);
    await createMigrationRunner(db, migrations, { lease: 50 }).up();
    assert.deepEqual(await db.selectFrom("t").select("id").orderBy("id").execute(), [
      { id: 1 },
      { id: 3 },
    ]);
  } finally {
    await db.destroy();
  }
});

it("stops a runner whose lock another one has taken", async () => {
  const { within, open, close } = await shareDatabases("sqlite", 1);
  const db = await open(within[0]!);
  const other = await open(within[0]!);
  try {
    const migration: Migration = {
      name: "001",
      transaction: false,
      async up(db) {
        await db.schema.createTable("t").addColumn("id", "integer").execute();
        // As if this one had been stopped for so long that somebody took it for dead.
        const holder = await createMigrationRunner(other, []).unlock();
        assert.equal(holder?.from, "the first");
        await db.insertInto("t").values({ id: 1 }).execute();
      },
    };
    const runner = createMigrationRunner(db, [migration], { holder: "the first" });
    await assert.rejects(runner.up(), /taken the lock over/);
    assert.deepEqual(await db.selectFrom("t").selectAll().execute(), []);
    // Nothing was written any more, not even that it failed.
    const { problems } = await runner.status();
    assert.deepEqual(problems.map(({ kind, migrationName }) => [kind, migrationName]), [
      ["failed", "001"],
    ]);
    assert.deepEqual(await db.selectFrom("kysera_migration").select("state").execute(), []);
  } finally {
    await db.destroy();
    await other.destroy();
    await close();
  }
});
