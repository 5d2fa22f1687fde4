/** Triggers write what the plugin would. */
import { auditTriggers, createAuditTriggers, dropAuditTriggers } from "@kysera/audit";
import { createExecutor } from "@kysera/executor";
import { auditPlugin, getAuditLogs } from "@kysera/audit";
import { type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect } from "../support/matrix.ts";
import { State } from "./_fold.ts";
import { openWorld } from "./_world.ts";

const TABLES = ["people", "notes", "loose"];

/** The same writes by whoever. */
async function work(db: Kysely<any>): Promise<void> {
  await db.insertInto("people").values([
    { email: "d@x", name: "D 'quoted' \\ \"text\"" },
    { email: "e@x", name: "E" },
  ]).execute();
  await db.updateTable("people").set({ age: 1 }).where("id", "<", 3).execute();
  await db.updateTable("people").set({ deleted_at: "x" }).where("id", "=", 1).execute();
  await db.updateTable("people").set({ deleted_at: null }).where("id", "=", 1).execute();
  await db.updateTable("notes").set((eb) => ({ place: eb("place", "+", 10) }))
    .where("owner", "=", 1).execute();
  await db.insertInto("loose").values({ a: 1, b: null }).execute();
  await db.deleteFrom("people").where("id", ">", 2).execute();
}

onEveryDialect("auditTriggers()", (dialect) => {
  it("write the entries that the plugin writes", async () => {
    const world = await openWorld(dialect);
    try {
      const strip = (entries: readonly object[]): object[] =>
        entries.map((entry) => ({ ...entry, id: 0, changed_at: "" }));
      await work(world.executor);
      const byPlugin = strip(await world.entries());
      await world.close();
      const other = await openWorld(dialect);
      try {
        await createAuditTriggers(other.db, { tables: TABLES });
        const before = await State.of(other.db, TABLES);
        await work(other.db);
        const entries = await other.entries();
        assert.deepEqual(strip(entries), byPlugin);
        const told = before.fold(entries).list();
        assert.deepEqual(told, (await State.of(other.db, TABLES)).list());
        assert.match(entries[0]!.changed_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      } finally {
        await other.close();
      }
    } finally {
      await world.close().catch(() => {});
    }
  });

  it("leave alone what the plugin writes down, and write down raw SQL beside it", async () => {
    const world = await openWorld(dialect);
    try {
      await createAuditTriggers(world.db, { tables: TABLES });
      const executor = await createExecutor(world.db as Kysely<any>, [
        auditPlugin({ getUserId: () => "plugin" }),
      ]);
      const before = await State.of(world.db, TABLES);
      await executor.transaction().execute(async (trx) => {
        await work(trx);
        await sql`update people set age = 50 where id = 2`.execute(trx);
      });
      await sql`delete from loose`.execute(executor);
      const entries = (await getAuditLogs(executor)).reverse();
      const told = before.fold(entries).list();
      assert.deepEqual(told, (await State.of(world.db, TABLES)).list());
      assert.deepEqual(
        entries.slice(-2).map(({ changed_by, operation }) => [changed_by, operation]),
        [
          [null, "UPDATE"],
          [null, "DELETE"],
        ],
      );
      assert.ok(entries.slice(0, -2).every(({ changed_by }) => changed_by === "plugin"));
    } finally {
      await world.close();
    }
  });

  it("respect denied and masked columns, and can be dropped", async () => {
    const world = await openWorld(dialect);
    try {
      const options = { tables: ["people"], denyColumns: ["email"], maskColumns: ["name"] };
      await createAuditTriggers(world.db, options);
      await world.db.updateTable("people").set({ age: 1 }).where("id", "=", 1).execute();
      const [entry] = await world.entries();
      assert.deepEqual(entry!.new_values, { id: 1, name: "***", age: 1, deleted_at: null });
      await dropAuditTriggers(world.db, options);
      await world.db.updateTable("people").set({ age: 2 }).execute();
      assert.equal((await world.entries()).length, 1);
    } finally {
      await world.close();
    }
  });

  it("refuses a table that is not there, and an option that is unknown", async () => {
    const world = await openWorld(dialect);
    try {
      await assert.rejects(auditTriggers(world.db, { tables: ["nobody"] }), {
        message: 'Cannot make audit triggers: there is no table "nobody"',
      });
      await assert.rejects(auditTriggers(world.db, { tables: TABLES, getUserId: 1 } as never), {
        message: /no option "getUserId"/,
      });
    } finally {
      await world.close();
    }
  });
});
