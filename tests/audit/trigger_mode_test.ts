/** With `mode: "trigger"` the database's triggers write what the plugin would, and know the caller. */
import {
  type AuditOptions,
  auditPlugin,
  createAuditTriggers,
  getAuditLogs,
  verifyAuditLog,
} from "@kysera/audit";
import { bindContext, createExecutor, createExecutorSync, getRawDb } from "@kysera/executor";
import { type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect, type TestDialect } from "../support/matrix.ts";
import { State } from "./_fold.ts";
import { createTriggers, openWorld, type World } from "./_world.ts";

const TABLES = ["people", "notes", "loose"];

async function inWorld(
  dialect: TestDialect,
  body: (world: World & { readonly any: Kysely<any> }) => Promise<void>,
  options: AuditOptions = {},
): Promise<void> {
  const world = await openWorld(dialect, { mode: "trigger", ...options });
  try {
    await body({ ...world, any: world.executor as Kysely<any> });
  } finally {
    await world.close();
  }
}

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
    inWorld(dialect, async ({ any, statements }) => {
      await any.deleteFrom("people").where("id", "=", -1).execute();
      statements();
      await any.updateTable("people").set({ age: 1 }).where("id", "=", 1).execute();
      const ran = statements().filter((text) => !/^\s*(?:begin|start|commit)/i.test(text));
      assert.equal(ran.length, is === "postgres" ? 1 : 3, ran.join("\n"));
      assert.ok(ran.every((text) => !/json_object|to_jsonb|audit_logs"? \(/i.test(text)));
    }));

  it("gives what the statement gives", () =>
    inWorld(dialect, async ({ any }) => {
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
    inWorld(dialect, async ({ any, db, entries, clear }) => {
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
    inWorld(dialect, async ({ any, entries }) => {
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
    inWorld(dialect, async ({ any, db, entries }) => {
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
    inWorld(dialect, async ({ db }) => {
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
    inWorld(dialect, async ({ db, any, entries }) => {
      await createTriggers(db, { denyColumns: ["name"] });
      await createTriggers(db);
      await any.updateTable("people").set({ age: 1 }).where("id", "=", 1).execute();
      assert.deepEqual((await entries()).map(({ new_values }) => Object.keys(new_values!).length), [
        5,
      ]);
    }));

  it("refuses a chain of hashes, views, and TRUNCATE", () =>
    inWorld(dialect, async ({ db, any }) => {
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

onEveryDialect("what foreign keys cascade to", (dialect) => {
  it("is told with the caller", () =>
    inWorld(dialect, async ({ db, any, entries }) => {
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

onEveryDialect("a table with odd names", (dialect) => {
  it("is audited by triggers", () =>
    inWorld(dialect, async ({ db, any, entries }) => {
      const id = 'it\'s \\ a "key" $kysera$ ? $1';
      const names = { key: id, text: dialect.dialect === "mysql" ? "b`b" : "b'b" };
      const table = "Odd 'table' :x";
      await any.schema.createTable(table)
        .addColumn(names.key, "integer", (column) => column.primaryKey())
        .addColumn(names.text, "varchar(20)")
        .addColumn("n", "integer").addColumn("b", "integer").addColumn("kysera_by", "integer")
        .execute();
      await createTriggers(db, { maskColumns: [names.text] }, [table]);
      const executor: Kysely<any> = await createExecutor(db as Kysely<any>, [
        auditPlugin({ mode: "trigger", maskColumns: [names.text], getUserId: () => "ada" }),
      ]);
      const row = { [names.key]: 1, [names.text]: "x", n: 2, b: 3, kysera_by: 4 };
      await executor.insertInto(table).values(row).execute();
      await executor.updateTable(table).set({ n: 5, kysera_by: null }).execute();
      await executor.deleteFrom(table).execute();
      const first = { ...row, [names.text]: "***" };
      const last = { ...first, n: 5, kysera_by: null };
      assert.deepEqual(
        (await entries()).map((entry) => [
          entry.operation,
          entry.table_name,
          entry.entity_id,
          entry.changed_by,
          entry.old_values,
          entry.new_values,
        ]),
        [
          ["INSERT", table, "1", "ada", null, first],
          ["UPDATE", table, "1", "ada", first, last],
          ["DELETE", table, "1", "ada", last, null],
        ],
      );
    }));
});

onEveryDialect("a trigger of the user's own", (dialect) => {
  it("leaves the entries in the order in which the row changed", () =>
    inWorld(dialect, async ({ db, any, entries }) => {
      await (dialect.dialect === "sqlite"
        ? sql`create trigger z_shout after update of name on people begin
            update people set age = age + 1 where id = new.id; end`
        : sql`create function shout() returns trigger language plpgsql as $$ begin
            if pg_trigger_depth() < 2 then
              update people set age = age + 1 where id = new.id;
            end if;
            return null; end $$`).execute(db);
      if (dialect.dialect === "postgres") {
        await sql`create trigger a_shout after update on people for each row
          execute function shout()`.execute(db);
      }
      await any.updateTable("people").set({ name: "x" }).where("id", "=", 1).execute();
      const told = await entries();
      const last = await db.selectFrom("people").selectAll().where("id", "=", 1)
        .executeTakeFirst();
      assert.equal(last!.age, 37);
      assert.deepEqual(told.at(-1)!.new_values, last);
      const before = { id: 1, email: "ada@x", name: "Ada", age: 36, deleted_at: null };
      assert.deepEqual(told[0]!.old_values, before);
    }));
}, ["sqlite", "pglite", "postgres"]);

onEveryDialect("a statement of PostgreSQL whose triggers write the log", (dialect) => {
  const ada: AuditOptions = { getUserId: () => "ada" };
  const told = async ({ entries }: World): Promise<string[]> =>
    (await entries()).map(({ operation, table_name, entity_id, changed_by }) =>
      `${operation} ${table_name} ${entity_id} ${changed_by}`
    ).sort();

  it("tells what each part of a WITH did", () =>
    inWorld(dialect, async (world) => {
      const { executor, any, clear } = world;
      await executor
        .with("gone", (q) => q.deleteFrom("people").where("id", "=", 1).returning(["id", "email"]))
        .insertInto("loose").columns(["a", "b"])
        .expression((eb) => eb.selectFrom("gone").select(["gone.id", "gone.email"]))
        .execute();
      assert.deepEqual(await told(world), ["DELETE people 1 ada", "INSERT loose null ada"]);
      await clear();
      const rows = await executor
        .with("changed", (q) => q.updateTable("people").set({ age: 9 }).returningAll())
        .selectFrom("changed").selectAll().where(sql<boolean>`1 > 2`).orderBy("id").execute();
      assert.deepEqual(rows, []);
      assert.deepEqual(await told(world), ["UPDATE people 2 ada", "UPDATE people 3 ada"]);
      await clear();
      // The parts are done where the statement itself changes nothing.
      const [result] = await any
        .with("added", (q) => q.insertInto("loose").values({ a: 1, b: null }))
        .updateTable("people").set({ age: 1 }).where(sql<boolean>`1 > 2`).execute();
      assert.equal(result!.numUpdatedRows, 0n);
      assert.deepEqual(await told(world), ["INSERT loose null ada"]);
    }, ada));

  it("tells what UPDATE .. FROM and DELETE .. USING did, each row once", () =>
    inWorld(dialect, async (world) => {
      const rows = await world.executor.updateTable("people as p").from("notes as n")
        .set({ name: "joined" }).whereRef("n.owner", "=", "p.id").returning(["p.id", "p.name"])
        .execute();
      assert.equal(rows.length, 2);
      await world.executor.deleteFrom("notes").using("people")
        .whereRef("people.id", "=", "notes.owner").where("people.email", "=", "ada@x").execute();
      assert.deepEqual(await told(world), [
        "DELETE notes [1,1] ada",
        "DELETE notes [1,2] ada",
        "UPDATE people 1 ada",
        "UPDATE people 2 ada",
      ]);
    }, ada));

  it("tells an upsert that the default mode cannot", () =>
    inWorld(dialect, async (world) => {
      await world.any.insertInto("people").values({ email: "ada@x", name: "A" })
        .onConflict((oc) => oc.constraint("people_email_key").doUpdateSet({ email: "new@x" }))
        .execute();
      assert.deepEqual(await told(world), ["UPDATE people 1 ada"]);
    }, ada));

  it(
    "tells what MERGE did",
    { skip: dialect.lacks("MERGE") ?? false },
    () =>
      inWorld(dialect, async (world) => {
        const { db, executor, clear } = world;
        await db.updateTable("people").set({ age: 2 }).where("id", "=", 3).execute();
        await db.deleteFrom("notes").where("place", "=", 2).execute();
        await clear();
        await executor.mergeInto("people").using("notes", "notes.owner", "people.age")
          .whenMatchedAnd("people.id", ">", 0).thenDelete()
          .whenNotMatched().thenInsertValues({ email: "merged", name: "M" } as never).execute();
        assert.deepEqual(await told(world), ["DELETE people 3 ada", "INSERT people 4 ada"]);
      }, ada),
  );

  it("knows the caller in what other triggers write before the row", () =>
    inWorld(dialect, async (world) => {
      const { db, any, clear } = world;
      await sql`create function note() returns trigger language plpgsql as $$ begin
        insert into loose values (1, tg_op); return new; end $$`.execute(db);
      await sql`create trigger t before insert or update on people for each row
        execute function note()`.execute(db);
      await any.insertInto("people").values({ email: "d@x" }).execute();
      await any.updateTable("people").set({ age: 1 }).where("id", "=", 1).execute();
      assert.deepEqual(await told(world), [
        "INSERT loose null ada",
        "INSERT loose null ada",
        "INSERT people 4 ada",
        "UPDATE people 1 ada",
      ]);
      await clear();
    }, ada));

  it("leaves nothing in a session that others use", async () => {
    const world = await openWorld(dialect, { mode: "trigger", ...ada }, {
      open: { connections: 1 },
    });
    try {
      await (world.executor as Kysely<any>).updateTable("people").set({ age: 1 }).execute();
      const { rows } = await sql<{ said: string | null }>`
        select nullif(current_setting('kysera.said', true), '') as said`.execute(world.db);
      assert.deepEqual(rows, [{ said: null }]);
    } finally {
      await world.close();
    }
  });
}, ["pglite", "postgres"]);

onEveryDialect("columns that are generated", (dialect) => {
  // SQLite and MariaDB have had those that are generated when they are read for long.
  const kinds = dialect.name === "postgres" && dialect.lacks("OLD in RETURNING") !== undefined
    ? ["stored"]
    : ["stored", "virtual"];
  for (const kind of kinds) {
    it(`are told, ${kind}`, () =>
      inWorld(dialect, async ({ db, any, entries }) => {
        await sql.raw(`create table made (id integer primary key, n integer,
          d integer generated always as (n * 2) ${kind})`).execute(db);
        await createTriggers(db, {}, ["made"]);
        await any.insertInto("made").values({ id: 1, n: 2 }).execute();
        await any.updateTable("made").set({ n: 3 }).execute();
        await any.deleteFrom("made").execute();
        const [first, last] = [{ id: 1, n: 2, d: 4 }, { id: 1, n: 3, d: 6 }];
        assert.deepEqual(
          (await entries()).map(({ old_values, new_values }) => [old_values, new_values]),
          [[null, first], [first, last], [last, null]],
        );
      }));
  }
});
