/** Reading the log, and undoing what it tells. */
import {
  asOf,
  AuditError,
  type AuditOptions,
  auditPlugin,
  AuditRestoreError,
  createAuditTable,
  diff,
  getAuditLogs,
} from "@kysera/audit";
import { bindContext, createExecutor, type Plugin } from "@kysera/executor";
import { createORM, createRepository } from "@kysera/repository";
import { softDelete, softDeletePlugin } from "@kysera/soft-delete";
import { CamelCasePlugin, type Generated, type Kysely } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect, type TestDialect } from "../support/matrix.ts";
import { createTables } from "./_world.ts";

interface Database {
  people: {
    id: Generated<number>;
    email: string | null;
    name: string | null;
    age: Generated<number | null>;
    deleted_at: string | null;
  };
  notes: { owner: number; place: number; text: string | null };
}

async function open(
  dialect: TestDialect,
  options: AuditOptions = {},
  plugins: readonly Plugin[] = [],
) {
  const test = await dialect.open();
  const db = test.db as Kysely<Database>;
  await createTables(db, dialect);
  await createAuditTable(db);
  const executor = await createExecutor(db, [...plugins, auditPlugin(options)] as const);
  const people = createRepository(await createExecutor(db, [auditPlugin(options)]), {
    tableName: "people",
  });
  return { db, executor, people, close: test.close };
}

onEveryDialect("a repository with audit", (dialect) => {
  it("writes down what its methods do, and reads it", async () => {
    const { people, close } = await open(dialect, { getUserId: ({ context }) => String(context) });
    try {
      const dan = await people.create({ email: "dan@x", name: "Dan", deleted_at: null });
      await people.update(dan.id, { name: "Daniel" });
      await people.bulkCreate([{ email: "e@x", deleted_at: null }, {
        email: "f@x",
        deleted_at: null,
      }]);
      await people.upsert({ email: "dan@x", name: "D", deleted_at: null }, {
        conflictColumns: ["email"],
      });
      await people.delete(dan.id);
      const history = await people.getAuditHistory(dan.id);
      assert.deepEqual(history.map(({ operation }) => operation), [
        "DELETE",
        "UPDATE",
        "UPDATE",
        "INSERT",
      ]);
      assert.deepEqual(diff(history[2]!), { name: { from: "Dan", to: "Daniel" } });
      const page = await people.getAuditLogs(dan.id, { limit: 2, offset: 1 });
      assert.deepEqual(page.map(({ id }) => id), history.slice(1, 3).map(({ id }) => id));
      assert.deepEqual(await people.getAuditLog(history[0]!.id), history[0]);
      assert.equal(await people.getAuditLog(9_999), null);
      assert.equal((await people.getTableAuditLogs({ operation: "INSERT" })).length, 3);
      assert.equal((await people.getTableAuditLogs({ operation: ["DELETE"] })).length, 1);
      const [newest] = await people.getTableAuditLogs({ limit: 1 });
      assert.deepEqual(await people.getTableAuditLogs({ startDate: "9999" }), []);
      assert.ok(newest);
      assert.equal((await people.getUserChanges("undefined", { limit: 3 })).length, 3);
      assert.deepEqual(await people.getUserChanges("nobody"), []);
      await assert.rejects(people.getTableAuditLogs({ user: 1 } as never), {
        message: /no "user"/,
      });
    } finally {
      await close();
    }
  });

  it("undoes an update and a delete, and not what is of another table", async () => {
    const { people, db, close } = await open(dialect);
    try {
      await people.update(1, { name: "Changed", age: 99 });
      const [changed] = await people.getAuditHistory(1);
      assert.equal((await people.restoreFromAudit(changed!.id)).name, "Ada");
      assert.equal((await people.findById(1))!.age, 36);
      await people.delete(1);
      const [gone] = await people.getAuditHistory(1);
      await people.restoreFromAudit(gone!.id);
      assert.equal((await people.findById(1))!.email, "ada@x");
      // Both are audited themselves.
      assert.deepEqual((await people.getAuditHistory(1)).map(({ operation }) => operation), [
        "INSERT",
        "DELETE",
        "UPDATE",
        "UPDATE",
      ]);
      await assert.rejects(people.restoreFromAudit(gone!.id), {
        name: "AuditRestoreError",
        message: /a row with its key again/,
      });
      await assert.rejects(people.restoreFromAudit(changed!.id), {
        name: "AuditRestoreError",
        message: /changed since, in "name", "age"|changed since, in "age", "name"/,
      });
      await people.restoreFromAudit(changed!.id, { force: true });
      const notes = createRepository(await createExecutor(db, [auditPlugin()]), {
        tableName: "notes",
        primaryKey: ["owner", "place"],
      });
      await notes.update({ owner: 1, place: 2 }, { text: "changed" });
      const [other] = await notes.getAuditHistory({ owner: 1, place: 2 });
      assert.equal(other!.entity_id, "[1,2]");
      await assert.rejects(people.restoreFromAudit(other!.id), {
        message: /it is of table "notes", not of "people"/,
      });
      await assert.rejects(
        people.restoreFromAudit(12_345),
        (error) => error instanceof AuditError && error.code === "AUDIT_LOG_NOT_FOUND",
      );
      const inserted = await people.create({ email: "i@x", deleted_at: null });
      const [insert] = await people.getAuditHistory(inserted.id);
      await assert.rejects(people.restoreFromAudit(insert!.id), AuditRestoreError);
    } finally {
      await close();
    }
  });

  it("tells what is deleted softly, shows it, and restores it", async () => {
    const { db, close } = await open(dialect);
    try {
      const executor = await createExecutor(db, [
        softDeletePlugin({ tables: ["people"], deletedValue: "gone" }),
        auditPlugin(),
      ]);
      const orm = await createORM(executor, []);
      const people = orm.createRepository({ tableName: "people" });
      await people.softDelete(1);
      const [entry] = await people.getAuditHistory(1);
      assert.equal(entry!.operation, "SOFT_DELETE");
      assert.equal(await people.findById(1), null);
      await people.restoreFromAudit(entry!.id);
      assert.equal((await people.findById(1))!.name, "Ada");
      assert.equal((await people.getAuditHistory(1))[0]!.operation, "RESTORE");
      await softDelete(executor, "people", [1, 2]);
      await people.restore(1);
      assert.deepEqual((await people.getTableAuditLogs()).map(({ operation }) => operation), [
        "RESTORE",
        "SOFT_DELETE",
        "SOFT_DELETE",
        "RESTORE",
        "SOFT_DELETE",
      ]);
    } finally {
      await close();
    }
  });
});

