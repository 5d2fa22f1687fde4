import { after, before, beforeEach, describe, it } from "node:test";
import assert from "node:assert/strict";
import { auditPlugin, getAuditLogs } from "@kysera/audit";
import {
  DatabaseError,
  NotFoundError,
  TransactionNotSupportedError,
  UniqueConstraintError,
} from "@kysera/core";
import { d1Dialect, nodeSqliteDialect } from "@kysera/dialects";
import { bindContext, createExecutor } from "@kysera/executor";
import { createRepository, StaleRowError, UpsertConflictError } from "@kysera/repository";
import { allow, defineRLSSchema, filter, rlsPlugin } from "@kysera/rls";
import { hardDelete, restore, softDelete, softDeletePlugin } from "@kysera/soft-delete";
import { timestampsPlugin, touch } from "@kysera/timestamps";
import { type Generated, Kysely, sql } from "kysely";
import { DatabaseSync } from "node:sqlite";
import { startEdgeRuntime } from "../support/miniflare.ts";

interface Database {
  items: {
    id: Generated<number>;
    tenant_id: Generated<number>;
    sku: string;
    n: number;
    version: Generated<number>;
    deleted_at: Generated<string | null>;
  };
}

const { runtime, skip } = await startEdgeRuntime(1);
after(() => runtime?.close());

const subjects = [
  {
    name: "d1",
    skip,
    open: async () =>
      new Kysely<Database>({ dialect: d1Dialect({ database: await runtime!.openD1() }) }),
  },
  // What is one transaction there gives the same.
  {
    name: "sqlite",
    skip: undefined,
    open: () =>
      Promise.resolve(
        new Kysely<Database>({
          dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
        }),
      ),
  },
];

