/** What a caller sees of the log of tables in other schemas, and under several layers of policies. */
import { auditPlugin, getAuditLogs, restoreFromAudit } from "@kysera/audit";
import { bindContext, createExecutor } from "@kysera/executor";
import { defineRLSSchema, filter, rlsPlugin, withoutRLS } from "@kysera/rls";
import { type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect } from "../support/matrix.ts";

onEveryDialect("a masked table in another schema", (dialect) => {
  it("has a history, under two layers of policies as well", async () => {
    const { db, close } = await dialect.open();
    const other = dialect.dialect === "sqlite" ? "aux" : `kysera_masked_${Date.now()}`;
    const table = `${other}.people`;
    if (dialect.dialect !== "sqlite") await sql`create schema ${sql.id(other)}`.execute(db);
    else await sql`attach ':memory:' as aux`.execute(db);
    try {
      await sql`create table ${sql.table(table)}
        (id integer primary key, tenant integer, "select" integer, note varchar(20))`.execute(db);
      const tenant = defineRLSSchema<any>({
        [table]: {
          policies: [filter("all", (c: any) => ({ tenant: c.auth.tenantId }))],
          columns: { note: { read: false, mask: "-" } },
        },
      });
      const odd = defineRLSSchema<any>({
        [table]: {
          policies: [
            filter(
              "all",
              (_: any, { column }: any) =>
                sql<boolean>`${column("select")} > 0 and ${column("id")} < 10`,
            ),
          ],
          columns: { select: { read: (c: any) => ({ id: c.auth.userId }) } },
        },
      });
      const below = await createExecutor(db, [rlsPlugin({ schema: tenant }), auditPlugin()]);
      const executor: Kysely<any> = await createExecutor(below, [rlsPlugin({ schema: odd })]);
      const all = withoutRLS(executor);
      await all.insertInto(table).values([
        { id: 1, tenant: 1, select: 1, note: "a" },
        { id: 2, tenant: 1, select: 0, note: "b" },
        { id: 3, tenant: 2, select: 1, note: "c" },
        { id: 4, tenant: 1, select: 4, note: "d" },
      ]).execute();
      const me = bindContext(executor, { auth: { userId: 1, roles: [], tenantId: 1 } });
      for (const each of [{ table }, {}]) {
        const entries = (await getAuditLogs(me, each)).reverse();
        assert.deepEqual(entries.map(({ new_values }) => new_values), [
          { id: 1, tenant: 1, select: 1, note: "-" },
          { id: 4, tenant: 1, select: null, note: "-" },
        ]);
        assert.equal(entries[0]!.table_name, table);
      }
      await all.updateTable(table).set({ note: "z", select: 9 }).where("id", "=", 4).execute();
      const [entry] = await getAuditLogs(me, { table, key: 4 });
      assert.equal(entry!.operation, "UPDATE");
      await restoreFromAudit(me, table, entry!.id);
      const { rows } = await sql`select * from ${sql.table(table)} where id = 4`.execute(db);
      // What the caller does not see is not restored by him.
      assert.deepEqual(rows, [{ id: 4, tenant: 1, select: 9, note: "z" }]);
    } finally {
      if (dialect.dialect !== "sqlite") {
        await sql`drop schema ${sql.id(other)} cascade`.execute(db);
      }
      await close();
    }
  });
}, ["sqlite", "pglite", "postgres"]);
