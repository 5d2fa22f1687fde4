/** What a caller sees of the log beside row-level security: each image as policies show the row. */
import { asOf, auditPlugin, createAuditTable, getAuditLogs, restoreFromAudit } from "@kysera/audit";
import { bindContext, createExecutor, getRawDb } from "@kysera/executor";
import { createRepository } from "@kysera/repository";
import { allow, defineRLSSchema, deny, filter, rlsPlugin, withoutRLS } from "@kysera/rls";
import { type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect, type TestDialect } from "../support/matrix.ts";

const me = (executor: Kysely<any>, tenantId: number): Kysely<any> =>
  bindContext(executor, { auth: { userId: tenantId, roles: [], tenantId } });

const tenant = filter("all", (c: any) => ({ tenant_id: c.auth.tenantId }));

async function withDb(dialect: TestDialect, run: (db: Kysely<any>) => Promise<void>) {
  const { db, close } = await dialect.open();
  try {
    await run(db);
  } finally {
    await close();
  }
}

async function pages(db: Kysely<any>): Promise<void> {
  await db.schema.createTable("pages")
    .addColumn("slug", "varchar(50)", (c) => c.primaryKey())
    .addColumn("tenant_id", "integer")
    .addColumn("body", "varchar(100)")
    .execute();
}

const told = (entries: readonly any[]): unknown[] =>
  entries.map(({ operation, old_values, new_values, redacted }) => [
    operation,
    old_values?.body ?? null,
    new_values?.body ?? null,
    ...redacted ?? [],
  ]);

