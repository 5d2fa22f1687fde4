/** With row-level security: what a caller reads of the log, and may undo. */
import { asOf, auditPlugin, getAuditLogs, restoreFromAudit } from "@kysera/audit";
import { bindContext, createExecutor } from "@kysera/executor";
import { defineRLSSchema, filter, rlsPlugin } from "@kysera/rls";
import type { Kysely } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect } from "../support/matrix.ts";
import { openWorld } from "./_world.ts";

onEveryDialect("audit with row-level security", (dialect) => {
  it("tells a caller of the rows he sees, and undoes these alone", async () => {
    const { db, close } = await openWorld(dialect);
    try {
      const schema = defineRLSSchema<any>({
        people: { policies: [filter("all", (ctx) => ({ id: Number(ctx.auth.userId) }))] },
      });
      const executor: Kysely<any> = await createExecutor(db as Kysely<any>, [
        auditPlugin(),
        rlsPlugin({ schema }),
      ]);
      const as = (userId: string): Kysely<any> =>
        bindContext(executor, { auth: { userId, roles: [] } });
      const [one, two] = [as("1"), as("2")];
      await one.updateTable("people").set({ age: 9 }).execute();
      const [entry, ...more] = await getAuditLogs(one, { table: "people" });
      assert.deepEqual([entry!.entity_id, entry!.changed_by, more], ["1", "1", []]);
      assert.deepEqual(await getAuditLogs(two, { table: "people" }), []);
      assert.equal(await asOf(two, "people", 1, new Date()), null);
      await assert.rejects(restoreFromAudit(two, "people", entry!.id), {
        code: "AUDIT_LOG_NOT_FOUND",
      });
      const restored = await restoreFromAudit(one, "people", entry!.id);
      assert.equal(restored["age"], 36);
    } finally {
      await close();
    }
  });
});
