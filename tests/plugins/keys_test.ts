import assert from "node:assert/strict";
import { it } from "node:test";
import { auditPlugin } from "@kysera/audit";
import { createExecutor, createExecutorSync, PluginValidationError } from "@kysera/executor";
import { createRepository } from "@kysera/repository";
import {
  hardDelete,
  restore,
  softDelete,
  SoftDeleteError,
  softDeletePlugin,
} from "@kysera/soft-delete";
import { timestampsPlugin, touch } from "@kysera/timestamps";
import { CamelCasePlugin, type Kysely, sql } from "kysely";
import { onEveryDialect, type TestDialect, type TestOpenOptions } from "../support/matrix.ts";

async function inDatabase(
  dialect: TestDialect,
  test: (db: Kysely<any>, run: (...statements: string[]) => Promise<void>) => Promise<void>,
  options?: TestOpenOptions,
): Promise<void> {
  const { db, close } = await dialect.open(options);
  try {
    await test(db, async (...statements) => {
      for (const statement of statements) await sql.raw(statement).execute(db);
    });
  } finally {
    await close();
  }
}

/** Ids that come again in other tenants. */
const ITEMS = [
  `create table items (tenant_id int, id int, v int, deleted_at varchar(40),
    updated_at varchar(40), primary key (tenant_id, id))`,
  "insert into items values (1, 5, 0, null, null), (2, 5, 0, null, null), (1, 6, 0, null, null)",
];
/** A table for which the catalog has no key. */
const LOOSE = [
  "create table loose (id int, v int, deleted_at varchar(40), updated_at varchar(40))",
  "insert into loose values (1, 0, null, null), (2, 0, null, null), (2, 0, null, null)",
];
const PLUGINS = () => [
  softDeletePlugin({ deletedValue: "then" }),
  timestampsPlugin({ getTimestamp: () => "now" }),
];