onEveryDialect("asOf()", (dialect) => {
  it("tells a row as it was at a time", async () => {
    let day = 1;
    const { executor, close } = await open(dialect, {
      getTimestamp: () => new Date(Date.UTC(2026, 0, day)),
    });
    try {
      const at = (n: number) => new Date(Date.UTC(2026, 0, n, 12));
      day = 2;
      await executor.updateTable("people").set({ age: 40 }).where("id", "=", 1).execute();
      day = 4;
      await executor.deleteFrom("people").where("id", "=", 1).execute();
      day = 6;
      await executor.insertInto("people").values({ id: 1, email: "n", deleted_at: null } as never)
        .execute();
      assert.equal((await asOf(executor, "people", 1, at(1)))!.age, 36);
      assert.equal((await asOf(executor, "people", 1, at(3)))!.age, 40);
      assert.equal(await asOf(executor, "people", 1, at(5)), null);
      assert.equal((await asOf(executor, "people", 1, at(7)))!.email, "n");
      // No entry tells of it: it is as it was.
      assert.equal((await asOf(executor, "people", 2, at(1)))!.name, "Bob");
      assert.equal(await asOf(executor, "people", 77, at(1)), null);
    } finally {
      await close();
    }
  });
});

onEveryDialect("reading with other plugins", (dialect) => {
  it("respects a policy on the audit table, and the rows that row-level security shows", async () => {
    const { db, close } = await open(dialect);
    try {
      const rls: Plugin = {
        name: "@kysera/rls",
        version: "1.0.0",
        appliesTo: ({ name }) => name === "people",
        filter: (people, { eb, context }) => eb(people.column("id"), "=", context?.["id"]),
      };
      const executor = await createExecutor(db, [rls, auditPlugin()]);
      await db.deleteFrom("people").where("id", "=", 3).execute();
      const one = bindContext(executor, { id: 1 });
      const two = bindContext(executor, { id: 2 });
      await one.updateTable("people").set({ age: 1 }).execute();
      await two.updateTable("people").set({ age: 2 }).execute();
      const seen = await getAuditLogs(one, { table: "people" });
      assert.deepEqual(seen.map(({ entity_id }) => entity_id), ["1"]);
      const people = createRepository(two, { tableName: "people" }) as any;
      assert.deepEqual(await people.getAuditHistory(1), []);
      assert.equal((await people.getAuditHistory(2)).length, 1);
      await assert.rejects(people.restoreFromAudit(seen[0]!.id), { name: "AuditError" });
      assert.deepEqual((await getAuditLogs(one)).map(({ entity_id }) => entity_id), ["1"]);

      const policy: Plugin = {
        name: "policy",
        version: "1.0.0",
        appliesTo: ({ name }) => name === "audit_logs",
        filter: (logs, { eb }) => eb(logs.column("entity_id"), "=", "2"),
      };
      const narrow = await createExecutor(db, [policy, auditPlugin()]);
      assert.deepEqual(
        (await getAuditLogs(narrow)).map(({ entity_id }) => entity_id),
        ["2"],
      );
    } finally {
      await close();
    }
  });
});

onEveryDialect("camel case", (dialect) => {
  it("is for queries, and the log has the names of the database", async () => {
    const test = await dialect.open({ plugins: [new CamelCasePlugin()] });
    try {
      const db = test.db;
      await createTables(db, dialect);
      await createAuditTable(db);
      const executor = await createExecutor(db, [
        auditPlugin({ denyColumns: ["deletedAt"], primaryKeyColumn: { people: "id" } }),
      ]);
      if (dialect.dialect === "mysql") {
        await executor.updateTable("people").set({ deletedAt: "x" }).where("id", "=", 1).execute();
      } else {
        const [row] = await executor.updateTable("people").set({ deletedAt: "x" })
          .where("id", "=", 1).returningAll().execute();
        assert.deepEqual(row, { id: 1, email: "ada@x", name: "Ada", age: 36, deletedAt: "x" });
      }
      const [entry] = await getAuditLogs(executor);
      assert.deepEqual(entry!.old_values, { id: 1, email: "ada@x", name: "Ada", age: 36 });
      const people = createRepository(executor, { tableName: "people" });
      assert.equal((await people.getAuditHistory(1)).length, 1);
    } finally {
      await test.close();
    }
  });
});
