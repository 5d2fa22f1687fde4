/** The samples of the specification that have several plugins, run. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { auditPlugin, createAuditTable } from "@kysera/audit";
import { createContext, createQuery } from "@kysera/dal";
import { bindContext, createExecutor } from "@kysera/executor";
import { createORM } from "@kysera/repository";
import { defineRLSSchema, filter, rlsPlugin } from "@kysera/rls";
import { softDeletePlugin } from "@kysera/soft-delete";
import { timestampsPlugin } from "@kysera/timestamps";
import { type Generated, type Kysely, sql } from "kysely";
import * as z from "zod";
import { onEveryDialect, type TestDialect } from "../support/matrix.ts";

type Time = Date | string;

interface Database {
  users: {
    id: Generated<number>;
    email: string;
    name: string;
    tenant_id: Generated<number | null>;
    created_at: Generated<Time>;
    updated_at: Generated<Time>;
    deleted_at: Generated<Time | null>;
  };
}

const UserSchema = z.object({
  id: z.number(),
  email: z.email(),
  name: z.string(),
  created_at: z.union([z.string(), z.date()]),
});
const CreateUserSchema = z.object({ email: z.email(), name: z.string() });
const UpdateUserSchema = CreateUserSchema.partial();

async function inUsers(
  dialect: TestDialect,
  body: (db: Kysely<Database>) => Promise<void>,
): Promise<void> {
  const { db, close }: { db: Kysely<Database>; close(): Promise<void> } = await dialect.open();
  try {
    const time = { sqlite: sql`text`, postgres: sql`timestamptz`, mysql: sql`datetime(3)` };
    const type = time[dialect.dialect];
    await db.schema.createTable("users")
      .addColumn(
        "id",
        dialect.dialect === "postgres" ? sql`serial` : sql`integer`,
        (c) => dialect.dialect === "mysql" ? c.primaryKey().autoIncrement() : c.primaryKey(),
      )
      .addColumn("email", "varchar(60)", (c) => c.notNull().unique())
      .addColumn("name", "varchar(60)", (c) => c.notNull())
      .addColumn("tenant_id", "integer")
      .addColumn("created_at", type, (c) => c.notNull())
      .addColumn("updated_at", type, (c) => c.notNull())
      .addColumn("deleted_at", type)
      .execute();
    await createAuditTable(db);
    const old = dialect.dialect === "sqlite" ? "2026-01-01T00:00:00.000Z" : new Date(0);
    await db.insertInto("users").values([
      { email: "bob@example.com", name: "Bob", tenant_id: 1, deleted_at: null },
      { email: "gone@example.com", name: "Gone", tenant_id: 1, deleted_at: old },
      { email: "carol@example.com", name: "Carol", tenant_id: 2, deleted_at: null },
    ].map((user) => ({ ...user, created_at: old, updated_at: old }))).execute();
    await body(db);
  } finally {
    await close();
  }
}

onEveryDialect("the specification's samples of several plugins", (dialect) => {
  it("Repository Pattern with Plugin Support", () =>
    inUsers(dialect, async (db) => {
      const before = Date.now();
      // Create executor with plugins
      const executor = await createExecutor(db, [
        softDeletePlugin(),
        timestampsPlugin(),
        auditPlugin(),
      ]);

      // Create ORM with plugin-aware executor
      const orm = await createORM(executor, []); // Inherits executor's plugins

      // Define repository
      const userRepo = orm.createRepository({
        tableName: "users",
        mapRow: (row) => ({
          id: row.id,
          email: row.email,
          name: row.name,
          created_at: row.created_at,
        }),
        schemas: {
          entity: UserSchema, // Zod, Valibot, ArkType, or Yup schema
          create: CreateUserSchema,
          update: UpdateUserSchema,
        },
        validateDbResults: true,
      });

      // All repository methods automatically get:
      // - Soft-delete filtering on queries
      // - created_at/updated_at timestamps
      // - Audit logging
      const users = await userRepo.findAll(); // Only non-deleted users
      const user = await userRepo.create({ email: "alice@example.com", name: "Alice" });
      // Automatically sets created_at, updated_at, and logs audit trail

      assert.deepEqual(users.map(({ name }) => name).sort(), ["Bob", "Carol"]);
      assert.deepEqual(Object.keys(user), ["id", "email", "name", "created_at"]);
      const row = await db.selectFrom("users").selectAll().where("id", "=", user.id)
        .executeTakeFirstOrThrow();
      const created = new Date(row.created_at).getTime();
      assert.ok(created >= before && created <= Date.now());
      assert.deepEqual(row.created_at, row.updated_at);
      const history = await userRepo.getAuditHistory(user.id);
      assert.deepEqual(
        history.map(({ operation, new_values }) => [operation, new_values?.["email"]]),
        [["INSERT", "alice@example.com"]],
      );
      assert.deepEqual(userRepo.getTimestampColumns(), {
        createdAt: "created_at",
        updatedAt: "updated_at",
      });

      // All of it in one transaction, and none of it where it is undone
      await assert.rejects(userRepo.transaction(async (_, inside) => {
        await inside.softDelete(user.id);
        assert.equal((await inside.getAuditHistory(user.id)).length, 2);
        throw new Error("undo");
      }));
      assert.equal((await userRepo.getAuditHistory(user.id)).length, 1);
      assert.equal((await userRepo.findById(user.id))?.name, "Alice");
    }));

  it("Unified Execution Layer", () =>
    inUsers(dialect, async (db) => {
      const rlsSchema = defineRLSSchema<Database>({
        users: { policies: [filter("all", (ctx) => ({ tenant_id: ctx.auth.tenantId }))] },
      });

      // Create plugin-aware executor
      const executor = bindContext(
        await createExecutor(db, [
          softDeletePlugin(),
          rlsPlugin({ schema: rlsSchema }),
        ]),
        { auth: { userId: 7, tenantId: 1, roles: [] } },
      );

      // Plugins automatically apply to all queries
      const users = await executor.selectFrom("users").selectAll().execute();
      assert.deepEqual(users.map(({ name }) => name), ["Bob"]);

      // withSchema() maintains plugin interception
      const otherSchema = executor.withSchema("other_schema");
      const compiled = otherSchema.selectFrom("users").selectAll().compile();
      assert.match(compiled.sql, /deleted_at.? is null/);
      assert.ok(compiled.parameters.includes(1)); // Plugins still active!

      // Use with Repository pattern
      const createUserRepository = (executor: Kysely<Database>) => ({
        findAll: () => executor.selectFrom("users").selectAll().execute(),
      });
      const orm = await createORM(executor, []); // Inherits executor's plugins
      const userRepo = orm.createRepository(createUserRepository);
      assert.deepEqual((await userRepo.findAll()).map(({ name }) => name), ["Bob"]);

      // Use with DAL pattern
      const getUser = createQuery((ctx: { db: Kysely<Database> }, email: string) =>
        ctx.db.selectFrom("users").selectAll().where("email", "=", email).executeTakeFirst()
      );
      const ctx = createContext(executor); // Inherits executor's plugins
      assert.equal((await getUser(ctx, "bob@example.com"))?.name, "Bob");
      assert.equal(await getUser(ctx, "gone@example.com"), undefined);
      assert.equal(await getUser(ctx, "carol@example.com"), undefined);
    }));
});