for (const { name, skip, open } of subjects) {
  describe(`writes of several rows [${name}]`, { skip: skip ?? false }, () => {
    let db: Kysely<Database>;
    const schema = defineRLSSchema<Database>({
      items: {
        policies: [
          filter("all", (ctx) => ({ tenant_id: ctx.auth.tenantId })),
          allow(["create", "update", "delete"], (ctx) => ({ tenant_id: ctx.auth.tenantId })),
        ],
        stamp: { tenant_id: (ctx) => ctx.auth.tenantId },
      },
    });
    const openRepository = async () => {
      const executor = await createExecutor(db, [
        rlsPlugin({ schema }),
        softDeletePlugin({ onDelete: "soft", tables: ["items"] }),
        auditPlugin({ tables: ["items"] }),
      ]);
      const ada = bindContext(executor, { auth: { userId: 1, roles: [], tenantId: 1 } });
      return {
        ada,
        items: createRepository(ada, { tableName: "items", versionColumn: "version" }),
      };
    };
    const state = async () =>
      (await db.selectFrom("items").select(["tenant_id", "sku", "n", "version", "deleted_at"])
        .orderBy("sku").execute()).map((row) => [
          row.tenant_id,
          row.sku,
          row.n,
          row.version,
          row.deleted_at !== null,
        ]);

    before(async () => {
      db = await open();
      await sql`create table items (id integer primary key, tenant_id integer, sku text unique,
        n integer check (n >= 0), version integer default 1, deleted_at text)`.execute(db);
    }, { timeout: 60_000 });
    after(() => db?.destroy());
    beforeEach(async () => {
      await db.deleteFrom("items").execute();
      await sql`drop table if exists audit_logs`.execute(db);
      await sql`drop table if exists audit_logs_batch`.execute(db);
      await db.insertInto("items").values({ tenant_id: 2, sku: "theirs", n: 1 }).execute();
    });

    const rowsOf = (count: number) =>
      Array.from({ length: count }, (_, i) => ({ sku: `s${String(i).padStart(3, "0")}`, n: i }));

    it("bulkCreate() adds all rows, or none", async () => {
      const { ada, items } = await openRepository();
      const rows = await items.bulkCreate(rowsOf(120));
      assert.deepEqual(rows.map(({ sku, n }) => ({ sku, n })), rowsOf(120));
      assert.equal((await getAuditLogs(ada, { limit: 500 })).length, 120);
      const before = await state();
      const again = rowsOf(240).slice(110);
      await assert.rejects(items.bulkCreate(again), UniqueConstraintError);
      const wrong = rowsOf(240).slice(120).map((row, i) => ({ ...row, n: i === 119 ? -1 : 0 }));
      await assert.rejects(items.bulkCreate(wrong));
      assert.deepEqual(await state(), before);
      assert.equal((await getAuditLogs(ada, { limit: 500 })).length, 120);
    });

    it("bulkUpdate() compares versions, and changes all rows or none", async () => {
      const { ada, items } = await openRepository();
      const rows = await items.bulkCreate(rowsOf(3));
      const changed = await items.bulkUpdate(
        rows.map(({ id, version }) => ({ id, data: { n: 7 }, version })),
      );
      assert.deepEqual(changed.map(({ n, version }) => [n, version]), [[7, 2], [7, 2], [7, 2]]);
      const before = await state();
      const update = (last: { id: number; version?: number }) =>
        items.bulkUpdate([
          { id: rows[0]!.id, data: { n: 8 } },
          { id: rows[1]!.id, data: {} },
          { ...last, data: { n: 8 } },
        ]);
      await assert.rejects(update({ id: rows[2]!.id, version: 1 }), StaleRowError);
      await assert.rejects(update({ id: 99_999 }), NotFoundError);
      const theirs = await db.selectFrom("items").select("id").where("sku", "=", "theirs")
        .executeTakeFirstOrThrow();
      await assert.rejects(update(theirs), NotFoundError);
      assert.deepEqual(await state(), before);
      assert.equal((await getAuditLogs(ada)).length, 6);
      const done = await update({ id: rows[2]!.id, version: 2 });
      assert.deepEqual(done.map(({ n, version }) => [n, version]), [[8, 3], [7, 2], [8, 3]]);
    });

    it("upsertMany() adds and changes all rows, or none", async () => {
      const { ada, items } = await openRepository();
      await items.bulkCreate(rowsOf(2));
      const rows = [...rowsOf(30).map((row) => ({ ...row, n: 50 })), { sku: "s000", n: 60 }];
      const done = await items.upsertMany(rows, { conflictColumns: ["sku"] });
      assert.deepEqual(done.map(({ sku, n }) => ({ sku, n })), rows);
      assert.equal((await items.findAll()).length, 30);
      assert.equal((await getAuditLogs(ada, { limit: 500 })).length, 33);
      const before = await state();
      await assert.rejects(
        items.upsertMany([...rowsOf(2), { sku: "theirs", n: 5 }], { conflictColumns: ["sku"] }),
        UpsertConflictError,
      );
      await assert.rejects(
        items.upsertMany([{ sku: "s000", n: 1 }, { sku: "s001", n: 1, version: 1 }], {
          conflictColumns: ["sku"],
        }),
        StaleRowError,
      );
      assert.deepEqual(await state(), before);
    });

    it("bulkDelete() deletes all rows, or none", async () => {
      const { items } = await openRepository();
      const rows = await items.bulkCreate(rowsOf(150));
      const ids = rows.map(({ id }) => id);
      await sql`create trigger fault before update on items when new.sku = 's149'
        begin select raise(abort, 'a fault'); end`.execute(db);
      try {
        await assert.rejects(items.bulkDelete(ids), DatabaseError);
      } finally {
        await sql`drop trigger fault`.execute(db);
      }
      assert.equal(await items.count(), 150);
      assert.equal(await items.bulkDelete(ids), 150);
      assert.equal(await items.count(), 0);
    });

    it("softDelete(), restore() and hardDelete() take any number of keys", async () => {
      const { ada, items } = await openRepository();
      const ids = (await items.bulkCreate(rowsOf(150))).map(({ id }) => id);
      await sql`create trigger fault before update on items when new.sku = 's149'
        begin select raise(abort, 'a fault'); end`.execute(db);
      try {
        await assert.rejects(softDelete(ada, "items", ids), /a fault/);
      } finally {
        await sql`drop trigger fault`.execute(db);
      }
      assert.equal(await items.count(), 150);
      assert.equal(await softDelete(ada, "items", ids), 150);
      assert.equal(await items.count(), 0);
      assert.equal(await restore(ada, "items", ids), 150);
      assert.equal(await softDelete(ada, "items", ids), 150);
      assert.equal(await hardDelete(ada, "items", ids), 150);
      const operations = (await getAuditLogs(ada, { limit: 1_000 })).map((each) => each.operation);
      assert.deepEqual(
        ["INSERT", "SOFT_DELETE", "RESTORE", "DELETE"].map((each) =>
          operations.filter((operation) => operation === each).length
        ),
        [150, 300, 150, 150],
      );
    });

    it("touch() takes any number of keys", async () => {
      await sql`drop table if exists notes`.execute(db);
      await sql`create table notes (id integer primary key, updated_at text)`.execute(db);
      await db.insertInto("notes" as never).expression(
        sql`with recursive n(i) as (select 1 union all select i + 1 from n where i < 300)
          select i, null from n` as never,
      ).execute();
      const executor = await createExecutor(db, [timestampsPlugin({ tables: ["notes"] })]);
      const ids = Array.from({ length: 250 }, (_, i) => i + 1);
      assert.equal(await touch(executor, "notes" as never, ids as never), 250);
    });

    it("softDelete() with relations, which reads between its statements, is refused or done", async () => {
      await sql`drop table if exists parts`.execute(db);
      await sql`create table parts (id integer primary key, item_id integer references items (id),
        deleted_at text, deletion_id text)`.execute(db);
      await sql`alter table items add column deletion_id text`.execute(db).catch(() => {});
      const executor = await createExecutor(db, [
        softDeletePlugin({
          onDelete: "soft",
          tables: ["items", "parts"],
          relations: [{
            table: "parts",
            columns: ["item_id"],
            references: "items",
            onDelete: "cascade",
          }],
          deletionColumn: "deletion_id",
        } as never),
      ]);
      await db.insertInto("items").values({ id: 7, tenant_id: 1, sku: "tree", n: 1 }).execute();
      await sql`insert into parts (id, item_id) values (1, 7)`.execute(db);
      const run = () => softDelete(executor, "items", 7);
      if (name === "d1") await assert.rejects(run(), TransactionNotSupportedError);
      else assert.equal(await run(), 1);
      const { rows } = await sql<{ n: number }>`select count(*) as n from parts
        where deleted_at is not null`.execute(db);
      assert.equal(Number(rows[0]!.n), name === "d1" ? 0 : 1);
      await sql`drop table parts`.execute(db);
    });

    it("what has to read between its statements is refused by name, or is done", async () => {
      const { items } = await openRepository();
      const write = () =>
        items.upsertMany(rowsOf(2), { conflictColumns: ["sku"], updateWhere: { n: 0 } });
      if (name === "d1") await assert.rejects(write(), TransactionNotSupportedError);
      else await write();
    });
  });
}