onEveryDialect("a key is what the catalog says", (dialect) => {
  const rows = async (db: Kysely<any>, table: string): Promise<string[]> => {
    const all = await db.withoutPlugins().selectFrom(table).selectAll().execute();
    return all.map((row) => Object.values(row).map((value) => value ?? "-").join(":")).sort();
  };

  for (const [kind, create] of [["at once", createExecutorSync], ["", createExecutor]] as const) {
    it(`for the functions of plugins ${kind}`, () =>
      inDatabase(dialect, async (db, run) => {
        await run(...ITEMS);
        const tables = ["items"];
        const executor = await create(db, [
          softDeletePlugin({ tables, deletedValue: "then" }),
          timestampsPlugin({ tables, getTimestamp: () => "now" }),
        ]);
        const before = await rows(db, "items");
        for (const act of [softDelete, restore, hardDelete, touch]) {
          await assert.rejects(
            act(executor, "items", 5),
            /its key is "tenant_id", "id"; pass an object with these columns/,
          );
          await assert.rejects(act(executor, "items", { id: 5 }), /the key is "tenant_id", "id"/);
        }
        assert.deepEqual(await rows(db, "items"), before);
        const key = { tenant_id: 2, id: 5 };
        assert.equal(await touch(executor, "items", key), 1);
        assert.equal(await softDelete(executor, "items", [key]), 1);
        assert.deepEqual(await rows(db, "items"), [
          "1:5:0:-:-",
          "1:6:0:-:-",
          "2:5:0:then:now",
        ]);
        assert.equal(await restore(executor, "items", key), 1);
        assert.equal(await hardDelete(executor, "items", key), 1);
        assert.deepEqual(await rows(db, "items"), ["1:5:0:-:-", "1:6:0:-:-"]);
      }));
  }

  it("so that another one is refused when the executor is made", () =>
    inDatabase(dialect, async (db, run) => {
      await run(...ITEMS, "create table other (id int primary key, deleted_at varchar(40))");
      for (const primaryKeyColumn of ["id", { items: "id" }, { items: ["tenant_id", "v"] }]) {
        for (
          const plugin of [
            softDeletePlugin({ primaryKeyColumn }),
            softDeletePlugin({ tables: ["items"], primaryKeyColumn }),
            timestampsPlugin({ primaryKeyColumn }),
            auditPlugin({ primaryKeyColumn }),
            auditPlugin({ tables: ["items"], primaryKeyColumn }),
          ]
        ) {
          await assert.rejects(
            createExecutor(db, [plugin]),
            (error) =>
              error instanceof PluginValidationError &&
              /items": .*; the key of the table is "tenant_id", "id"/.test(error.message),
          );
        }
      }
      const late = createExecutorSync(db, [
        softDeletePlugin({ tables: ["items"], primaryKeyColumn: "id" }),
      ]);
      await assert.rejects(hardDelete(late, "items", 5), SoftDeleteError);
      for (const primaryKeyColumn of [["id", "tenant_id"], { items: ["id", "tenant_id"] }]) {
        await createExecutor(db, [
          softDeletePlugin({ primaryKeyColumn }),
          auditPlugin({ primaryKeyColumn }),
        ]);
      }
    }));

  it("for repositories", () =>
    inDatabase(dialect, async (db, run) => {
      await run(...ITEMS);
      const isRefused = /the key of the table is "tenant_id", "id"/;
      const plain = createRepository(db, { tableName: "items" });
      const executor = await createExecutor(db, PLUGINS());
      for (const items of [plain, createRepository(executor, { tableName: "items" })] as any[]) {
        await assert.rejects(items.findById(5), isRefused);
        await assert.rejects(items.getById(5), isRefused);
        await assert.rejects(items.findByIds([5]), isRefused);
        await assert.rejects(items.loader().load(5), isRefused);
        await assert.rejects(items.update(5, { v: 1 }), isRefused);
        await assert.rejects(items.delete(5), isRefused);
        await assert.rejects(items.bulkUpdate([{ id: 5, data: { v: 1 } }]), isRefused);
        await assert.rejects(items.bulkDelete([5]), isRefused);
        await assert.rejects(items.paginateCursor({ limit: 1 }), isRefused);
        assert.throws(() => items.keyIn([5]), isRefused);
        // What needs no key is served.
        assert.equal((await items.find({ where: { id: 5 } })).length, 2);
      }
      const soft = createRepository(executor, { tableName: "items" }) as any;
      for (const name of ["softDelete", "restore", "hardDelete"]) {
        await assert.rejects(soft[name](5), isRefused);
        await assert.rejects(soft[`${name}Many`]([5]), isRefused);
      }
      await assert.rejects(soft.touch(5), isRefused);
      assert.throws(
        () => createRepository(executor, { tableName: "items", primaryKey: "id" }),
        isRefused,
      );
      assert.equal((await rows(db, "items")).join(" "), "1:5:0:-:- 1:6:0:-:- 2:5:0:-:-");
      for (const own of [db, executor]) {
        const items = createRepository(own, {
          tableName: "items",
          primaryKey: ["tenant_id", "id"],
        });
        assert.equal((await items.update({ tenant_id: 2, id: 5 }, { v: 1 }) as any).tenant_id, 2);
        assert.equal((await items.findByIds([{ tenant_id: 2, id: 5 }])).length, 1);
        const created = await items.create({ tenant_id: 3, id: 5, v: 0 });
        assert.equal((created as any).tenant_id, 3);
        assert.equal(await items.delete({ tenant_id: 3, id: 5 }), true);
      }
    }));

  it("and where it says nothing, an id of several rows changes none", () =>
    inDatabase(dialect, async (db, run) => {
      await run(...LOOSE);
      const executor = await createExecutor(db, PLUGINS());
      const before = await rows(db, "loose");
      const shared = /several rows have the same "id"/;
      for (const act of [softDelete, hardDelete, touch]) {
        await assert.rejects(act(executor, "loose", 2), shared);
        await assert.rejects(act(executor, "loose", [1, 2]), shared);
      }
      for (const own of [db, executor]) {
        const loose = createRepository(own, { tableName: "loose" }) as any;
        await assert.rejects(loose.findById(2), shared);
        await assert.rejects(loose.findByIds([1, 2]), shared);
        await assert.rejects(loose.update(2, { v: 1 }), shared);
        await assert.rejects(loose.delete(2), shared);
        await assert.rejects(loose.bulkDelete([1, 2]), shared);
        await assert.rejects(
          loose.bulkUpdate([{ id: 1, data: { v: 1 } }, { id: 2, data: { v: 1 } }]),
          shared,
        );
      }
      const repository = createRepository(executor, { tableName: "loose" }) as any;
      await assert.rejects(repository.softDelete(2), shared);
      await assert.rejects(repository.hardDeleteMany([2]), shared);
      await assert.rejects(repository.touch(2), shared);
      assert.deepEqual(await rows(db, "loose"), before);
      // Of an id that is one row's, all works as it is used to.
      assert.equal(await touch(executor, "loose", 1), 1);
      assert.equal((await repository.update(1, { v: 3 })).v, 3);
      assert.equal(await softDelete(executor, "loose", 1), 1);
      assert.equal(await restore(executor, "loose", 1), 1);
      await run("update loose set deleted_at = 'x' where id = 2");
      await assert.rejects(restore(executor, "loose", 2), shared);
      await assert.rejects(repository.restore(2), shared);
      await assert.rejects(hardDelete(executor, "loose", 2), shared);
      assert.equal(await repository.delete(1), true);
      assert.equal((await rows(db, "loose")).length, 2);
    }));

  it("under a Kysely plugin that renames", () =>
    inDatabase(dialect, async (db, run) => {
      await run(...ITEMS);
      const executor = await createExecutor(db, [
        softDeletePlugin({ deletedAtColumn: "deletedAt", deletedValue: "then" }),
      ]);
      assert.equal(await softDelete(executor, "items", { tenantId: 1, id: 5 }), 1);
      const items = createRepository(executor, {
        tableName: "items",
        primaryKey: ["tenantId", "id"],
      });
      assert.equal(await items.delete({ tenantId: 1, id: 6 }), true);
      assert.throws(
        () => createRepository(executor, { tableName: "items", primaryKey: "tenantId" }),
        /the key of the table is "tenant_id", "id"/,
      );
      assert.deepEqual(await rows(db, "items"), ["1:5:0:then:-", "2:5:0:-:-"]);
    }, { plugins: [new CamelCasePlugin()] }));
});
