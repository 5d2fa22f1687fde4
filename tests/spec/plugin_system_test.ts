/** The specification's samples on the plugin system and on row-level security, as they are written. */
import { createContext, createQuery } from "@kysera/dal";
import { bindContext, createExecutor, RawSqlError } from "@kysera/executor";
import { createORM, createRepository } from "@kysera/repository";
import { defineRLSSchema, filter, rlsPlugin } from "@kysera/rls";
import { softDeletePlugin } from "@kysera/soft-delete";
import { type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect, type TestDialect } from "../support/matrix.ts";

interface Database {
  users: { id: number; name: string; tenant_id: number; deleted_at: string | null };
}

const rlsSchema = defineRLSSchema<Database>({
  users: { policies: [filter("all", (ctx) => ({ tenant_id: ctx.auth.tenantId }))] },
});

async function inUsers(
  dialect: TestDialect,
  body: (db: Kysely<Database>, schema: string) => Promise<void>,
): Promise<void> {
  const { db, close }: { db: Kysely<Database>; close(): Promise<void> } = await dialect.open();
  try {
    await db.schema.createTable("users")
      .addColumn("id", "integer", (column) => column.primaryKey())
      .addColumn("name", "varchar(20)", (column) => column.notNull())
      .addColumn("tenant_id", "integer")
      .addColumn("deleted_at", "varchar(30)")
      .execute();
    await db.insertInto("users").values([
      { id: 1, name: "Ada", tenant_id: 1, deleted_at: null },
      { id: 2, name: "Bob", tenant_id: 1, deleted_at: "2025-01-01" },
      { id: 3, name: "Cleo", tenant_id: 2, deleted_at: null },
    ]).execute();
    await body(db, await schemaOf(db, dialect));
  } finally {
    await close();
  }
}

async function schemaOf(db: Kysely<Database>, { dialect }: TestDialect): Promise<string> {
  if (dialect === "sqlite") return "main";
  const { rows } =
    await (dialect === "mysql"
      ? sql<{ name: string }>`select database() as name`
      : sql<{ name: string }>`select current_schema() as name`).execute(db);
  return rows[0]!.name;
}

const names = (rows: readonly { readonly name: string }[]) => rows.map(({ name }) => name).sort();

onEveryDialect("specification: plugin system", (dialect) => {
  it("plugins work with repositories, with query functions, and with the executor itself", () =>
    inUsers(dialect, async (db) => {
      const getCurrentUser = () => ({ userId: 7, roles: [], tenantId: 1 });
      const executor = await createExecutor(db, [
        softDeletePlugin({ deletedAtColumn: "deleted_at" }),
        rlsPlugin({ schema: rlsSchema, contextProvider: getCurrentUser }),
      ]);

      // Option 1: Use with Repository pattern
      const orm = await createORM(executor, []);
      const userRepo = orm.createRepository((executor) =>
        createRepository<Database, "users">(executor, { tableName: "users" })
      );
      assert.deepEqual(names(await userRepo.findAll()), ["Ada"]);

      // Option 2: Use with DAL pattern
      const getUsers = createQuery((ctx: { readonly db: Kysely<Database> }) =>
        ctx.db.selectFrom("users").selectAll().execute()
      );
      assert.deepEqual(names(await getUsers(createContext(executor))), ["Ada"]);

      // Option 3: Use executor directly
      assert.deepEqual(names(await executor.selectFrom("users").selectAll().execute()), ["Ada"]);
    }));

  it("withSchema() maintains plugin interception", () =>
    inUsers(dialect, async (db, schema) => {
      const executor = await createExecutor(db, [
        softDeletePlugin(),
        rlsPlugin({ schema: rlsSchema }),
      ]);
      const bound = bindContext(executor, { auth: { userId: 7, roles: [], tenantId: 2 } });
      const other = bound.withSchema(schema);
      assert.deepEqual(names(await other.selectFrom("users").selectAll().execute()), ["Cleo"]);
    }));

  it("SQL templates, which nobody can look into, are refused with row-level security", () =>
    inUsers(dialect, async (db) => {
      const executor = await createExecutor(db, [rlsPlugin({ schema: rlsSchema })]);
      const bound = bindContext(executor, { auth: { userId: 7, roles: [], tenantId: 2 } });
      await assert.rejects(sql`SELECT * FROM users WHERE id = ${1}`.execute(bound), RawSqlError);
      const found = await bound.selectFrom("users").where("id", "=", 1).selectAll().execute();
      assert.deepEqual(found, []);
    }));
});
