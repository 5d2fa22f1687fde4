/** With `mode: "trigger"` the database's triggers write what the plugin would, and know the caller. */
import {
  asOf,
  type AuditEntry,
  type AuditOptions,
  auditPlugin,
  createAuditTriggers,
  getAuditLogs,
  restoreFromAudit,
  verifyAuditLog,
} from "@kysera/audit";
import { bindContext, createExecutor, createExecutorSync, getRawDb } from "@kysera/executor";
import { createRepository } from "@kysera/repository";
import { defineRLSSchema, filter, rlsPlugin } from "@kysera/rls";
import { softDeletePlugin } from "@kysera/soft-delete";
import { type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect, type TestDialect } from "../support/matrix.ts";
import { State } from "./_fold.ts";
import { createTriggers, inTriggerWorld, openWorld } from "./_world.ts";

const TABLES = ["people", "notes", "loose"];

/** Writes of every kind, as far as all dialects have them. */
async function work(db: Kysely<any>, dialect: TestDialect): Promise<void> {
  const is = dialect.dialect;
  await db.insertInto("people").values([
    { email: "d@x", name: "D 'quoted' \\ \"text\"" },
    { email: "e@x", name: "E" },
  ]).execute();
  await db.updateTable("people").set({ age: 1 }).where("id", "<", 3).execute();
  await db.updateTable("people").set({ deleted_at: "x" }).where("id", "=", 1).execute();
  await db.updateTable("people").set({ deleted_at: null }).where("id", "=", 1).execute();
  await db.updateTable("notes").set((eb) => ({ place: eb("place", "+", 10) }))
    .where("owner", "=", 1).execute();
  await db.insertInto("loose").columns(["a", "b"])
    .expression(db.selectFrom("notes").select(["owner", "text"]).where("owner", "=", 2)).execute();
  const rows = [{ email: "d@x", name: "met" }, { email: "new@x", name: "new" }];
  const insert = db.insertInto("people").values(rows);
  await (is === "mysql"
    ? insert.onDuplicateKeyUpdate({ name: "met", age: 77 })
    : insert.onConflict((oc) => oc.column("email").doUpdateSet({ name: "met", age: 77 })))
    .execute();
  await (is === "mysql"
    ? db.insertInto("notes").values({ owner: 2, place: 1, text: "i" }).ignore()
    : db.insertInto("notes").values({ owner: 2, place: 1, text: "i" })
      .onConflict((oc) => oc.doNothing())).execute();
  if (is !== "postgres") {
    await db.replaceInto("people").values({ id: 1, email: "bob@x", name: "R" }).execute();
  }
  await db.deleteFrom("people").where("id", ">", 2).execute();
}

