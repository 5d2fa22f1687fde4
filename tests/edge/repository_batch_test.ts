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
import { bindContext, createExecutor, type Plugin } from "@kysera/executor";
import { createRepository, StaleRowError, UpsertConflictError } from "@kysera/repository";
import { allow, defineRLSSchema, filter, rlsPlugin } from "@kysera/rls";
import {
  hardDelete,
  restore,
  softDelete,
  SoftDeleteError,
  softDeletePlugin,
} from "@kysera/soft-delete";
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

    describe("softDelete() and restore() with relations", () => {
      const tables = ["items", "parts", "bolts", "pins"];
      const relation = (table: string, column: string, references: string, onDelete: string) => ({
        table,
        columns: [column],
        references,
        onDelete,
      });
      const open = async (...more: Plugin[]) =>
        await createExecutor(db, [
          softDeletePlugin({
            onDelete: "soft",
            tables: ["items", "parts", "bolts"],
            relations: [
              relation("parts", "item_id", "items", "cascade"),
              relation("parts", "part_id", "parts", "cascade"),
              relation("bolts", "part_id", "parts", "cascade"),
              relation("pins", "item_id", "items", "restrict"),
            ],
            deletionColumn: "deletion_id",
          } as never),
          auditPlugin({ tables: ["items", "parts", "bolts"] }),
          ...more,
        ]);
      const deleted = async () => {
        const counts: number[] = [];
        for (const table of ["items", "parts", "bolts"]) {
          const { rows } = await sql<{ n: number }>`select count(*) as n from ${sql.table(table)}
            where deleted_at is not null`.execute(db);
          counts.push(Number(rows[0]!.n));
        }
        return counts;
      };
      const entries = async (executor: Kysely<any>) =>
        (await getAuditLogs(executor, { limit: 1_000 })).length;

      before(async () => {
        await sql`alter table items add column deletion_id text`.execute(db);
      });
      beforeEach(async () => {
        for (const table of tables.slice(1).reverse()) {
          await sql`drop table if exists ${sql.table(table)}`.execute(db);
        }
        await sql`create table parts (id integer primary key, item_id integer, part_id integer,
          deleted_at text, deletion_id text)`.execute(db);
        await sql`create table bolts (id integer primary key, part_id integer, deleted_at text,
          deletion_id text)`.execute(db);
        await sql`create table pins (id integer primary key, item_id integer)`.execute(db);
        await db.insertInto("items").values([
          { id: 7, tenant_id: 1, sku: "tree", n: 1 },
          { id: 8, tenant_id: 1, sku: "other", n: 1 },
        ]).execute();
        // A chain of 40 parts, each with a bolt.
        await sql`insert into parts (id, item_id, part_id)
          with recursive n(i) as (select 1 union all select i + 1 from n where i < 40)
          select i, case i when 1 then 7 end, case i when 1 then null else i - 1 end from n`
          .execute(db);
        await sql`insert into bolts (id, part_id) select id, id from parts`.execute(db);
      });
      after(async () => {
        for (const table of tables.slice(1)) {
          await sql`drop table if exists ${sql.table(table)}`.execute(db);
        }
      });

      it("change all rows that belong to each other, however far", async () => {
        const executor = await open();
        assert.equal(await softDelete(executor, "items", 7), 1);
        assert.deepEqual(await deleted(), [1, 40, 40]);
        assert.equal(await entries(executor), 81);
        assert.equal(await softDelete(executor, "items", 7), 0);
        assert.equal(await restore(executor, "items", 7), 1);
        assert.deepEqual(await deleted(), [0, 0, 0]);
        assert.equal(await entries(executor), 162);
      });

      it("change nothing where one of the statements fails", async () => {
        const executor = await open();
        for (const [table, id] of [["bolts", 33], ["items", 7]] as const) {
          for (const act of ["delete", "restore"]) {
            if (act === "restore") assert.equal(await softDelete(executor, "items", 7), 1);
            const [before, written] = [await deleted(), await entries(executor)];
            await sql`create trigger fault before update on ${sql.table(table)}
              when new.id = ${sql.lit(id)} begin select raise(abort, 'a fault'); end`.execute(db);
            try {
              const run = act === "delete" ? softDelete : restore;
              await assert.rejects(run(executor, "items", 7), /a fault/);
            } finally {
              await sql`drop trigger fault`.execute(db);
            }
            assert.deepEqual(await deleted(), before);
            assert.equal(await entries(executor), written);
            if (act === "restore") assert.equal(await restore(executor, "items", 7), 1);
          }
        }
      });

      it("change nothing where rows belong to them by a relation that restricts", async () => {
        const executor = await open();
        await sql`insert into pins (id, item_id) values (1, 8)`.execute(db);
        await assert.rejects(softDelete(executor, "items", [7, 8]), (error) => {
          assert.ok(error instanceof SoftDeleteError, String(error));
          assert.equal(error.code, "RESTRICTED");
          return true;
        });
        assert.deepEqual(await deleted(), [0, 0, 0]);
        assert.equal(await entries(executor), 0);
        assert.equal(await softDelete(executor, "items", 7), 1);
      });

      it("change nothing where another plugin hides rows once they are changed", async () => {
        const executor = await open({
          name: "hides",
          version: "1.0.0",
          appliesTo: ({ name }) => name === "parts",
          filter: (parts, { eb }) =>
            eb.or([eb(parts.column("deleted_at"), "is", null), eb(parts.column("id"), "<>", 5)]),
        });
        await assert.rejects(softDelete(executor, "items", 7), (error) => {
          assert.ok(error instanceof SoftDeleteError, String(error));
          assert.equal(error.code, "CASCADE_REFUSED");
          assert.match(error.message, /another plugin hides them/);
          return true;
        });
        assert.deepEqual(await deleted(), [0, 0, 0]);
      });

      it("are refused where a statement has too many parameters, before anything is sent", async () => {
        const executor = await open();
        const many = Array.from({ length: 120 }, (_, i) => `m${i}`);
        const run = () => softDelete(executor, "items", (eb) => eb("sku", "in", [...many, "tree"]));
        if (name === "d1") await assert.rejects(run(), /parameters, and the database takes 100/);
        else assert.equal(await run(), 1);
        assert.deepEqual(await deleted(), name === "d1" ? [0, 0, 0] : [1, 40, 40]);
      });

      it("take any number of keys", async () => {
        const executor = await open();
        await db.insertInto("items").expression(
          sql`with recursive n(i) as (select 100 union all select i + 1 from n where i < 299)
            select i, 1, 'm' || i, 1, 1, null, null from n` as never,
        ).execute();
        const ids = [7, ...Array.from({ length: 200 }, (_, i) => 100 + i)];
        assert.equal(await softDelete(executor, "items", ids), 201);
        assert.deepEqual(await deleted(), [201, 40, 40]);
        assert.equal(await restore(executor, "items", ids), 201);
        assert.deepEqual(await deleted(), [0, 0, 0]);
      });
    });

    it("upsertMany() changes those rows alone that satisfy updateWhere, or nothing", async () => {
      const { ada, items } = await openRepository();
      await items.bulkCreate(rowsOf(3));
      const upsert = (rows: object[]) =>
        items.upsertMany(rows as never, {
          conflictColumns: ["sku"],
          updateWhere: { n: { gte: 1 } },
        });
      const done = await upsert([
        { sku: "s000", n: 9 },
        { sku: "s001", n: 9, version: 1 },
        { sku: "s002", n: 9 },
        { sku: "new", n: 1 },
      ]);
      assert.deepEqual(done.map(({ sku, n, version }) => [sku, n, version]), [
        ["s000", 0, 1],
        ["s001", 9, 2],
        ["s002", 9, 2],
        ["new", 1, 1],
      ]);
      assert.equal((await getAuditLogs(ada)).length, 3 + 3);
      const before = await state();
      const first = [{ sku: "s001", n: 10 }, { sku: "newer", n: 1 }];
      await assert.rejects(upsert([...first, { sku: "theirs", n: 5 }]), UpsertConflictError);
      // Of a row that would not be changed, too.
      for (const sku of ["s000", "s001"]) {
        await assert.rejects(upsert([...first, { sku, n: 1, version: 7 }]), StaleRowError);
      }
      await assert.rejects(upsert([...first, { sku: "newest", n: -1 }]), DatabaseError);
      assert.deepEqual(await state(), before);
      assert.equal((await getAuditLogs(ada)).length, 6);
    });

    it("createMany() adds the rows whose keys are free, or none", async () => {
      const { ada, items } = await openRepository();
      await items.bulkCreate(rowsOf(2));
      const add = (rows: { sku: string; n: number }[]) =>
        items.createMany(rows, { skipDuplicates: true });
      await assert.rejects(add([...rowsOf(150), { sku: "wrong", n: -1 }]), DatabaseError);
      assert.equal(await items.count(), 2);
      assert.deepEqual(await add(rowsOf(150)), { created: 148, skipped: 2 });
      assert.equal(await items.count(), 150);
      assert.equal((await getAuditLogs(ada, { limit: 500 })).length, 150);
    });

    it("what has to read between its statements is refused by name, or is done", async () => {
      const executor = await createExecutor(db, [
        softDeletePlugin({ tables: ["items"], reviveBy: { items: "sku" } }),
      ]);
      const items = createRepository(executor, { tableName: "items" });
      const write = () => items.create({ sku: "new", n: 1 });
      if (name === "d1") await assert.rejects(write(), TransactionNotSupportedError);
      else await write();
    });
  });
}
