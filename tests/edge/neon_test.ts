import { after, before, describe, it } from "node:test";
import assert from "node:assert/strict";
import process from "node:process";
import { auditPlugin, createAuditTable, createAuditTriggers, getAuditLogs } from "@kysera/audit";
import { TransactionNotSupportedError, UniqueConstraintError } from "@kysera/core";
import { withTransaction } from "@kysera/dal";
import { createExecutor } from "@kysera/executor";
import { createRepository, StaleRowError } from "@kysera/repository";
import { softDelete, softDeletePlugin } from "@kysera/soft-delete";
import { type Generated, type Kysely, sql } from "kysely";
import { openNeon } from "../support/neon.ts";

interface Database {
  items: {
    id: Generated<number>;
    sku: string;
    n: number;
    version: Generated<number>;
    deleted_at: Generated<string | null>;
  };
}

const url = process.env["KYSERA_TEST_POSTGRES_URL"];

describe("the plugins on Neon over HTTP", {
  skip: url === undefined ? "KYSERA_TEST_POSTGRES_URL is not set" : false,
}, () => {
  let opened: Awaited<ReturnType<typeof openNeon>>;
  let db: Kysely<Database>;
  const make = () =>
    createExecutor(db, [
      softDeletePlugin({ onDelete: "soft", tables: ["items"], check: "off" }),
      auditPlugin({ tables: ["items"] }),
    ]);

  before(async () => {
    opened = await openNeon(url!);
    db = opened.db;
    await db.schema.createTable("items").addColumn("id", "serial", (c) => c.primaryKey())
      .addColumn("sku", "text", (c) => c.unique()).addColumn("n", "integer")
      .addColumn("version", "integer", (c) => c.defaultTo(1)).addColumn("deleted_at", "timestamptz")
      .execute();
  });
  after(() => opened?.close());

  it("write rows and their entries in one request each, and several rows as one batch", async () => {
    const executor = await make();
    const items = createRepository(executor, { tableName: "items", versionColumn: "version" });
    const one = await items.create({ sku: "one", n: 1 });
    const before = opened.endpoint.requests.length;
    await executor.updateTable("items").set({ n: 2 }).where("id", "=", one.id).execute();
    assert.equal(opened.endpoint.requests.length, before + 1);
    const change = (version: number) =>
      items.bulkUpdate([{ id: one.id, data: { n: version + 2 }, version }]);
    assert.deepEqual((await change(1)).map(({ n, version }) => [n, version]), [[3, 2]]);
    await assert.rejects(change(1), StaleRowError);
    assert.equal(await softDelete(executor, "items", one.id), 1);
    const entries = await getAuditLogs(executor, { table: "items" });
    assert.deepEqual(entries.map(({ operation }) => operation).sort(), [
      "INSERT",
      "SOFT_DELETE",
      "UPDATE",
      "UPDATE",
    ]);
    const { rows: tables } = await sql<{ name: string }>`select table_name as name
      from information_schema.tables where table_schema = current_schema order by 1`.execute(db);
    assert.deepEqual(tables.map(({ name }) => name), ["audit_logs", "items"]);
  });

  it("write rows whose triggers write the entries in one request each", async () => {
    await db.schema.createTable("things").addColumn("id", "integer", (c) => c.primaryKey())
      .addColumn("n", "integer").execute();
    try {
      await createAuditTable(db, { ifNotExists: true });
      await createAuditTriggers(db, { tables: ["things"] });
      const executor: Kysely<any> = await createExecutor(db as Kysely<any>, [
        auditPlugin({ mode: "trigger", tables: ["things"], getUserId: () => "ada" }),
      ]);
      const before = opened.endpoint.requests.length;
      await executor.insertInto("things").values([{ id: 1, n: 1 }, { id: 2, n: 1 }]).execute();
      await executor.updateTable("things").set({ n: 2 }).where("id", "=", 1).execute();
      assert.equal(opened.endpoint.requests.length, before + 2);
      const entries = await getAuditLogs(executor, { table: "things" });
      assert.deepEqual(
        entries.map(({ operation, changed_by }) => `${operation} ${changed_by}`),
        ["UPDATE ada", "INSERT ada", "INSERT ada"],
      );
    } finally {
      await db.schema.dropTable("things").execute();
    }
  });

  it("change all rows or none, where versions are compared", async () => {
    const items = createRepository(await make(), {
      tableName: "items",
      versionColumn: "version",
    });
    const made = await items.bulkCreate([{ sku: "a", n: 0 }, { sku: "b", n: 0 }]);
    const requests = opened.endpoint.requests.length;
    const changed = await items.bulkUpdate(
      made.map(({ id, version }) => ({ id, data: { n: 1 }, version })),
    );
    assert.deepEqual(changed.map(({ n, version }) => [n, version]), [[1, 2], [1, 2]]);
    assert.deepEqual(
      opened.endpoint.requests.slice(requests).map(({ statements }) => statements),
      [2],
    );
    await assert.rejects(
      items.bulkUpdate([
        { id: made[0]!.id, data: { n: 5 } },
        { id: made[1]!.id, data: { n: 5 }, version: 1 },
      ]),
      StaleRowError,
    );
    await assert.rejects(
      items.upsertMany([{ sku: "a", n: 9 }, { sku: "b", n: 9, version: 1 }], {
        conflictColumns: ["sku"],
      }),
      StaleRowError,
    );
    await assert.rejects(
      items.bulkUpdate([
        { id: made[0]!.id, data: { n: 5 } },
        { id: made[1]!.id, data: { sku: "a" } },
      ]),
      UniqueConstraintError,
    );
    assert.deepEqual(
      (await items.findByIds(made.map(({ id }) => id))).map(({ n }) => n),
      [1, 1],
    );
  });

  it("say by name that there are no transactions", async () => {
    const executor = await make();
    await assert.rejects(
      withTransaction(executor, () => Promise.resolve()),
      (error) =>
        error instanceof TransactionNotSupportedError &&
        /Neon over HTTP has no interactive transactions.*executor\.batch\(\)/.test(error.message),
    );
  });
});
