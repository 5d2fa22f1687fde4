import assert from "node:assert/strict";
import { it } from "node:test";
import { auditPlugin, createAuditTable } from "@kysera/audit";
import { bindContext, createExecutor, type Plugin } from "@kysera/executor";
import { defineRLSSchema, filter, rlsPlugin } from "@kysera/rls";
import { nativeRLSPlugin } from "@kysera/rls/native";
import { type Faults, forEachFault } from "@kysera/testing";
import { type Kysely, sql } from "kysely";
import { canonicalRows } from "../oracle/canonical.ts";
import { onEveryDialect, type TestDialect } from "../support/matrix.ts";

const options = { timeout: 600_000 };

const policies = defineRLSSchema<any>({
  posts: {
    policies: [filter("all", (ctx) => ({ tenant_id: ctx.auth.tenantId }))],
    stamp: { tenant_id: (ctx) => ctx.auth.tenantId },
  },
});

const acme = { auth: { userId: 7, tenantId: 1, roles: [] } };

/** Rows of two tenants, behind plugins, on a dialect whose calls are struck. */
async function open(dialect: TestDialect, faults: Faults, plugins: readonly Plugin[]) {
  const { db, close } = await dialect.open({
    connections: 1,
    wrap: (real) => faults.wrap(real),
  });
  await db.schema.createTable("posts")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("tenant_id", "integer")
    .addColumn("score", "integer")
    .execute();
  await createAuditTable(db);
  const rows = [1, 2, 3, 4].map((id) => ({ id, tenant_id: id < 3 ? 1 : 2, score: id }));
  await db.insertInto("posts").values(rows).execute();
  const executor = await createExecutor(db, plugins);
  return { db, close, rows, caller: bindContext(executor, acme) };
}

/** One of each: what the policies let through, what they refuse, and a way back. */
async function work(caller: Kysely<any>, dialect: TestDialect): Promise<void> {
  const attempt = (query: { execute(): Promise<unknown> }) => query.execute().catch(() => {});
  await attempt(caller.insertInto("posts").values([{ id: 5, score: 5 }, { id: 6, score: 6 }]));
  if (dialect.name === "sqlite") {
    await attempt(caller.updateTable("posts").set((eb) => ({ score: eb("score", "+", 10) })));
  }
  // Two of its rows would be another tenant's.
  await attempt(caller.updateTable("posts").set((eb) => ({ tenant_id: eb("id", "-", 1) })));
  await attempt(caller.deleteFrom("posts").where("id", "=", 1));
  // Kysely 0.28 keeps the connection of a controlled transaction that could not begin.
  await caller.connection().execute(async (connection) => {
    const trx = await connection.startTransaction().execute();
    try {
      await trx.updateTable("posts").set({ score: 0 }).where("id", "=", 2).execute();
      const after = await trx.savepoint("one").execute();
      await after.deleteFrom("posts").execute();
      await after.rollbackToSavepoint("one").execute();
      await trx.commit().execute();
    } catch (error) {
      await trx.rollback().execute();
      throw error;
    }
  });
}

/** The table as the log tells it. */
async function folded(db: Kysely<any>, rows: readonly Record<string, unknown>[]) {
  const table = new Map(rows.map((row) => [String(row["id"]), row]));
  const entries = await db.selectFrom("audit_logs").selectAll().orderBy("id").execute();
  for (const { entity_id, new_values } of entries) {
    if (new_values === null) table.delete(entity_id);
    else table.set(entity_id, JSON.parse(new_values));
  }
  return [...table.values()];
}

onEveryDialect("a database that fails", (dialect) => {
  it("leaves what the log tells, and every row in its tenant", options, async () => {
    const report = await forEachFault(async (faults) => {
      const { db, close, rows, caller } = await open(dialect, faults, [
        rlsPlugin({ schema: policies }),
        auditPlugin({ tables: ["posts"], primaryKeyColumn: "id" }),
      ]);
      await faults.during(() => work(caller, dialect));
      const left = await db.selectFrom("posts").selectAll().execute();
      assert.deepEqual(canonicalRows(left), canonicalRows(await folded(db, rows)));
      const others = left.filter((row) => row.tenant_id !== 1);
      assert.deepEqual(canonicalRows(others), canonicalRows(rows.slice(2)));
      await close();
      // A database for each fault costs time where there is a server.
    }, dialect.name === "sqlite" ? {} : { faults: [{ how: "fail" }] });
    assert.ok(report.calls >= 10, `${report.calls} calls`);
  });
}, ["sqlite", "postgres", "mysql"]);

onEveryDialect("PostgreSQL, told who is asking, when it fails", (dialect) => {
  it("knows of nobody afterwards", options, async () => {
    const report = await forEachFault(async (faults) => {
      const { db, close, caller } = await open(dialect, faults, [nativeRLSPlugin()]);
      await faults.during(async () => {
        await caller.selectFrom("posts").selectAll().execute().catch(() => {});
        await caller.deleteFrom("posts").where("id", "=", 1).execute().catch(() => {});
        await caller.transaction().execute((trx) =>
          trx.updateTable("posts").set({ score: 0 }).execute()
        );
      });
      const { rows } = await sql<{ told: string | null }>`
        select current_setting('rls.context', true) as told`.execute(db);
      assert.ok(!rows[0]!.told);
      await close();
    }, { faults: [{ how: "fail" }, { how: "cut", when: "after" }] });
    assert.ok(report.calls >= 10, `${report.calls} calls`);
  });
}, ["postgres"]);
