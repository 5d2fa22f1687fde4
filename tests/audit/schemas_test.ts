/** Tables as real schemas have them: qualified, partitioned, with columns of every kind. */
import {
  asOf,
  type AuditOptions,
  auditPlugin,
  createAuditTable,
  createAuditTriggers,
  getAuditLogs,
  restoreFromAudit,
} from "@kysera/audit";
import { bindContext, createExecutor, type Plugin } from "@kysera/executor";
import { createRepository } from "@kysera/repository";
import { defineRLSSchema, filter, rlsPlugin, withoutRLS } from "@kysera/rls";
import { softDeletePlugin } from "@kysera/soft-delete";
import { type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect, type TestDialect } from "../support/matrix.ts";

async function withDb(dialect: TestDialect, run: (db: Kysely<any>) => Promise<void>) {
  const { db, close } = await dialect.open();
  try {
    await run(db);
  } finally {
    await close();
  }
}

/** What writes the log. */
type Mode = "statement" | "trigger";
const MODES: readonly Mode[] = ["statement", "trigger"];

/** An executor whose log is written by whatever the mode says. */
async function audited(
  db: Kysely<any>,
  mode: Mode,
  table: string,
  options: AuditOptions = {},
): Promise<Kysely<any>> {
  if (mode === "trigger") {
    await createAuditTable(db);
    await createAuditTriggers(db, { tables: [table] });
  }
  return await createExecutor(db, [auditPlugin({ ...options, mode })]);
}

async function currentSchema(db: Kysely<any>, { dialect }: TestDialect): Promise<string> {
  if (dialect === "sqlite") return "main";
  const asked = dialect === "mysql" ? sql`database()` : sql`current_schema()`;
  const { rows: [row] } = await sql<{ s: string }>`select ${asked} as s`.execute(db);
  return row!.s;
}

onEveryDialect("the history of a table", (dialect) => {
  for (const mode of MODES) {
    it(`is one, however a write qualifies the table, by ${mode}`, () =>
      withDb(dialect, async (db) => {
        await db.schema.createTable("flights").addColumn("id", "integer", (c) => c.primaryKey())
          .addColumn("n", "integer").execute();
        const schema = await currentSchema(db, dialect);
        let day = 1;
        const executor = await audited(db, mode, "flights", {
          getTimestamp: () => new Date(Date.UTC(2026, 0, day)),
        });
        await executor.insertInto("flights").values({ id: 1, n: 1 }).execute();
        day = 2;
        await executor.withSchema(schema).updateTable("flights").set({ n: 2 }).execute();
        day = 3;
        await executor.updateTable(`${schema}.flights`).set({ n: 3 }).execute();
        day = 4;
        await executor.updateTable(`${schema}.flights as f`).set({ n: 4 }).execute();
        const labels = (await getAuditLogs(executor)).map(({ table_name }) => table_name);
        assert.deepEqual(labels, ["flights", "flights", "flights", "flights"]);
        // What was written before labels were the catalog's is a part of the history.
        await db.updateTable("audit_logs").set({ table_name: `${schema}.flights` })
          .where("changed_at", "like", "2026-01-02%").execute();
        for (const table of ["flights", `${schema}.flights`]) {
          const entries = await getAuditLogs(executor, { table, key: 1 });
          assert.deepEqual(entries.map(({ new_values }) => new_values!["n"]), [4, 3, 2, 1]);
          const at = new Date(Date.UTC(2026, 0, 2, 12));
          assert.deepEqual(await asOf(executor, table, 1, at), { id: 1, n: 2 });
          await restoreFromAudit(executor, table, entries[0]!.id);
          await executor.updateTable("flights").set({ n: 4 }).execute();
          await db.deleteFrom("audit_logs").where("id", ">", entries[0]!.id as number).execute();
        }
        const qualified = await getAuditLogs(executor.withSchema(schema), { table: "flights" });
        assert.equal(qualified.length, 4);
        const repo: any = createRepository(executor, { tableName: "flights" });
        assert.equal((await repo.getAuditHistory(1)).length, 4);
      }));
  }

  it("is another one for a table of the name in another schema", () =>
    withDb(dialect, async (db) => {
      const other = dialect.dialect === "sqlite" ? "temp" : `kysera_other_${Date.now()}`;
      const name = sql.id(other, "flights");
      if (dialect.dialect !== "sqlite") await sql`create schema ${sql.id(other)}`.execute(db);
      try {
        await db.schema.createTable("flights").addColumn("id", "integer", (c) => c.primaryKey())
          .addColumn("n", "integer").execute();
        await sql`create table ${name} (id integer primary key, n integer)`.execute(db);
        const executor: Kysely<any> = await createExecutor(db, [auditPlugin()]);
        const main = dialect.dialect === "sqlite" ? "main.flights" : "flights";
        await executor.insertInto(`${other}.flights`).values({ id: 1, n: 7 }).execute();
        await executor.insertInto(main).values({ id: 1, n: 8 }).execute();
        // A temporary table of SQLite is what the name alone finds.
        const values = async (table: string) =>
          (await getAuditLogs(executor, { table })).map(({ new_values }) => new_values!["n"]);
        assert.deepEqual(await values(`${other}.flights`), [7]);
        assert.deepEqual(await values(main), [8]);
      } finally {
        if (dialect.dialect !== "sqlite") {
          await sql`drop schema ${sql.id(other)} ${
            dialect.dialect === "mysql" ? sql`` : sql`cascade`
          }`.execute(db);
        }
      }
    }));
}, ["sqlite", "pglite", "postgres"]);