onEveryDialect('auditPlugin({ mode: "trigger" })', (dialect) => {
  const is = dialect.dialect;
  const all: AuditOptions = {
    getUserId: () => "ada",
    requestId: () => "r1",
    getTimestamp: () => new Date(0),
    metadata: { why: 'a "test"' },
  };

  for (const options of [{}, { denyColumns: ["email"], maskColumns: ["name"] }] as const) {
    it(`writes the entries of the default mode, with ${JSON.stringify(options)}`, async () => {
      const told: object[][] = [];
      for (const mode of ["statement", "trigger"] as const) {
        const world = await openWorld(dialect, { ...all, ...options, mode });
        try {
          const before = await State.of(world.db, TABLES);
          await work(world.executor as Kysely<any>, dialect);
          const entries = await world.entries();
          if (Object.keys(options).length === 0) {
            const now = await State.of(world.db, TABLES);
            assert.deepEqual(before.fold(entries).list(), now.list());
          }
          const key = (entry: object): string => JSON.stringify({ ...entry, id: 0 });
          told.push(
            entries.map((entry) => ({ ...entry, id: 0 })).sort((a, b) => key(a) < key(b) ? -1 : 1),
          );
        } finally {
          await world.close();
        }
      }
      assert.ok(told[0]!.length > 10);
      assert.deepEqual(told[1], told[0]);
    });
  }

  it("does not rewrite a write for its images", () =>
    inTriggerWorld(dialect, async ({ any, statements }) => {
      await any.deleteFrom("people").where("id", "=", -1).execute();
      statements();
      await any.updateTable("people").set({ age: 1 }).where("id", "=", 1).execute();
      const ran = statements().filter((text) => !/^\s*(?:begin|start|commit)/i.test(text));
      assert.equal(ran.length, is === "postgres" ? 1 : 3, ran.join("\n"));
      assert.ok(ran.every((text) => !/json_object|to_jsonb|audit_logs"? \(/i.test(text)));
    }));

  it("gives what the statement gives", () =>
    inTriggerWorld(dialect, async ({ any }) => {
      const [inserted] = await any.insertInto("people")
        .values([{ email: "d@x" }, { email: "e@x" }]).execute();
      assert.equal(inserted!.numInsertedOrUpdatedRows, 2n);
      if (is !== "postgres") assert.equal(inserted!.insertId, is === "sqlite" ? 5n : 4n);
      const [updated] = await any.updateTable("people").set({ age: 3 }).where("id", "<", 3)
        .execute();
      assert.equal(updated!.numUpdatedRows, 2n);
      const [deleted] = await any.deleteFrom("people").where("id", "=", 3).execute();
      assert.equal(deleted!.numDeletedRows, 1n);
      if (is === "mysql") return;
      assert.deepEqual(
        await any.insertInto("people").values({ email: "f@x" }).returning(["id", "age as years"])
          .execute(),
        [{ id: 6, years: 7 }],
      );
      assert.deepEqual(
        await any.updateTable("people").set({ age: 1 }).where("id", "=", 6).returningAll()
          .execute(),
        [{ id: 6, email: "f@x", name: null, age: 1, deleted_at: null }],
      );
      assert.deepEqual(
        await any.deleteFrom("people").where("id", "=", 6)
          .returning([sql<string>`upper(email)`.as("shout"), "people.id"]).execute(),
        [{ shout: "F@X", id: 6 }],
      );
      assert.deepEqual(
        await any.insertInto("people").values({ id: 1, email: "ada@x" })
          .onConflict((oc) => oc.doNothing()).returning("id").execute(),
        [],
      );
    }));

  it("tells a write of nobody as nobody's, whoever wrote before", () =>
    inTriggerWorld(dialect, async ({ any, db, entries, clear }) => {
      const ada = bindContext(any, { auth: { userId: "ada" }, requestId: "r1" });
      const rename = (on: Kysely<any>, id: number): Promise<unknown> =>
        on.updateTable("people").set((eb) => ({ age: eb("age", "+", 1) })).where("id", "=", id)
          .execute();
      const raw = (on: Kysely<any>): Promise<unknown> =>
        sql`update people set age = 50 where id = 3`.execute(on);
      const by = async (): Promise<unknown[]> =>
        (await entries()).map(({ changed_by, request_id, entity_id }) =>
          `${entity_id} ${changed_by} ${request_id}`
        );
      const mixed = async (a: Kysely<any>, nobody: Kysely<any>, past: Kysely<any>) => {
        await rename(a, 1);
        await raw(past);
        await rename(a, -1);
        await raw(past);
        await rename(nobody, 2);
        await rename(a, 1);
        await raw(nobody);
      };
      const expected = ["1 ada r1", "3 null null", "3 null null", "2 null null", "1 ada r1"];
      await mixed(ada, any, db as Kysely<any>);
      assert.deepEqual(await by(), [...expected, "3 null null"]);
      await clear();
      await ada.transaction().execute(async (trx) => {
        await mixed(trx, bindContext(trx, {}), getRawDb<any>(trx));
      });
      assert.deepEqual(await by(), [...expected, "3 null null"]);
    }));

  it("leaves nobody behind where a write fails, is rolled back, or changes nothing", async () => {
    const world = await openWorld(dialect, { mode: "trigger" }, { open: { connections: 1 } });
    const { db, entries, close } = world;
    const any = world.executor as Kysely<any>;
    const ada = bindContext(any, { auth: { userId: "ada" } });
    const raw = (on: Kysely<any>): Promise<unknown> =>
      sql`update people set age = 50 where id = 3`.execute(on);
    try {
      const fails = (on: Kysely<any>): Promise<unknown> =>
        on.insertInto("people").values({ email: "ada@x" }).execute();
      await assert.rejects(fails(ada));
      await raw(db);
      const trx = await ada.startTransaction().execute();
      const point = await trx.savepoint("here").execute();
      await point.updateTable("people").set({ age: 1 }).execute();
      await assert.rejects(fails(point));
      await point.rollbackToSavepoint("here" as never).execute();
      await raw(getRawDb<any>(trx));
      await trx.updateTable("people").set({ age: 2 }).where("id", "=", 2).execute();
      await trx.commit().execute();
      await ada.transaction().execute(async (inner) => {
        await inner.updateTable("people").set({ age: 3 }).execute();
        throw new Error("undo");
      }).catch(() => {});
      await ada.deleteFrom("people").where("id", "=", -1).execute();
      await raw(db);
      assert.deepEqual(
        (await entries()).map(({ entity_id, changed_by }) => `${entity_id} ${changed_by}`),
        ["3 null", "3 null", "2 ada", "3 null"],
      );
    } finally {
      await close();
    }
  });

  it("keeps callers apart that write at once", () =>
    inTriggerWorld(dialect, async ({ any, entries }) => {
      await Promise.all(Array.from({ length: 24 }, async (_, i) => {
        const one = i % 3 === 0 ? any : bindContext(any, { auth: { userId: `u${i}` } });
        const write = (on: Kysely<any>): Promise<unknown> =>
          on.insertInto("loose").values({ a: i, b: null }).execute();
        await (i % 2 === 0 ? write(one) : one.transaction().execute(write));
      }));
      const told = await entries();
      assert.equal(told.length, 24);
      for (const { new_values, changed_by } of told) {
        const i = Number(new_values!["a"]);
        assert.equal(changed_by, i % 3 === 0 ? null : `u${i}`);
      }
    }));

  it("leaves out writes of nobody where they are to be left out, and no others", () =>
    inTriggerWorld(dialect, async ({ any, db, entries }) => {
      const write = (on: Kysely<any>, a: number): Promise<unknown> =>
        on.insertInto("loose").values({ a, b: null }).execute();
      await write(any, 1);
      await write(bindContext(any, { userId: "ada" }), 2);
      await write(db, 3);
      await any.transaction().execute(async (trx) => {
        await write(trx, 4);
        await write(getRawDb<any>(trx), 5);
      });
      assert.deepEqual(
        (await entries()).map(({ new_values, changed_by }) => [new_values!["a"], changed_by]),
        [[2, "ada"], [3, null], [5, null]],
      );
    }, { skipSystemOperations: true }));

  it("refuses a table without its triggers, or with those of other options", () =>
    inTriggerWorld(dialect, async ({ db }) => {
      const any = db as Kysely<any>;
      await any.schema.createTable("bare").addColumn("id", "integer", (c) => c.primaryKey())
        .execute();
      const plugin = (options: AuditOptions): AuditOptions => ({ mode: "trigger", ...options });
      const refusal = (table: string, why: RegExp) => ({
        name: "AuditTriggersError",
        code: "AUDIT_TRIGGERS_MISSING",
        table,
        message: why,
      });
      // What the plugin is refused for stands behind the executor's own error.
      const make = (options: AuditOptions): Promise<Kysely<any>> =>
        createExecutor(any, [auditPlugin(plugin(options))]).catch((error) => {
          throw error.cause ?? error;
        });
      await assert.rejects(
        make({ tables: ["people", "bare"] }),
        refusal("bare", /no triggers.*createAuditTriggers\(db, \{"tables":\["bare"\]\}\)/),
      );
      const executor = await make({});
      const write = () => executor.insertInto("bare").values({ id: 1 }).execute();
      await assert.rejects(write(), refusal("bare", /no triggers/));
      assert.deepEqual(await any.selectFrom("bare").selectAll().execute(), []);
      for (
        const options of [
          { denyColumns: ["people.name"] },
          { maskColumns: ["name"] },
          { allowColumns: ["people.id"] },
          { captureOldValues: false },
          { deletedAtColumn: false },
          { tables: ["notes"], primaryKeyColumn: { notes: ["place", "owner"] } },
        ] as AuditOptions[]
      ) {
        const [table] = options.tables ?? ["people"];
        await assert.rejects(
          make({ tables: [table!], ...options }),
          refusal(table!, /other options.*createAuditTriggers/),
        );
      }
      const sync = createExecutorSync(any, [auditPlugin({ mode: "trigger" })]) as Kysely<any>;
      await assert.rejects(
        sync.insertInto("bare").values({ id: 1 }).execute(),
        refusal("bare", /no triggers/),
      );
      await createTriggers(any, {}, ["bare"]);
      await write();
      assert.equal((await getAuditLogs(executor, { table: "bare" })).length, 1);
      // A column that came later, and one trigger that went.
      await sql`alter table people add column secret varchar(20)`.execute(any);
      if (is !== "postgres") {
        await assert.rejects(make({ tables: ["people"] }), refusal("people", /other columns/));
      }
      await createTriggers(any);
      await make({ tables: ["people"] });
      await (is === "postgres"
        ? sql`alter table people disable trigger kysera_audit_update`
        : sql`drop trigger kysera_audit_update_people`).execute(any);
      await assert.rejects(make({ tables: ["people"] }), refusal("people", /missing or disabled/));
    }));

  it("takes triggers that are made again", () =>
    inTriggerWorld(dialect, async ({ db, any, entries }) => {
      await createTriggers(db, { denyColumns: ["name"] });
      await createTriggers(db);
      await any.updateTable("people").set({ age: 1 }).where("id", "=", 1).execute();
      assert.deepEqual((await entries()).map(({ new_values }) => Object.keys(new_values!).length), [
        5,
      ]);
    }));

  it("refuses a chain of hashes, views, and TRUNCATE", () =>
    inTriggerWorld(dialect, async ({ db, any }) => {
      assert.throws(() => auditPlugin({ mode: "trigger", hashChain: true }), {
        name: "PluginValidationError",
        message: /triggers write no hashes/,
      });
      await assert.rejects(verifyAuditLog(any), { message: /triggers write it/ });
      assert.throws(() => auditPlugin({ mode: "triggers" as never }), {
        name: "PluginValidationError",
      });
      await sql`create view seen as select * from people`.execute(db);
      await assert.rejects(any.deleteFrom("seen").execute(), { name: "AuditNotPossibleError" });
      if (is === "sqlite") return;
      await assert.rejects(sql`truncate table people`.execute(any), {
        name: "AuditNotPossibleError",
      });
      if (is === "postgres") {
        await assert.rejects(sql`truncate people`.execute(db), { message: /Cannot truncate/ });
      }
    }));
});

onEveryDialect("a log that triggers write", (dialect) => {
  it("is read, undone and policed as any other, beside soft delete and policies", async () => {
    const schema = defineRLSSchema<any>({
      people: { policies: [filter("all", (ctx: any) => ({ age: ctx.auth.tenantId }))] },
    });
    let day = 0;
    const options: AuditOptions = {
      mode: "trigger",
      metadata: { why: "test" },
      getTimestamp: () => new Date(Date.UTC(2030, 0, ++day)),
    };
    const world = await openWorld(dialect, options, {
      plugins: [softDeletePlugin({ tables: ["people"], onDelete: "soft" }), rlsPlugin({ schema })],
    });
    try {
      const as = (userId: string, tenantId: number): Kysely<any> =>
        bindContext(world.executor, { auth: { userId, tenantId, roles: [] } });
      const [ada, bob] = [as("ada", 36), as("bob", 20)];
      const repository: any = createRepository(ada, { tableName: "people" });
      const made = await repository.create({ email: "new@x", name: "New", age: 36 });
      const start = new Date(Date.UTC(2030, 0, 1, 12));
      await repository.update(made.id, { name: "Renamed" });
      await repository.delete(made.id);
      const history = await repository.getAuditHistory(made.id);
      assert.deepEqual(
        history.map((
          { operation, changed_by, metadata }: AuditEntry,
        ) => [operation, changed_by, metadata]),
        ["SOFT_DELETE", "UPDATE", "INSERT"].map((each) => [each, "ada", { why: "test" }]),
      );
      assert.deepEqual(await getAuditLogs(bob, { table: "people" }), []);
      assert.deepEqual(await getAuditLogs(bob, { table: "people", key: made.id }), []);
      assert.equal((await asOf(ada, "people", made.id, start))!["name"], "New");
      await repository.restoreFromAudit(history[0]!.id);
      await restoreFromAudit(ada, "people", history[1]!.id, { force: true });
      assert.deepEqual(
        (await repository.getAuditHistory(made.id)).slice(0, 2).map((entry: AuditEntry) => [
          entry.operation,
          entry.changed_by,
          entry.new_values!["name"],
        ]),
        [["UPDATE", "ada", "New"], ["RESTORE", "ada", "Renamed"]],
      );
      await assert.rejects(ada.insertInto("audit_logs_caller").values({ id: 1 }).execute());
    } finally {
      await world.close();
    }
  });
});

onEveryDialect("what foreign keys cascade to", (dialect) => {
  it("is told with the caller", () =>
    inTriggerWorld(dialect, async ({ db, any, entries }) => {
      if (dialect.dialect === "sqlite") await sql`pragma foreign_keys = on`.execute(db);
      await sql`create table children (id integer primary key,
        parent integer references people (id) on delete cascade on update cascade)`.execute(db);
      await sql`insert into children values (1, 1), (2, 1), (3, 2)`.execute(db);
      await createAuditTriggers(db, { tables: ["children"] });
      const ada = bindContext(any, { userId: "ada" });
      await ada.updateTable("people").set({ id: 9 }).where("id", "=", 2).execute();
      await ada.deleteFrom("people").where("id", "=", 1).execute();
      const told = (await entries()).map(({ operation, table_name, entity_id, changed_by }) =>
        `${operation} ${table_name} ${entity_id} ${changed_by}`
      );
      assert.deepEqual(told.sort(), [
        "DELETE children 1 ada",
        "DELETE children 2 ada",
        "DELETE people 1 ada",
        "UPDATE children 3 ada",
        "UPDATE people 9 ada",
      ]);
    }));
}, ["sqlite", "pglite", "postgres"]);
