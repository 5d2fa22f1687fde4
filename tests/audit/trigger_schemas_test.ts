/** Tables and statements under `mode: "trigger"` that a database has ways of its own with. */
import { type AuditOptions, auditPlugin } from "@kysera/audit";
import { createExecutor } from "@kysera/executor";
import { type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect } from "../support/matrix.ts";
import { createTriggers, inTriggerWorld, openWorld, type World } from "./_world.ts";

onEveryDialect("a table with odd names", (dialect) => {
  it("is audited by triggers", () =>
    inTriggerWorld(dialect, async ({ db, any, entries }) => {
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
    inTriggerWorld(dialect, async ({ db, any, entries }) => {
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
    inTriggerWorld(dialect, async (world) => {
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
    inTriggerWorld(dialect, async (world) => {
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
    inTriggerWorld(dialect, async (world) => {
      await world.any.insertInto("people").values({ email: "ada@x", name: "A" })
        .onConflict((oc) => oc.constraint("people_email_key").doUpdateSet({ email: "new@x" }))
        .execute();
      assert.deepEqual(await told(world), ["UPDATE people 1 ada"]);
    }, ada));

  it(
    "tells what MERGE did",
    { skip: dialect.lacks("MERGE") ?? false },
    () =>
      inTriggerWorld(dialect, async (world) => {
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
    inTriggerWorld(dialect, async (world) => {
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
      inTriggerWorld(dialect, async ({ db, any, entries }) => {
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