onEveryDialect("the history of a table, with the database's name", (dialect) => {
  for (const mode of MODES) {
    it(`is one, by ${mode}`, () =>
      withDb(dialect, async (db) => {
        await db.schema.createTable("flights").addColumn("id", "integer", (c) => c.primaryKey())
          .addColumn("n", "integer").execute();
        const schema = await currentSchema(db, dialect);
        const executor = await audited(db, mode, "flights");
        await executor.insertInto("flights").values({ id: 1, n: 1 }).execute();
        await executor.updateTable(`${schema}.flights`).set({ n: 2 }).execute();
        const entries = await getAuditLogs(executor, { table: `${schema}.flights`, key: 1 });
        assert.deepEqual(entries.map(({ table_name }) => table_name), ["flights", "flights"]);
      }));
  }
}, ["mysql"]);

onEveryDialect("an upsert on a partitioned table", (dialect) => {
  for (const mode of MODES) {
    it(`tells what it did, by ${mode}`, () =>
      withDb(dialect, async (db) => {
        await sql`create table p (t int, id int, v int, primary key (t, id)) partition by list (t)`
          .execute(db);
        for (const t of [1, 2]) {
          await sql`create table ${sql.id(`p${t}`)} partition of p for values in (${sql.lit(t)})`
            .execute(db);
        }
        const executor = await audited(db, mode, "p");
        const upsert = (v: number) =>
          executor.insertInto("p").values([{ t: 2, id: 1, v }, { t: 1, id: v, v }])
            .onConflict((oc) =>
              oc.columns(["t", "id"]).doUpdateSet((eb) => ({ v: eb.ref("excluded.v") }))
            )
            .returningAll().execute();
        assert.equal((await upsert(5)).length, 2);
        assert.deepEqual(await upsert(6), [{ t: 2, id: 1, v: 6 }, { t: 1, id: 6, v: 6 }]);
        await executor.updateTable("p").set({ t: 1 }).where("t", "=", 2).execute();
        const entries = (await getAuditLogs(executor, { table: "p" })).reverse();
        assert.deepEqual(
          entries.map(({ operation, old_values, new_values }) => [
            operation,
            old_values?.["v"],
            new_values?.["v"],
            new_values?.["t"],
          ]),
          [
            ["INSERT", undefined, 5, 2],
            ["INSERT", undefined, 5, 1],
            ["UPDATE", 5, 6, 2],
            ["INSERT", undefined, 6, 1],
            ["UPDATE", 6, 6, 1],
          ],
        );
      }));
  }
}, ["pglite", "postgres"]);

onEveryDialect("an upsert on a partitioned table, beside another transaction", (dialect) => {
  it("tells of the row that was inserted in that moment", () =>
    withDb(dialect, async (db) => {
      await sql`create table p (t int, id int, v int, primary key (t, id)) partition by list (t)`
        .execute(db);
      await sql`create table p1 partition of p for values in (1)`.execute(db);
      const executor: Kysely<any> = await createExecutor(db, [auditPlugin()]);
      const upsert = (v: number) =>
        executor.insertInto("p").values({ t: 1, id: 1, v })
          .onConflict((oc) => oc.columns(["t", "id"]).doUpdateSet({ v })).execute();
      const isWaiting = async (): Promise<boolean> => {
        const { rows } = await sql`select 1 from pg_locks l join pg_stat_activity a on a.pid = l.pid
          where not l.granted and a.query like '%kysera_write%'`.execute(db);
        return rows.length > 0;
      };
      const first = await executor.startTransaction().execute();
      let second: Promise<unknown> | undefined;
      try {
        await first.insertInto("p").values({ t: 1, id: 1, v: 1 }).execute();
        second = upsert(2);
        while (!await isWaiting());
      } finally {
        await first.commit().execute();
      }
      await second;
      const entries = await getAuditLogs(executor, { table: "p" });
      assert.deepEqual(
        entries.map(({ operation, old_values, new_values }) => [
          operation,
          old_values?.["v"],
          new_values?.["v"],
        ]),
        [["UPDATE", 1, 2], ["INSERT", undefined, 1]],
      );
    }));
}, ["postgres"]);