onEveryDialect("what a caller sees of the log", (dialect) => {
  it("is not the past of a key that is used again", () =>
    withDb(dialect, async (db) => {
      await pages(db);
      const schema = defineRLSSchema<any>({ pages: { policies: [tenant] } });
      const executor: Kysely<any> = await createExecutor(db, [
        rlsPlugin({ schema }),
        auditPlugin(),
      ]);
      const [a, b] = [me(executor, 1), me(executor, 2)];
      await b.insertInto("pages").values({ slug: "home", tenant_id: 2, body: "secret" }).execute();
      await b.deleteFrom("pages").where("slug", "=", "home").execute();
      await a.insertInto("pages").values({ slug: "home", tenant_id: 1, body: "mine" }).execute();
      assert.deepEqual(told(await getAuditLogs(a, { table: "pages" })), [["INSERT", null, "mine"]]);
      assert.deepEqual(told(await getAuditLogs(a)), [["INSERT", null, "mine"]]);
      assert.deepEqual(told(await getAuditLogs(a, { table: "pages", key: "home" })), [
        ["INSERT", null, "mine"],
      ]);
      // The row is gone, and its entries are still those of its tenant.
      const theirs = await getAuditLogs(b, { table: "pages" });
      assert.deepEqual(told(theirs), [["DELETE", "secret", null], ["INSERT", null, "secret"]]);
      const repo: any = createRepository(a, { tableName: "pages", primaryKey: "slug" } as any);
      assert.deepEqual(told(await repo.getAuditHistory("home")), [["INSERT", null, "mine"]]);
      assert.equal(await repo.getAuditLog(theirs[0]!.id), null);
      await assert.rejects(restoreFromAudit(a, "pages", theirs[0]!.id, { force: true }), {
        code: "AUDIT_LOG_NOT_FOUND",
        message: `Cannot find audit entry ${theirs[0]!.id}`,
      });
      assert.equal((await getAuditLogs(withoutRLS(executor), { table: "pages" })).length, 3);
      const system = bindContext(executor, { auth: { userId: 0, roles: [], isSystem: true } });
      assert.equal((await getAuditLogs(system)).length, 3);
      await assert.rejects(getAuditLogs(executor, { table: "pages" }), {
        code: "RLS_CONTEXT_MISSING",
      });
    }));

  it("is the half of a move that was his", () =>
    withDb(dialect, async (db) => {
      await pages(db);
      const schema = defineRLSSchema<any>({ pages: { policies: [tenant] } });
      let day = 1;
      const executor: Kysely<any> = await createExecutor(db, [
        rlsPlugin({ schema }),
        auditPlugin({ getTimestamp: () => new Date(Date.UTC(2026, 0, day)) }),
      ]);
      const [a, b] = [me(executor, 1), me(executor, 2)];
      await a.insertInto("pages").values({ slug: "x", tenant_id: 1, body: "one" }).execute();
      day = 3;
      await withoutRLS(executor).updateTable("pages").set({ tenant_id: 2, slug: "y", body: "two" })
        .execute();
      day = 5;
      await b.updateTable("pages").set({ body: "three" }).execute();
      const [left, made] = await getAuditLogs(a, { table: "pages" });
      assert.deepEqual(told([left!, made!]), [
        ["UPDATE", "one", null, "new_values"],
        ["INSERT", null, "one"],
      ]);
      // The key that the row has now is not told either.
      assert.deepEqual([left!.entity_id, left!.new_values], ["x", null]);
      assert.deepEqual(await getAuditLogs(a, { table: "pages", key: "y" }), []);
      assert.deepEqual(told(await getAuditLogs(b, { table: "pages" })), [
        ["UPDATE", "two", "three"],
        ["UPDATE", null, "two", "old_values"],
      ]);
      const at = (n: number) => new Date(Date.UTC(2026, 0, n));
      assert.equal((await asOf(a, "pages", "x", at(2)))!["body"], "one");
      assert.equal(await asOf(b, "pages", "y", at(2)), null);
      assert.equal((await asOf(b, "pages", "y", at(4)))!["body"], "two");
      assert.equal(await asOf(a, "pages", "y", at(6)), null);
      await assert.rejects(restoreFromAudit(a, "pages", left!.id, { force: true }), {
        code: "AUDIT_RESTORE_NOT_SUPPORTED",
      });
    }));

  it("goes by composite keys, and a page of it is full", () =>
    withDb(dialect, async (db) => {
      await db.schema.createTable("seats")
        .addColumn("tenant_id", "integer", (c) => c.notNull())
        .addColumn("id", "integer", (c) => c.notNull())
        .addColumn("body", "varchar(100)")
        .addPrimaryKeyConstraint("seats_key", ["tenant_id", "id"])
        .execute();
      const schema = defineRLSSchema<any>({ seats: { policies: [tenant] } });
      const executor: Kysely<any> = await createExecutor(db, [
        rlsPlugin({ schema }),
        auditPlugin(),
      ]);
      const [a, b] = [me(executor, 1), me(executor, 2)];
      for (let i = 0; i < 3; i++) {
        await a.insertInto("seats").values({ tenant_id: 1, id: i, body: `a${i}` }).execute();
        await b.insertInto("seats").values(
          Array.from({ length: 150 }, (_, n) => ({ tenant_id: 2, id: 200 * i + n, body: "b" })),
        ).execute();
      }
      const page = { table: "seats", limit: 1, offset: 1 };
      assert.deepEqual(told(await getAuditLogs(a, page)), [["INSERT", null, "a1"]]);
      assert.equal((await getAuditLogs(a, { table: "seats" })).length, 3);
      assert.equal((await getAuditLogs(b, { table: "seats" })).length, 450);
      const one = await getAuditLogs(a, { table: "seats", key: { tenant_id: 1, id: 1 } });
      assert.deepEqual(told(one), [["INSERT", null, "a1"]]);
      assert.deepEqual(await getAuditLogs(a, { table: "seats", key: { tenant_id: 2, id: 1 } }), []);
    }));

  it("keeps the masks of columns, and a restore does not store them", () =>
    withDb(dialect, async (db) => {
      await db.schema.createTable("people")
        .addColumn("id", "integer", (c) => c.primaryKey())
        .addColumn("tenant_id", "integer")
        .addColumn("salary", "integer")
        .addColumn("note", "varchar(50)")
        .execute();
      const schema = defineRLSSchema<any>({
        people: {
          policies: [tenant],
          columns: {
            salary: { read: (c: any) => ({ id: c.auth.userId }) },
            note: { read: false, mask: "hidden" },
          },
        },
      });
      const executor: Kysely<any> = await createExecutor(db, [
        rlsPlugin({ schema }),
        auditPlugin(),
      ]);
      await db.insertInto("people").values([
        { id: 1, tenant_id: 1, salary: 10, note: "n1" },
        { id: 2, tenant_id: 1, salary: 20, note: "n2" },
      ]).execute();
      const a = me(executor, 1);
      await withoutRLS(executor).updateTable("people").set({ salary: 99, note: "n9" }).execute();
      const entries = (await getAuditLogs(a, { table: "people" })).reverse();
      assert.deepEqual(entries.map(({ old_values, new_values }) => [old_values, new_values]), [
        [
          { id: 1, tenant_id: 1, salary: 10, note: "hidden" },
          { id: 1, tenant_id: 1, salary: 99, note: "hidden" },
        ],
        [
          { id: 2, tenant_id: 1, salary: null, note: "hidden" },
          { id: 2, tenant_id: 1, salary: null, note: "hidden" },
        ],
      ]);
      assert.equal((await asOf(a, "people", 2, new Date()))!["salary"], null);
      await restoreFromAudit(a, "people", entries[0]!.id);
      await restoreFromAudit(a, "people", entries[1]!.id);
      assert.deepEqual(await db.selectFrom("people").selectAll().orderBy("id").execute(), [
        { id: 1, tenant_id: 1, salary: 10, note: "n9" },
        { id: 2, tenant_id: 1, salary: 99, note: "n9" },
      ]);
    }));

  it("asks policies in SQL, with subqueries, denials and nulls", () =>
    withDb(dialect, async (db) => {
      await pages(db);
      await db.schema.createTable("readers")
        .addColumn("slug", "varchar(50)").addColumn("reader", "integer").execute();
      await db.insertInto("readers").values([{ slug: "p", reader: 1 }, { slug: "q", reader: 1 }])
        .execute();
      const schema = defineRLSSchema<any>({
        pages: {
          policies: [
            allow(
              "all",
              (c: any, { eb, column }: any) =>
                eb(
                  column("slug"),
                  "in",
                  (x: any) =>
                    x.selectFrom("readers").select("slug").where("reader", "=", c.auth.userId),
                ),
            ),
            deny("read", { body: null }),
            deny("read", { slug: "q" }),
          ],
        },
      });
      const executor: Kysely<any> = await createExecutor(db, [
        rlsPlugin({ schema }),
        auditPlugin(),
      ]);
      const all = withoutRLS(executor);
      await all.insertInto("pages").values([
        { slug: "p", tenant_id: 1, body: null },
        { slug: "q", tenant_id: 1, body: "q" },
        { slug: "r", tenant_id: 1, body: "r" },
      ]).execute();
      await all.updateTable("pages").set({ body: "p" }).where("slug", "=", "p").execute();
      assert.deepEqual(told(await getAuditLogs(me(executor, 1), { table: "pages" })), [
        ["UPDATE", null, "p", "old_values"],
      ]);
      assert.deepEqual(await getAuditLogs(me(executor, 2), { table: "pages" }), []);
    }));

  it("is nothing where an image lacks what a policy looks at", () =>
    withDb(dialect, async (db) => {
      await pages(db);
      const schema = defineRLSSchema<any>({
        pages: { policies: [filter("read", { tenant_id: null }), allow("all", true)] },
      });
      for (
        const options of [{ denyColumns: ["tenant_id"] }, { maskColumns: ["tenant_id"] }]
      ) {
        const executor: Kysely<any> = await createExecutor(db, [
          rlsPlugin({ schema }),
          auditPlugin(options),
        ]);
        await db.insertInto("pages").values({ slug: "s", tenant_id: 7, body: "s" }).execute();
        await withoutRLS(executor).updateTable("pages").set({ body: "t" }).execute();
        await withoutRLS(executor).deleteFrom("pages").execute();
        assert.deepEqual(await getAuditLogs(me(executor, 1), { table: "pages" }), []);
      }
    }));

  it("is one marked entry where it is not JSON any more", () =>
    withDb(dialect, async (db) => {
      await pages(db);
      const executor: Kysely<any> = await createExecutor(db, [auditPlugin()]);
      await executor.insertInto("pages").values({ slug: "s", tenant_id: 1, body: "s" }).execute();
      await executor.updateTable("pages").set({ body: "t" }).execute();
      await getRawDb<any>(executor).updateTable("audit_logs").set({ new_values: "{broken" })
        .where("operation", "=", "INSERT").execute();
      const [second, first] = await getAuditLogs(executor, { table: "pages" });
      assert.equal(second!.unreadable, undefined);
      assert.deepEqual([first!.new_values, first!.unreadable], [null, ["new_values"]]);
      const schema = defineRLSSchema<any>({ pages: { policies: [tenant] } });
      const guarded: Kysely<any> = await createExecutor(db, [rlsPlugin({ schema }), auditPlugin()]);
      const a = me(guarded, 1);
      assert.deepEqual(told(await getAuditLogs(a, { table: "pages" })), [["UPDATE", "s", "t"]]);
    }));

  it("goes on in a transaction after an image that is not of its column's type", () =>
    withDb(dialect, async (db) => {
      await pages(db);
      const schema = defineRLSSchema<any>({ pages: { policies: [tenant] } });
      const executor: Kysely<any> = await createExecutor(db, [
        rlsPlugin({ schema }),
        auditPlugin(),
      ]);
      const a = me(executor, 1);
      for (const slug of ["a", "b", "c"]) {
        await a.insertInto("pages").values({ slug, tenant_id: 1, body: slug }).execute();
      }
      await db.updateTable("audit_logs")
        .set({ new_values: '{"slug": "b", "tenant_id": "one", "body": "b"}' })
        .where("entity_id", "=", "b").execute();
      await a.transaction().execute(async (trx) => {
        const entries = await getAuditLogs(trx, { table: "pages" });
        assert.deepEqual(entries.map(({ entity_id }) => entity_id), ["c", "a"]);
        await trx.updateTable("pages").set({ body: "after" }).execute();
      });
    }));
});

