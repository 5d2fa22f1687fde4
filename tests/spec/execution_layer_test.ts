/** The specification's samples on the unified execution layer, as they are written. */
import { createContext, createQuery } from "@kysera/dal";
import { createExecutor, destroyExecutor, type Plugin } from "@kysera/executor";
import { createORM } from "@kysera/repository";
import { softDeletePlugin } from "@kysera/soft-delete";
import { type Generated, type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect, type TestDialect } from "../support/matrix.ts";

interface Database {
  users: {
    id: Generated<number>;
    name: string;
    active: boolean | number;
    deleted_at: string | null;
  };
}

async function inUsers(
  dialect: TestDialect,
  body: (db: Kysely<Database>) => Promise<void>,
): Promise<void> {
  const { db, close }: { db: Kysely<Database>; close(): Promise<void> } = await dialect.open();
  try {
    await fill(db);
    await body(db);
  } finally {
    await close();
  }
}

async function fill(db: Kysely<Database>): Promise<void> {
  await db.schema.createTable("users")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("name", "varchar(20)", (column) => column.notNull())
    .addColumn("active", "boolean", (column) => column.notNull())
    .addColumn("deleted_at", "varchar(30)")
    .execute();
  await db.insertInto("users").values([
    { id: 1, name: "Ada", active: true, deleted_at: null },
    { id: 2, name: "Bob", active: true, deleted_at: "2025-01-01" },
    { id: 3, name: "Cleo", active: false, deleted_at: null },
  ]).execute();
}

const names = (rows: readonly { readonly name: string }[]) => rows.map(({ name }) => name).sort();

onEveryDialect("specification: unified execution layer", (dialect) => {
  it("plugins apply to all queries, and to repositories and query functions over the executor", () =>
    inUsers(dialect, async (db) => {
      // Create plugin-aware executor
      const executor = await createExecutor(db, [
        softDeletePlugin(),
      ]);

      // Plugins automatically apply to all queries
      const users = await executor.selectFrom("users").selectAll().execute();
      assert.deepEqual(names(users), ["Ada", "Cleo"]);

      // Use with Repository pattern
      const orm = await createORM(executor, []); // Inherits executor's plugins
      const userRepo = orm.createRepository({ tableName: "users" });
      assert.deepEqual(names(await userRepo.findAll()), ["Ada", "Cleo"]);

      // Use with DAL pattern
      const getUser = createQuery((ctx, id: number) =>
        ctx.db.selectFrom("users").selectAll().where("id", "=", id).executeTakeFirst()
      );
      const ctx = createContext(executor); // Inherits executor's plugins
      const user = await getUser(ctx, 1);
      assert.equal(user.name, "Ada");
      assert.equal(await getUser(ctx, 2), undefined);
    }));

  it("raw SQL bypasses plugins, and a query builder does not", () =>
    inUsers(dialect, async (db) => {
      const executor = await createExecutor(db, [softDeletePlugin()]);
      const userId = 2;

      // Warning: this bypasses all plugins (soft-delete, RLS, etc.)
      const past = await sql`SELECT * FROM users WHERE id = ${userId}`.execute(executor);
      assert.equal(past.rows.length, 1);

      // Use query builders for plugin interception
      const rows = await executor.selectFrom("users").where("id", "=", userId).selectAll()
        .execute();
      assert.deepEqual(rows, []);
    }));
});

onEveryDialect("specification: withSchema()", (dialect) => {
  it("maintains plugin interception", async () => {
    const { db, close }: { db: Kysely<Database>; close(): Promise<void> } = await dialect.open();
    const other_schema = `other_${crypto.randomUUID().slice(0, 8)}`;
    try {
      await fill(db);
      await db.schema.createSchema(other_schema).execute();
      await fill(db.withSchema(other_schema));
      await db.withSchema(other_schema).updateTable("users").set({ name: "Dan" })
        .where("id", "=", 3).execute();
      const executor = await createExecutor(db, [softDeletePlugin()]);

      // withSchema() maintains plugin interception (fixed in 0.7.3)
      const otherSchema = executor.withSchema(other_schema);
      const users = await otherSchema.selectFrom("users").selectAll().execute(); // Plugins still active!
      assert.deepEqual(names(users), ["Ada", "Dan"]);
    } finally {
      await db.schema.dropSchema(other_schema).ifExists().cascade().execute();
      await close();
    }
  });
}, ["pglite", "postgres"]);

onEveryDialect("specification: plugin lifecycle hooks", (dialect) => {
  it("a plugin is initialised, intercepts queries, and is destroyed", () =>
    inUsers(dialect, async (db) => {
      const calls: string[] = [];
      const myPlugin: Plugin = {
        name: "my-plugin",
        version: "1.0.0",

        // Called when executor is initialized
        async onInit(executor) {
          // Initialize resources, open connections, etc.
          await executor.selectFrom("users").select("id").execute();
          calls.push("onInit");
        },

        // Called when executor is destroyed (new in 0.7.3)
        async onDestroy() {
          // Cleanup resources, close connections, clear timers
          await Promise.resolve();
          calls.push("onDestroy");
        },

        // Intercept queries before execution
        interceptQuery(qb, context) {
          if (context.operation === "select") {
            return qb.where("active", "=", true);
          }
          return qb;
        },
      };

      const executor = await createExecutor(db, [softDeletePlugin(), myPlugin]);
      assert.deepEqual(calls, ["onInit"]);

      const users = await executor.selectFrom("users").selectAll().execute();
      assert.deepEqual(names(users), ["Ada"]);

      await destroyExecutor(executor);
      assert.deepEqual(calls, ["onInit", "onDestroy"]);
      await assert.rejects(executor.selectFrom("users").selectAll().execute(), {
        name: "ExecutorDestroyedError",
      });
      assert.equal((await db.selectFrom("users").selectAll().execute()).length, 3);
    }));
});