onEveryDialect("the null of JSON", (dialect) => {
  for (const mode of MODES) {
    it(`comes back as it was, by ${mode}`, () =>
      withDb(dialect, async (db) => {
        await sql`create table docs (id int primary key, must jsonb not null, may jsonb, old json, n int)`
          .execute(db);
        await sql`insert into docs values (1, 'null', 'null', ' null ', 0), (2, 'null', null, null, 0)`
          .execute(db);
        const executor = await audited(db, mode, "docs");
        await executor.updateTable("docs").set({ must: "1", may: "2", old: "3" }).execute();
        await executor.updateTable("docs").set({ may: null }).where("id", "=", 1).execute();
        const state = async () =>
          (await sql`select id, must::text, may::text, trim(old::text) as old from docs order by id`
            .execute(db)).rows;
        const entries = (await getAuditLogs(executor, { table: "docs" })).reverse();
        assert.deepEqual(entries[0]!.old_values, { id: 1, must: null, may: null, old: null, n: 0 });
        await restoreFromAudit(executor, "docs", entries[0]!.id, { force: true });
        await restoreFromAudit(executor, "docs", entries[1]!.id);
        const expected = [
          { id: 1, must: "null", may: "null", old: "null" },
          { id: 2, must: "null", may: null, old: null },
        ];
        assert.deepEqual(await state(), expected);
        await executor.deleteFrom("docs").execute();
        for (const { id } of await getAuditLogs(executor, { table: "docs", operation: "DELETE" })) {
          await restoreFromAudit(executor, "docs", id);
        }
        assert.deepEqual(await state(), expected);
      }));
  }
}, ["pglite", "postgres"]);

onEveryDialect("SQLite's own kinds of columns", (dialect) => {
  it("keeps columns that are called as ours were", () =>
    withDb(dialect, async (db) => {
      await sql`create table t (id integer primary key, kyserax0 text, kysera_n text, kyserax text)`
        .execute(db);
      const schema = defineRLSSchema<any>({ t: { policies: [filter("all", { kysera_n: "n" })] } });
      const executor: Kysely<any> = bindContext(
        await createExecutor(db, [rlsPlugin({ schema }), auditPlugin()]),
        { auth: { userId: 1, roles: [] } },
      );
      const row = { id: 1, kyserax0: "a", kysera_n: "n", kyserax: "c" };
      assert.deepEqual(await executor.insertInto("t").values(row).returningAll().execute(), [row]);
      assert.deepEqual(await executor.updateTable("t").set(row).returningAll().execute(), [row]);
      assert.deepEqual(await executor.deleteFrom("t").returningAll().execute(), [row]);
      const entries = await getAuditLogs(executor, { table: "t" });
      assert.deepEqual(entries.map(({ operation }) => operation), ["DELETE", "UPDATE", "INSERT"]);
      assert.deepEqual(entries[0]!.old_values, row);
    }));

  it("compares as the columns do: real keys, text in numbers, bytes, NOCASE", () =>
    withDb(dialect, async (db) => {
      await sql`create table r (k real primary key, tenant int, owner text collate nocase, b blob)`
        .execute(db);
      const bytes = new Uint8Array([0, 1, 255]);
      const schema = defineRLSSchema<any>({
        r: {
          policies: [
            filter("all", (c: any) => ({ tenant: c.auth.tenantId, owner: "ADA" })),
            filter("read", (_: any, { eb, column }: any) => eb(column("b"), "=", bytes)),
          ],
        },
      });
      const executor: Kysely<any> = await createExecutor(db, [
        rlsPlugin({ schema }),
        auditPlugin(),
      ]);
      // The tenant is given as a text, as a session may have it.
      const as = (tenantId: unknown): Kysely<any> =>
        bindContext(executor, { auth: { userId: 1, roles: [], tenantId } });
      await withoutRLS(executor).insertInto("r").values([
        { k: 1, tenant: 1, owner: "ada", b: bytes },
        { k: 1.5, tenant: 1, owner: "Ada", b: bytes },
      ]).execute();
      assert.equal((await getAuditLogs(as(1), { table: "r" })).length, 2);
      assert.equal((await getAuditLogs(as("1"), { table: "r" })).length, 2);
      assert.equal((await getAuditLogs(as(1), { table: "r", key: { k: 1 } })).length, 1);
      assert.equal((await getAuditLogs(as(2), { table: "r" })).length, 0);
    }));
}, ["sqlite"]);

