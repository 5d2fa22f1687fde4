import assert from "node:assert/strict";
import { after, it } from "node:test";
import { auditPlugin } from "@kysera/audit";
import { bindContext, createExecutor, destroyExecutor, type Plugin } from "@kysera/executor";
import { defineRLSSchema, filter, rlsPlugin } from "@kysera/rls";
import { onlyDeleted, restore, softDelete, softDeletePlugin } from "@kysera/soft-delete";
import { timestampsPlugin } from "@kysera/timestamps";
import { CamelCasePlugin, type Kysely, sql } from "kysely";
import { onEveryDialect, type TestDatabase } from "../support/matrix.ts";
import { BEFORE, time, timeType } from "./_world.ts";

onEveryDialect("softDeletePlugin()", (dialect) => {
  const open: TestDatabase[] = [];
  const database = async (camelCase = false): Promise<Kysely<any>> => {
    open.push(await dialect.open(camelCase ? { plugins: [new CamelCasePlugin()] } : {}));
    return open.at(-1)!.db;
  };
  after(async () => {
    for (const { close } of open) await close();
  });

  const makeStamped = async (db: Kysely<any>, table: string): Promise<void> => {
    await db.schema.createTable(table)
      .addColumn("id", "integer", (column) => column.primaryKey())
      .addColumn("deleted_at", timeType(dialect)).execute();
    await db.insertInto(table)
      .values([{ id: 1, deleted_at: null }, { id: 2, deleted_at: time(dialect, BEFORE) }])
      .execute();
  };
  const makeFlagged = async (db: Kysely<any>, table: string): Promise<void> => {
    await db.schema.createTable(table)
      .addColumn("id", "integer", (column) => column.primaryKey())
      .addColumn("is_deleted", sql`boolean`, (column) => column.notNull()).execute();
    const no = dialect.dialect === "postgres" ? false : 0;
    const yes = dialect.dialect === "postgres" ? true : 1;
    await db.insertInto(table).values([{ id: 1, is_deleted: no }, { id: 2, is_deleted: yes }])
      .execute();
  };
  const ids = async (db: Kysely<any>, table: string): Promise<number[]> => {
    const rows = await db.selectFrom(table).select("id").orderBy("id").execute();
    return rows.map(({ id }) => id);
  };

  it("serves several databases at once, each by what it has", async () => {
    const [one, other, camel] = [await database(), await database(), await database(true)];
    await makeStamped(one, "sdl_a");
    await makeStamped(one, "sdl_c");
    await makeStamped(other, "sdl_b");
    await other.schema.createTable("sdl_d").addColumn("id", "integer").execute();
    await other.insertInto("sdl_d").values([{ id: 1 }, { id: 2 }]).execute();
    await makeStamped(camel, "sdlE");
    const plugin = softDeletePlugin();
    const [a, b, c] = await Promise.all([
      createExecutor(one, [plugin]),
      createExecutor(other, [plugin]),
      createExecutor(camel, [plugin]),
    ]);
    assert.deepEqual(await ids(a, "sdl_a"), [1]);
    assert.deepEqual(await ids(b, "sdl_b"), [1]);
    assert.deepEqual(await ids(b, "sdl_d"), [1, 2]);
    assert.deepEqual(await ids(c, "sdlE"), [1]);
    await destroyExecutor(a);
    assert.equal(await softDelete(b, "sdl_b", 1), 1);
    assert.equal(await softDelete(c, "sdlE", 1), 1);
    assert.deepEqual(await ids(b, "sdl_b"), []);
    assert.deepEqual(await ids(one, "sdl_a"), [1, 2]);
  });

  it("keeps what its options were when it was made", async () => {
    const db = await database();
    await makeStamped(db, "sdl_a");
    await makeStamped(db, "sdl_b");
    const tables = ["sdl_a"];
    const plugin = softDeletePlugin({ tables });
    tables.push("sdl_b");
    const executor = await createExecutor(db, [plugin]);
    assert.deepEqual(await ids(executor, "sdl_b"), [1, 2]);
  });

  it("in two layers serves tables with different columns", async () => {
    const db = await database();
    await makeStamped(db, "sdl_stamped");
    await makeFlagged(db, "sdl_flagged");
    const stamped = await createExecutor(db, [softDeletePlugin({ tables: ["sdl_stamped"] })]);
    const executor: Kysely<any> = await createExecutor(stamped, [
      softDeletePlugin({
        tables: ["sdl_flagged"],
        deletedAtColumn: "is_deleted",
        deletedValue: true,
        onDelete: "soft",
      }),
    ]);
    assert.deepEqual(await ids(executor, "sdl_stamped"), [1]);
    assert.deepEqual(await ids(executor, "sdl_flagged"), [1]);
    assert.deepEqual(
      await onlyDeleted(executor).selectFrom("sdl_stamped as s")
        .innerJoin("sdl_flagged as f", "f.id", "s.id").select("s.id").execute(),
      [{ id: 2 }],
    );
    assert.equal(await softDelete(executor, "sdl_stamped", 1), 1);
    assert.equal(await softDelete(executor, "sdl_flagged", 1), 1);
    assert.equal(await restore(executor, "sdl_flagged", 2), 1);
    assert.deepEqual(await ids(executor, "sdl_stamped"), []);
    assert.deepEqual(await ids(executor, "sdl_flagged"), [2]);
    await executor.deleteFrom("sdl_flagged").execute();
    assert.deepEqual(await ids(db, "sdl_flagged"), [1, 2]);
  });

  it("in two layers has every other plugin on top, in every order of layers", async () => {
    const db = await database();
    await makeStamped(db, "sdl_s");
    await makeFlagged(db, "sdl_f");
    await db.schema.alterTable("sdl_s").addColumn("updated_at", timeType(dialect)).execute();
    const stamped = softDeletePlugin({ tables: ["sdl_s"] });
    const flagged = softDeletePlugin({
      tables: ["sdl_f"],
      deletedAtColumn: "is_deleted",
      deletedValue: true,
    });
    const policies = [filter("all", () => ({ id: [1, 2] }))];
    const others: readonly (() => Plugin)[] = [
      () => auditPlugin({ tables: ["sdl_s", "sdl_f"] }),
      () =>
        rlsPlugin({ schema: defineRLSSchema<any>({ sdl_s: { policies }, sdl_f: { policies } }) }),
      () => timestampsPlugin({ createdAtColumn: null, tables: ["sdl_s"] }),
      () => ({ name: "nothing", version: "1.0.0" }),
      () => ({ name: "needs", version: "1.0.0", dependencies: ["@kysera/soft-delete"] }),
    ];
    for (const layers of [[stamped, flagged], [flagged, stamped]]) {
      const below: Kysely<any> = await createExecutor(
        await createExecutor(db, [layers[0]!]),
        [layers[1]!],
      );
      for (const other of others) await createExecutor(below, [other()]);
      const all = await createExecutor(below, others.map((other) => other()));
      const executor: Kysely<any> = bindContext(all, { auth: { userId: 1, roles: [] } });
      assert.deepEqual(await ids(executor, "sdl_s"), [1]);
      assert.deepEqual(await ids(executor, "sdl_f"), [1]);
      for (const table of ["sdl_s", "sdl_f"]) {
        assert.equal(await softDelete(executor, table, [1, 2]), 1);
        assert.deepEqual(await ids(executor, table), []);
        assert.equal(await restore(executor, table, 1), 1);
      }
    }
    const entries = await db.selectFrom("audit_logs").select("operation").orderBy("id").execute();
    const isKnown = ({ operation }: { operation: string }): boolean =>
      ["SOFT_DELETE", "RESTORE", "UPDATE"].includes(operation);
    assert.equal(entries.filter(isKnown).length, 8);
    await assert.rejects(
      createExecutor(db, [stamped, flagged]),
      /"@kysera\/soft-delete" is there twice/,
    );
  });

  it("given twice to layers of one database filters once", async () => {
    const db = await database();
    await makeStamped(db, "sdl_a");
    const plugin = softDeletePlugin({ tables: ["sdl_a"] });
    const executor: Kysely<any> = await createExecutor(db, [plugin]);
    const twice: Kysely<any> = await createExecutor(executor, [
      softDeletePlugin({ tables: ["sdl_a"] }),
    ]);
    const { sql: text } = twice.selectFrom("sdl_a").select("id").compile();
    assert.equal(text.match(/is null/g)?.length, 1);
    assert.equal(await softDelete(twice, "sdl_a", 1), 1);
  });
});