onEveryDialect("the audit table beside row-level security", (dialect) => {
  it("is closed, and append-only", () =>
    withDb(dialect, async (db) => {
      await pages(db);
      const schema = defineRLSSchema<any>({ pages: { policies: [tenant] } });
      for (const unlistedTables of ["allow", "deny"] as const) {
        const audit = auditPlugin({ hashChain: true });
        const rls = rlsPlugin({ schema, unlistedTables });
        const below = await createExecutor(db, [audit]);
        for (
          const executor of [
            await createExecutor(db, [rls, audit]),
            await createExecutor(below, [rls]),
            await createExecutor(await createExecutor(db, [rls]), [audit]),
          ] as Kysely<any>[]
        ) {
          const a = me(executor, 1);
          await a.insertInto("pages").values({ slug: "s", tenant_id: 1, body: "s" }).execute();
          for (const table of ["audit_logs", "audit_logs_chain", "audit_logs_marker"]) {
            const refused = (query: { execute(): Promise<unknown> }) =>
              assert.rejects(query.execute(), (error: any) => {
                assert.match(
                  error.name,
                  /^(CopiedRowsError|AuditAppendOnlyError|RLSPolicyViolation|RawSqlError)$/,
                );
                return true;
              });
            await refused(a.selectFrom(table).selectAll());
            await refused(a.selectFrom(`${table} as x`).selectAll());
            await refused(
              a.selectFrom("pages").innerJoin(table, (j) => j.onTrue()).select("pages.slug"),
            );
            await refused(
              a.selectFrom("pages").select((eb) => eb.selectFrom(table).select("id").as("x")),
            );
            await refused(
              a.with("x", (q) => q.selectFrom(table).selectAll()).selectFrom("x").selectAll(),
            );
            await refused(
              a.selectFrom("pages").select("slug").where(({ exists, selectFrom }) =>
                exists(selectFrom(table).select("id"))
              ),
            );
            await refused(a.selectFrom(sql.table(table).as("x") as any).selectAll());
            await refused({
              execute: () => sql`select * from ${sql.table(table)}`.execute(a),
            });
            await refused(a.deleteFrom(table));
            await refused(a.updateTable(table).set({ hash: "x" }));
            await refused(a.insertInto(table).values({ hash: "x" }));
            await refused(
              a.insertInto("pages").columns(["slug"]).expression((eb: any) =>
                eb.selectFrom(table).select("hash")
              ),
            );
          }
          // The functions of the plugin go on.
          assert.equal((await getAuditLogs(a, { table: "pages" })).length, 1);
          const [entry] = await getAuditLogs(a);
          assert.equal((await asOf(a, "pages", "s", new Date()))!["body"], "s");
          await a.deleteFrom("pages").execute();
          const [gone] = await getAuditLogs(a, { table: "pages" });
          await restoreFromAudit(a, "pages", gone!.id);
          assert.equal(entry!.operation, "INSERT");
          // Nobody is kept from it whom no policy is for.
          const all = unlistedTables === "allow"
            ? await withoutRLS(executor).selectFrom("audit_logs").select("id").execute()
            : await getRawDb<any>(executor).selectFrom("audit_logs").select("id").execute();
          assert.equal(all.length, 3);
          await getRawDb<any>(executor).deleteFrom("audit_logs").execute();
          await getRawDb<any>(executor).deleteFrom("pages").execute();
        }
        const system = bindContext(await createExecutor(below, [rls]), {
          auth: { userId: 1, roles: [], isSystem: true },
        }) as Kysely<any>;
        if (unlistedTables === "allow") {
          await system.selectFrom("audit_logs").select("id").execute();
        }
        // An executor without policies reads it, and does not write it.
        await (below as Kysely<any>).selectFrom("audit_logs").selectAll().execute();
        await assert.rejects((below as Kysely<any>).deleteFrom("audit_logs").execute(), {
          name: "AuditAppendOnlyError",
          message: /getRawDb/,
        });
        await assert.rejects(sql`delete from audit_logs`.execute(below), {
          name: "AuditAppendOnlyError",
        });
      }
    }));

  it("is open where the schema or skipTables names it, and its policies hold for the functions", () =>
    withDb(dialect, async (db) => {
      await pages(db);
      const policies = { policies: [tenant] };
      const byActor = defineRLSSchema<any>({
        pages: policies,
        audit_logs: {
          policies: [filter("all", (c: any) => ({ changed_by: String(c.auth.userId) }))],
        },
      });
      const named: Kysely<any> = await createExecutor(db, [
        rlsPlugin({ schema: byActor }),
        auditPlugin(),
      ]);
      await me(named, 1).insertInto("pages").values({ slug: "s", tenant_id: 1, body: "s" })
        .execute();
      await withoutRLS(me(named, 2)).updateTable("pages").set({ body: "t" }).execute();
      const rows = await me(named, 1).selectFrom("audit_logs").select("operation").execute();
      assert.deepEqual(rows, [{ operation: "INSERT" }]);
      assert.deepEqual(told(await getAuditLogs(me(named, 1), { table: "pages" })), [
        ["INSERT", null, "s"],
      ]);
      assert.deepEqual(await getAuditLogs(me(named, 2), { table: "pages" }), []);
      await assert.rejects(me(named, 1).deleteFrom("audit_logs").execute(), {
        name: "AuditAppendOnlyError",
      });
      const skipped: Kysely<any> = await createExecutor(db, [
        rlsPlugin({
          schema: defineRLSSchema<any>({ pages: policies }),
          skipTables: ["audit_logs"],
          unlistedTables: "deny",
        }),
        auditPlugin(),
      ]);
      const seen = await me(skipped, 1).selectFrom("audit_logs").select("operation").execute();
      assert.equal(seen.length, 2);
      assert.equal((await getAuditLogs(me(skipped, 1), { table: "pages" })).length, 2);
    }));
});

onEveryDialect("auditPlugin() alone", (dialect) => {
  it("creates its table, and with createTable: false asks for it", () =>
    withDb(dialect, async (db) => {
      await pages(db);
      await assert.rejects(createExecutor(db, [auditPlugin({ createTable: false })]), {
        message: /await createAuditTable\(db\)/,
      });
      const executor: Kysely<any> = await createExecutor(db, [auditPlugin()]);
      await executor.insertInto("pages").values({ slug: "s", tenant_id: 1, body: "s" }).execute();
      assert.equal((await getAuditLogs(executor)).length, 1);
      await createExecutor(db, [auditPlugin({ createTable: false })]);
    }));

  it("says what a table of another layout lacks", () =>
    withDb(dialect, async (db) => {
      await createAuditTable(db);
      for (const column of ["request_id", "hash"]) {
        await db.schema.alterTable("audit_logs").dropColumn(column).execute();
      }
      const failed: any = await createExecutor(db, [auditPlugin()]).catch((error) => error);
      const statements: string[] = failed.message.match(/alter table [^;]+/g);
      assert.equal(statements.length, 2);
      for (const statement of statements) await sql.raw(statement).execute(db);
      await createExecutor(db, [auditPlugin()]);
    }));
});
