import assert from "node:assert/strict";
import { afterEach, beforeEach, it } from "node:test";
import { bindContext, createExecutor } from "@kysera/executor";
import {
  hardDelete,
  onlyDeleted,
  restore,
  softDelete,
  SoftDeleteError,
  type SoftDeleteOptions,
  softDeletePlugin,
} from "@kysera/soft-delete";
import { type Kysely, sql } from "kysely";
import { onEveryDialect, type TestDatabase } from "../support/matrix.ts";
import { iso, timeType } from "./_world.ts";

onEveryDialect("The values of softDeletePlugin()", (dialect) => {
  let database: TestDatabase;
  let db: Kysely<any>;
  beforeEach(async () => {
    database = await dialect.open();
    db = database.db;
  });
  afterEach(() => database.close());

  /** Rows 1, 2 and 3 of a table whose column `mark` is of the type. */
  async function makeTable(type: string, marks: readonly unknown[]): Promise<void> {
    await db.schema.createTable("sdv_rows")
      .addColumn("id", "integer", (column) => column.primaryKey())
      .addColumn("mark", sql.raw(type))
      .execute();
    await db.insertInto("sdv_rows").values(marks.map((mark, i) => ({ id: i + 1, mark }))).execute();
  }

  const make = (options: SoftDeleteOptions): Promise<Kysely<any>> =>
    createExecutor(db, [
      softDeletePlugin({ tables: ["sdv_rows"], deletedAtColumn: "mark", ...options }),
    ]);

  async function shown(executor: Kysely<any>): Promise<number[]> {
    const rows = await executor.selectFrom("sdv_rows").select("id").orderBy("id").execute();
    return rows.map(({ id }) => id);
  }

  async function mark(id: number): Promise<unknown> {
    const row = await db.selectFrom("sdv_rows").select("mark").where("id", "=", id)
      .executeTakeFirstOrThrow();
    return row.mark;
  }

  it("may be a flag: true says that a row is deleted", async () => {
    const flag = (value: boolean): unknown =>
      dialect.dialect === "postgres" ? value : Number(value);
    await makeTable("boolean not null default false", [false, true, false].map(flag));
    const executor = await make({ deletedValue: true });
    assert.deepEqual(await shown(executor), [1, 3]);
    assert.deepEqual(await shown(onlyDeleted(executor)), [2]);
    assert.equal(await softDelete(executor, "sdv_rows", [1, 2]), 1);
    assert.equal(await mark(1), flag(true));
    assert.equal(await restore(executor, "sdv_rows", [1, 2, 3]), 2);
    assert.equal(await mark(2), flag(false));
    assert.equal(await hardDelete(executor, "sdv_rows", 1), 1);
    await (await make({ deletedValue: true, onDelete: "soft" })).deleteFrom("sdv_rows").execute();
    assert.equal(await mark(3), flag(true));
  });

  it("may be the other way round: false says that a row is deleted", async () => {
    const flag = (value: boolean): unknown =>
      dialect.dialect === "postgres" ? value : Number(value);
    await makeTable("boolean", [true, false, null].map((m) => m === null ? null : flag(m)));
    const executor = await make({ visibleValue: true });
    assert.deepEqual(await shown(executor), [1]);
    assert.deepEqual(await shown(onlyDeleted(executor)), [2, 3]);
    assert.equal(await restore(executor, "sdv_rows", 3), 1);
    assert.equal(await mark(3), flag(true));
    assert.equal(await softDelete(executor, "sdv_rows", 3), 1);
    assert.equal(await mark(3), flag(false));
  });

  it("may be a number that no visible row has, from the clock", async () => {
    await makeTable("bigint not null default 0", [0, 5, 0]);
    const executor = await make({
      visibleValue: 0,
      deletedValue: ({ now }) => now.getTime(),
      now: () => new Date(1_767_000_000_123),
    });
    assert.deepEqual(await shown(executor), [1, 3]);
    assert.equal(await softDelete(executor, "sdv_rows", 1), 1);
    assert.equal(Number(await mark(1)), 1_767_000_000_123);
    assert.equal(await restore(executor, "sdv_rows", 1), 1);
    assert.equal(Number(await mark(1)), 0);
  });

  it("may be a word", async () => {
    await makeTable("varchar(20) not null", ["active", "deleted", "archived"]);
    const executor = await make({ visibleValue: "active", deletedValue: "deleted" });
    assert.deepEqual(await shown(executor), [1]);
    assert.deepEqual(await shown(onlyDeleted(executor)), [2, 3]);
    assert.equal(await softDelete(executor, "sdv_rows", 1), 1);
    assert.equal(await mark(1), "deleted");
  });

  it("may be who deleted the row, asked each time", async () => {
    await makeTable("varchar(20)", [null, null, null]);
    const executor = await make({
      deletedValue: ({ context, dialect, table }) => `${context?.["user"]} ${dialect} ${table}`,
    });
    assert.equal(await softDelete(bindContext(executor, { user: 7 }), "sdv_rows", 1), 1);
    assert.equal(await softDelete(bindContext(executor, { user: 8 }), "sdv_rows", 2), 1);
    assert.equal(await mark(1), `7 ${dialect.dialect} sdv_rows`);
    assert.equal(await mark(2), `8 ${dialect.dialect} sdv_rows`);
  });

  it("may be an expression", async () => {
    await makeTable("varchar(20)", [null, null, null]);
    const executor = await make({ deletedValue: sql<string>`upper('gone')` });
    assert.equal(await softDelete(executor, "sdv_rows", [1, 2]), 2);
    assert.equal(await mark(2), "GONE");
  });

  it("are by default the time at which each statement runs", async () => {
    await makeTable(timeType(dialect).compile(db).sql, [null, null, null]);
    let second = 0;
    const executor = await make({ now: () => new Date(Date.UTC(2026, 0, 1, 0, 0, ++second)) });
    await softDelete(executor, "sdv_rows", 1);
    await softDelete(executor, "sdv_rows", [2, 3]);
    assert.equal(iso(await mark(1)), "2026-01-01T00:00:01.000Z");
    assert.equal(iso(await mark(2)), "2026-01-01T00:00:02.000Z");
    assert.equal(iso(await mark(3)), "2026-01-01T00:00:02.000Z");
    assert.deepEqual(await shown(executor), []);
  });

  it("must say that a row is deleted, or nothing is changed", async () => {
    await makeTable("varchar(20)", ["no", "no", "no"]);
    for (const value of [null, undefined, NaN, "no", {}]) {
      const executor = await make({ visibleValue: "no", deletedValue: () => value as string });
      await assert.rejects(
        softDelete(executor, "sdv_rows", 1),
        (error) => error instanceof SoftDeleteError && error.code === "INVALID_DELETED_VALUE",
      );
    }
    const broken = await make({ now: () => new Date(NaN) });
    await assert.rejects(softDelete(broken, "sdv_rows", 1), SoftDeleteError);
    assert.equal(await mark(1), "no");
  });
});
