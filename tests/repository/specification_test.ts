/** The samples of the specification on repositories, run. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { createContext, createQuery } from "@kysera/dal";
import { createExecutor, type Plugin } from "@kysera/executor";
import {
  createORM,
  createRepository,
  createSimpleRepository,
  withPlugins,
} from "@kysera/repository";
import { softDeletePlugin } from "@kysera/soft-delete";
import { type Generated, type Kysely, sql } from "kysely";
import * as z from "zod";
import { onEveryDialect, type TestDialect } from "../support/matrix.ts";

interface Database {
  users: {
    id: Generated<number>;
    email: string;
    name: string;
    created_at: Generated<string>;
    deleted_at: Generated<string | null>;
  };
}

const UserSchema = z.object({
  id: z.number(),
  email: z.email(),
  name: z.string(),
  created_at: z.string(),
});
const CreateUserSchema = z.object({ email: z.email(), name: z.string().min(1) });
const UpdateUserSchema = CreateUserSchema.partial();

async function inUsers(
  dialect: TestDialect,
  body: (db: Kysely<Database>) => Promise<void>,
): Promise<void> {
  const { db, close }: { db: Kysely<Database>; close(): Promise<void> } = await dialect.open();
  try {
    const id = dialect.dialect === "postgres" ? sql`serial` : sql`integer`;
    await db.schema.createTable("users")
      .addColumn(
        "id",
        id,
        (c) => dialect.dialect === "mysql" ? c.primaryKey().autoIncrement() : c.primaryKey(),
      )
      .addColumn("email", "varchar(60)", (c) => c.notNull())
      .addColumn("name", "varchar(60)", (c) => c.notNull())
      .addColumn("created_at", "varchar(40)", (c) => c.notNull().defaultTo("2026-01-01"))
      .addColumn("deleted_at", "varchar(40)")
      .execute();
    await db.insertInto("users").values([
      { email: "gone@example.com", name: "Gone", deleted_at: "2026-01-31" },
      { email: "bob@example.com", name: "Bob" },
    ]).execute();
    await body(db);
  } finally {
    await close();
  }
}

onEveryDialect("the specification's samples of repositories", (dialect) => {
  it("Repository Pattern with Plugin Support", () =>
    inUsers(dialect, async (db) => {
      const executor = await createExecutor(db, [softDeletePlugin()]);
      const orm = await createORM(executor, []);
      const userRepo = orm.createRepository({
        tableName: "users",
        mapRow: (row) => ({
          id: row.id,
          email: row.email,
          name: row.name,
          created_at: row.created_at,
        }),
        schemas: { entity: UserSchema, create: CreateUserSchema, update: UpdateUserSchema },
        validateDbResults: true,
      });
      const users = await userRepo.findAll();
      assert.deepEqual(users.map(({ name }) => name), ["Bob"]);
      const user = await userRepo.create({ email: "alice@example.com", name: "Alice" });
      assert.deepEqual(user, {
        id: user.id,
        email: "alice@example.com",
        name: "Alice",
        created_at: "2026-01-01",
      });
    }));

  it("Unified Execution Layer: repositories and queries have the executor's plugins", () =>
    inUsers(dialect, async (db) => {
      const executor = await createExecutor(db, [softDeletePlugin()]);
      const createUserRepository = (executor: Kysely<Database>) => ({
        findAll: () => executor.selectFrom("users").selectAll().execute(),
      });
      const orm = await createORM(executor, []);
      const userRepo = orm.createRepository(createUserRepository);
      assert.equal((await userRepo.findAll()).length, 1);
      assert.equal(orm.plugins.length, 1);

      const getUser = createQuery((ctx: { db: Kysely<Database> }, id: number) =>
        ctx.db.selectFrom("users").selectAll().where("id", "=", id).executeTakeFirst()
      );
      const ctx = createContext(executor);
      assert.equal(await getUser(ctx, 1), undefined);
      assert.equal((await getUser(orm.createContext(), 2))?.name, "Bob");
    }));

  it("Migration Guide, options 1 and 2", () =>
    inUsers(dialect, async (db) => {
      const executor = await createExecutor(db, [softDeletePlugin()]);
      const one = await createORM(executor, []);
      const two = await createORM(db, [softDeletePlugin()]);
      const inherits = await createORM(executor);
      for (const orm of [one, two, inherits]) {
        const users = orm.createRepository({ tableName: "users" });
        assert.equal(await users.count(), 1);
        assert.equal((await users.findDeleted()).length, 1);
      }
    }));

  it("a plugin's interceptQuery applies to every method", () =>
    inUsers(dialect, async (db) => {
      const myPlugin: Plugin = {
        name: "my-plugin",
        version: "1.0.0",
        interceptQuery(qb, context) {
          return context.operation === "select" ? qb.where("name", "=", "Bob") : qb;
        },
      };
      const users = await withPlugins(
        (executor) => createRepository(executor, { tableName: "users" }),
        db,
        [myPlugin],
      );
      assert.equal((await users.findAll()).length, 1);
      assert.equal(await users.findById(1), null);
      assert.equal(await users.count(), 1);
      assert.equal((await users.find({ where: { or: [{ id: 1 }, { id: 2 }] } })).length, 1);
    }));

  it("a factory may apply the plugins to a builder of another Kysely", () =>
    inUsers(dialect, async (db) => {
      const orm = await createORM(db, [{
        name: "only-bob",
        version: "1.0.0",
        interceptQuery: (qb) => qb.where("name", "=", "Bob"),
      }]);
      const repository = orm.createRepository((_, applyPlugins) => ({
        all: () => applyPlugins(db.selectFrom("users").selectAll(), "select", "users").execute(),
      }));
      assert.equal((await repository.all()).length, 1);
    }));

  it("a simple repository maps rows", () =>
    inUsers(dialect, async (db) => {
      const names = createSimpleRepository(db, "users", ({ name }) => name, { primaryKey: "id" });
      assert.deepEqual(await names.findAll({ orderBy: "id" }), ["Gone", "Bob"]);
      assert.throws(
        // @ts-expect-error: there is no such option
        () => createSimpleRepository(db, "users", ({ name }) => name, { key: "id" }),
        /no option "key"/,
      );
    }));
});