onEveryDialect("columns of every type", (dialect) => {
  it("are told apart by policies as the table's own are", () =>
    withDb(dialect, async (db) => {
      const isMysql = dialect.dialect === "mysql";
      await (isMysql
        ? sql`create table kinds (id bigint primary key, org bigint unsigned, amount decimal(10,2),
            at datetime(6), day date, flag boolean, name varchar(20), code char(5), raw varbinary(8),
            kind enum('a', 'b'), doc json, f double)`
        : sql`create table kinds (id bigint primary key, org bigint, amount numeric(10,2),
            at timestamptz, day date, flag boolean, name text, code char(5), raw bytea,
            kind varchar(1), doc jsonb, f float8)`).execute(db);
      const row = {
        id: 1,
        org: "9007199254740993",
        amount: "1.50",
        at: isMysql ? "2026-01-31 12:00:00.000001" : "2026-01-31 12:00:00.000001Z",
        day: "2026-01-31",
        flag: true,
        name: "Ada",
        code: "x",
        raw: new Uint8Array([1, 255]),
        kind: "b",
        doc: '{"a": [1, "x"]}',
        f: 0.1,
      };
      const conditions: Record<string, [unknown, unknown]> = {
        org: ["9007199254740993", "9007199254740992"],
        amount: [1.5, 1.51],
        at: [row.at, row.at.replace("000001", "000002")],
        day: ["2026-01-31", "2026-02-01"],
        flag: [true, false],
        name: ["Ada", "Bob"],
        code: ["x", "y"],
        raw: [row.raw, new Uint8Array([1, 254])],
        kind: ["b", "a"],
        f: [0.1, 0.2],
      };
      let first = true;
      for (const [name, [right, wrong]] of Object.entries(conditions)) {
        for (const value of [right, wrong]) {
          const schema = defineRLSSchema<any>({
            kinds: {
              policies: [
                filter("read", (_: any, { eb, column }: any) => eb(column(name), "=", value)),
              ],
            },
          });
          const executor: Kysely<any> = bindContext(
            await createExecutor(db, [rlsPlugin({ schema }), auditPlugin()]),
            { auth: { userId: 1, roles: [], isSystem: false } },
          );
          if (first) {
            const plain: Kysely<any> = await createExecutor(db, [auditPlugin()]);
            await plain.insertInto("kinds").values(row).execute();
            first = false;
          }
          const shown = (await executor.selectFrom("kinds").select("id").execute()).length;
          const told = (await getAuditLogs(executor, { table: "kinds" })).length;
          assert.deepEqual([name, shown, told], [name, value === right ? 1 : 0, shown]);
        }
      }
    }));
}, ["pglite", "postgres", "mysql"]);

onEveryDialect("an executor with two soft-delete plugins", (dialect) => {
  it("takes any other plugin on top", () =>
    withDb(dialect, async (db) => {
      await db.schema.createTable("a").addColumn("id", "integer", (c) => c.primaryKey())
        .addColumn("deleted_at", "varchar(50)").execute();
      await db.schema.createTable("b").addColumn("id", "integer", (c) => c.primaryKey())
        .addColumn("gone", "integer").execute();
      const one = await createExecutor(db, [softDeletePlugin({ tables: ["a"] })]);
      const two = await createExecutor(one, [
        softDeletePlugin({ tables: ["b"], deletedAtColumn: "gone", deletedValue: () => 1 } as any),
      ]);
      const idle: Plugin = {
        name: "idle",
        version: "1.0.0",
        dependencies: ["@kysera/soft-delete"],
      };
      const schema = defineRLSSchema<any>({
        a: { policies: [filter("all", { deleted_at: null })] },
      });
      const top: Kysely<any> = await createExecutor(two, [
        auditPlugin({ deletedAtColumn: "gone" }),
        idle,
        rlsPlugin({ schema }),
      ]);
      const as = bindContext(top, { auth: { userId: 1, roles: [] } });
      await as.insertInto("b").values([{ id: 1 }, { id: 2 }]).execute();
      await as.updateTable("b").set({ gone: 1 }).where("id", "=", 1).execute();
      assert.deepEqual(await as.selectFrom("b").select("id").execute(), [{ id: 2 }]);
      const [entry] = await getAuditLogs(as, { table: "b" });
      assert.equal(entry!.operation, "SOFT_DELETE");
    }));
});
