import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bindContext, createExecutor } from "@kysera/executor";
import { createORM, createRepository, createRepositoryFactory } from "@kysera/repository";
import { softDeletePlugin } from "@kysera/soft-delete";
import {
  DummyDriver,
  type Generated,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";

type UserId = string & { readonly __brand: "UserId" };

interface Database {
  users: { id: UserId; email: string; age: number | null; created_at: Generated<Date> };
  members: { org: number; member: string; role: "admin" | "guest" };
}

// What must not compile is marked; `deno check` fails where it does.
describe("the types of repositories", () => {
  const db = new Kysely<Database>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  });
  const id = "u1" as UserId;

  it("know the methods of soft delete where the plugin is, and not where it is not", async () => {
    const softly = await createExecutor(db, [softDeletePlugin({ tables: ["users"] })]);
    const users = createRepository(softly, { tableName: "users" });
    const done: boolean = await users.softDelete(id);
    assert.equal(done, false);
    const found: { email: string } | null = await users.findWithDeleted(id);
    assert.equal(found, null);
    const many: number = await users.softDeleteMany([id]);
    assert.equal(many, 0);
    // @ts-expect-error: the key is a UserId
    await users.restore(1);
    assert.equal(typeof users.on(softly).hardDelete, "function");
    assert.equal(
      typeof createRepositoryFactory(softly).create({ tableName: "users" }).restore,
      "function",
    );
    const bound = createRepository(bindContext(softly, { a: 1 }), { tableName: "users" });
    assert.equal(typeof bound.restoreMany, "function");
    await bound.transaction(async (_, inside) => {
      await inside.hardDeleteMany([id]);
    });

    const inherits = await createORM(softly, []);
    assert.equal(typeof inherits.createRepository({ tableName: "users" }).findDeleted, "function");
    const gives = await createORM(db, [softDeletePlugin({ tables: ["users"] })]);
    assert.equal(typeof gives.createRepository({ tableName: "users" }).findDeleted, "function");
    const composite = inherits.createRepository({
      tableName: "members",
      primaryKey: ["org", "member"],
    });
    // @ts-expect-error: a column of the key is missing
    await assert.rejects(composite.softDelete({ org: 1 }));

    const bare = createRepository(await createExecutor(db, []), { tableName: "users" });
    // @ts-expect-error: there is no soft delete
    assert.equal(bare.softDelete, undefined);
    // @ts-expect-error: there is no soft delete
    assert.equal(createRepository(db, { tableName: "users" }).findDeleted, undefined);
  });

  it("know columns, keys and values", async () => {
    const users = createRepository(db, { tableName: "users" });
    const members = createRepository(db, { tableName: "members", primaryKey: ["org", "member"] });
    await users.find({ where: { age: { gte: 18 }, email: { like: "%@x" } }, orderBy: "email" });
    await members.findById({ org: 1, member: "a" });
    const wrong = [
      // @ts-expect-error: there is no such table
      () => createRepository(db, { tableName: "nope" }),
      // @ts-expect-error: there is no such column
      () => createRepository(db, { tableName: "users", primaryKey: "nope" }),
      // @ts-expect-error: there is no such option
      () => createRepository(db, { tableName: "users", primarykey: "id" }),
      // @ts-expect-error: any text is not a UserId
      () => users.findById("u1"),
      // @ts-expect-error: a column of the key is missing
      () => members.findById({ org: 1 }),
      // @ts-expect-error: there is no such column
      () => users.find({ where: { nope: 1 } }),
      // @ts-expect-error: age is a number
      () => users.find({ where: { age: "18" } }),
      // @ts-expect-error: age is a number
      () => users.find({ where: { age: { gt: "18" } } }),
      // @ts-expect-error: there is no such comparison
      () => users.find({ where: { age: { greater: 18 } } }),
      // @ts-expect-error: there is no such column to order by
      () => users.find({ orderBy: "nope" }),
      // @ts-expect-error: a column is missing
      () => users.create({ id, age: 1 }),
      // @ts-expect-error: there is no such role
      () => members.update({ org: 1, member: "a" }, { role: "boss" }),
      // @ts-expect-error: there is no such column
      () => users.upsert({ id, email: "", age: 1 }, { conflictColumns: ["nope"] }),
    ];
    assert.equal(wrong.length, 13);
    const mapped = createRepository(db, {
      tableName: "users",
      mapRow: (row) => ({ mail: row.email }),
    });
    const mails: string[] = (await mapped.findAll()).map(({ mail }) => mail);
    assert.deepEqual(mails, []);
    // @ts-expect-error: the entity has no such member
    (await mapped.findAll())[0]?.email;
  });
});
