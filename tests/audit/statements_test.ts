/** What each statement leaves in the log, and how many statements it takes. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sql } from "kysely";
import { onEveryDialect, type TestDialect } from "../support/matrix.ts";
import { openWorld, type World } from "./_world.ts";

/** The statements beside BEGIN, COMMIT and the like, by their first word. */
function words(world: World): string {
  const control = /^\s*(?:begin|start|commit|savepoint|release)/i;
  return world.statements().filter((text) => !control.test(text))
    .map((text) => text.trim().split(/\s/)[0]!.toLowerCase()).join(" ");
}

/** The first write of a table asks the catalog, and on SQLite the first new row for its triggers. */
async function warm({ executor, clear }: World): Promise<void> {
  await executor.insertInto("people").values({ id: -1, name: "Warm" }).execute();
  await executor.deleteFrom("people").where("id", "=", -1).execute();
  await executor.deleteFrom("notes").where("owner", "=", -1).execute();
  await executor.deleteFrom("loose").where("a", "=", -1).execute();
  await clear();
}

async function inWorld(
  dialect: TestDialect,
  body: (world: World) => Promise<void>,
): Promise<void> {
  const world = await openWorld(dialect);
  try {
    await warm(world);
    await body(world);
  } finally {
    await world.close();
  }
}

onEveryDialect("an audited statement", (dialect) => {
  const is = dialect.dialect;

  it("tells inserted rows, with defaults and generated keys", () =>
    inWorld(dialect, async (world) => {
      const result = await world.executor.insertInto("people")
        .values([{ email: "d@x", name: "D" }, { email: "e@x", name: "E" }] as never).execute();
      assert.equal(result[0]!.numInsertedOrUpdatedRows, 2n);
      if (is !== "postgres") assert.equal(result[0]!.insertId, is === "sqlite" ? 5n : 4n);
      assert.equal(words(world), is === "postgres" ? "with" : "insert insert");
      const [first, second] = await world.entries();
      assert.deepEqual([first!.operation, first!.entity_id, first!.old_values], [
        "INSERT",
        "4",
        null,
      ]);
      assert.deepEqual(first!.new_values, {
        id: 4,
        email: "d@x",
        name: "D",
        age: 7,
        deleted_at: null,
      });
      assert.equal(second!.entity_id, "5");
    }));

  it("tells updated rows as they were and are", () =>
    inWorld(dialect, async (world) => {
      const [result] = await world.executor.updateTable("people")
        .set((eb) => ({ age: eb("age", "+", 1) })).where("age", "<", 30).execute();
      assert.equal(result!.numUpdatedRows, 2n);
      const statements = {
        postgres: "with",
        sqlite: "select update insert",
        mysql: "select update select insert",
      };
      assert.equal(words(world), statements[is]);
      const entries = await world.entries();
      assert.deepEqual(
        entries.map(({ old_values, new_values }) => [old_values?.age, new_values?.age]),
        [[20, 21], [20, 21]],
      );
      assert.deepEqual(await world.log(), ["UPDATE people 2", "UPDATE people 3"]);
    }));

  it("tells deleted rows, and nothing of rows that are not there", () =>
    inWorld(dialect, async (world) => {
      const gone = world.executor.deleteFrom("people").where("id", "in", [1, 2, 99]);
      const [result] = await gone.execute();
      assert.equal(result!.numDeletedRows, 2n);
      assert.equal(words(world), is === "postgres" ? "with" : "delete insert");
      await gone.execute();
      assert.deepEqual(await world.log(), ["DELETE people 1", "DELETE people 2"]);
      assert.deepEqual((await world.entries())[0]!.old_values!.name, "Ada");
    }));

  it("tells which row became which where keys change", () =>
    inWorld(dialect, async (world) => {
      await world.executor.updateTable("notes").set((eb) => ({ place: eb("place", "+", 10) }))
        .where("owner", "=", 1).execute();
      const entries = await world.entries();
      assert.deepEqual(
        entries.map(({ entity_id, old_values, new_values }) => [
          entity_id,
          old_values!.place,
          new_values!.place,
        ]).sort(),
        [["[1,11]", 1, 11], ["[1,12]", 2, 12]],
      );
      await world.executor.updateTable("people").set({ id: 50 }).where("name", "=", "Ada")
        .execute();
      assert.equal((await world.log()).at(-1), "UPDATE people 50");
    }));

  it("tells rows that are marked as deleted, and that are restored", () =>
    inWorld(dialect, async (world) => {
      const mark = (value: string | null) =>
        world.executor.updateTable("people").set({ deleted_at: value }).where("id", "=", 1);
      await mark("now").execute();
      await mark("later").execute();
      await mark(null).execute();
      assert.deepEqual(await world.log(), [
        "SOFT_DELETE people 1",
        "UPDATE people 1",
        "RESTORE people 1",
      ]);
    }));

  it("tells rows of a table without a key, or is refused", () =>
    inWorld(dialect, async (world) => {
      await world.executor.insertInto("loose").values([{ a: 1, b: "x" }, { a: 1, b: "x" }])
        .execute();
      const update = world.executor.updateTable("loose").set({ b: "y" });
      if (is === "mysql") {
        await assert.rejects(update.execute(), { name: "AuditNotPossibleError" });
      } else {
        await update.execute();
        assert.deepEqual((await world.entries()).slice(2).map((entry) => entry.new_values), [
          { a: 1, b: "y" },
          { a: 1, b: "y" },
        ]);
      }
      await world.executor.deleteFrom("loose").execute();
      assert.equal((await world.entries()).at(-1)!.entity_id, null);
    }));

  it("tells the rows of INSERT .. SELECT", () =>
    inWorld(dialect, async (world) => {
      await world.executor.insertInto("loose").columns(["a", "b"])
        .expression((eb) => eb.selectFrom("people").select(["id", "email"]).where("age", "=", 20))
        .execute();
      assert.deepEqual((await world.entries()).map((entry) => entry.new_values), [
        { a: 2, b: "bob@x" },
        { a: 3, b: "cid@x" },
      ]);
    }));

  it("leaves an EXPLAIN alone, and refuses one that does what it explains", () =>
    inWorld(dialect, async (world) => {
      const update = world.executor.updateTable("people").set({ age: 1 });
      await update.explain();
      if (is === "postgres") {
        await assert.rejects(update.explain("text", sql`analyze`), {
          name: "AuditNotPossibleError",
        });
      }
      assert.deepEqual(await world.log(), []);
    }));
});

onEveryDialect("an audited statement with RETURNING", (dialect) => {
  it("gives what was asked for, and no more", () =>
    inWorld(dialect, async ({ executor, log }) => {
      const inserted = await executor.insertInto("people").values({ email: "d@x" } as never)
        .returning(["id", "age as years"]).execute();
      assert.deepEqual(inserted, [{ id: 4, years: 7 }]);
      const updated = await executor.updateTable("people").set({ age: 1 }).where("id", "=", 4)
        .returningAll().execute();
      assert.deepEqual(updated, [
        { id: 4, email: "d@x", name: null, age: 1, deleted_at: null },
      ]);
      const deleted = await executor.deleteFrom("people").where("id", "=", 4)
        .returning([sql<string>`upper(email)`.as("shout"), "people.id"]).execute();
      assert.deepEqual(deleted, [{ shout: "D@X", id: 4 }]);
      const none = await executor.deleteFrom("people").where("id", "=", 4).returningAll().execute();
      assert.deepEqual(none, []);
      assert.deepEqual(await log(), ["INSERT people 4", "UPDATE people 4", "DELETE people 4"]);
    }));

  it("streams", () =>
    inWorld(dialect, async ({ executor, log }) => {
      const seen: number[] = [];
      const rows = executor.updateTable("people").set({ age: 2 }).returning("id").stream();
      for await (const row of rows) seen.push(row.id);
      assert.deepEqual(seen.sort(), [1, 2, 3]);
      assert.equal((await log()).length, 3);
    }));
}, ["sqlite", "pglite", "postgres"]);

onEveryDialect("an audited ON CONFLICT", (dialect) => {
  const upsert = ({ executor }: World) =>
    executor.insertInto("people")
      .values([{ email: "ada@x", name: "A" }, { email: "new@x", name: "N" }] as never)
      .onConflict((oc) =>
        oc.column("email").doUpdateSet((eb) => ({ name: eb.ref("excluded.name") }))
      );

  it("tells rows that it inserted from rows that it changed", () =>
    inWorld(dialect, async (world) => {
      const rows = await upsert(world).returning(["email", "name"]).execute();
      assert.deepEqual(rows, [{ email: "ada@x", name: "A" }, { email: "new@x", name: "N" }]);
      assert.equal(words(world), dialect.dialect === "sqlite" ? "select insert insert" : "with");
      const entries = (await world.entries())
        .sort((a, b) => Number(a.entity_id) - Number(b.entity_id));
      assert.deepEqual(
        entries.map(({ operation, old_values, new_values }) => [
          operation,
          old_values?.name,
          new_values?.name,
        ]),
        [["UPDATE", "Ada", "A"], ["INSERT", undefined, "N"]],
      );
    }));

  it("tells nothing of rows that it left alone", () =>
    inWorld(dialect, async (world) => {
      await world.executor.insertInto("people")
        .values([{ email: "ada@x", name: "A" }, { email: "new@x", name: "N" }] as never)
        .onConflict((oc) => oc.column("email").doNothing()).execute();
      await world.executor.insertInto("people").values({ email: "bob@x", name: "B" } as never)
        .onConflict((oc) =>
          oc.column("email").doUpdateSet({ name: "B" }).where("people.age", ">", 90)
        ).execute();
      assert.deepEqual((await world.entries()).map(({ new_values }) => new_values!.email), [
        "new@x",
      ]);
    }));
}, ["sqlite", "pglite", "postgres"]);

onEveryDialect("an audited REPLACE", (dialect) => {
  it("tells the rows that it took the place of", () =>
    inWorld(dialect, async ({ executor, entries, db }) => {
      await executor.replaceInto("people").values({ id: 1, email: "bob@x", name: "R" } as never)
        .execute();
      const told = (await entries()).map(({ operation, entity_id }) => `${operation} ${entity_id}`);
      assert.deepEqual(told.sort(), ["DELETE 2", "UPDATE 1"]);
      assert.equal((await db.selectFrom("people").select("id").execute()).length, 2);
    }));
}, ["sqlite", "mysql"]);

onEveryDialect("an audited statement of MariaDB", (dialect) => {
  it("tells what ON DUPLICATE KEY UPDATE changed and inserted", () =>
    inWorld(dialect, async ({ executor, log, entries }) => {
      const [result] = await executor.insertInto("people")
        .values([{ email: "ada@x", name: "A" }, { email: "new@x", name: "N" }] as never)
        .onDuplicateKeyUpdate({ name: "met" }).execute();
      assert.equal(result!.numInsertedOrUpdatedRows, 3n);
      const [first] = await log();
      assert.equal(first, "UPDATE people 1");
      assert.equal((await entries())[0]!.new_values!.name, "met");
      assert.equal((await entries())[1]!.operation, "INSERT");
    }));

  it("tells the rows of every table of an UPDATE, and of a joined DELETE", () =>
    inWorld(dialect, async ({ executor, log, clear }) => {
      // The types of Kysely know one table; the statement has two.
      await (executor as any).updateTable(["people", "notes"])
        .set({ name: "several", text: "several" }).whereRef("notes.owner", "=", "people.id")
        .execute();
      assert.deepEqual((await log()).sort(), [
        "UPDATE notes [1,1]",
        "UPDATE notes [1,2]",
        "UPDATE notes [2,1]",
        "UPDATE people 1",
        "UPDATE people 2",
      ]);
      await clear();
      await executor.deleteFrom("notes").using("notes")
        .innerJoin("people", "people.id", "notes.owner").where("people.email", "=", "ada@x")
        .execute();
      assert.deepEqual(await log(), ["DELETE notes [1,1]", "DELETE notes [1,2]"]);
    }));
}, ["mysql"]);

onEveryDialect("an audited statement of PostgreSQL", (dialect) => {
  it("tells what each part of a WITH did", () =>
    inWorld(dialect, async ({ executor, log, clear }) => {
      await executor
        .with("gone", (q) => q.deleteFrom("people").where("id", "=", 1).returning(["id", "email"]))
        .insertInto("loose").columns(["a", "b"])
        .expression((eb) => eb.selectFrom("gone").select(["gone.id", "gone.email"]))
        .execute();
      assert.deepEqual((await log()).sort(), ["DELETE people 1", "INSERT loose null"]);
      await clear();
      const rows = await executor
        .with("changed", (q) => q.updateTable("people").set({ age: 9 }).returningAll())
        .selectFrom("changed").selectAll().orderBy("id").execute();
      assert.deepEqual(rows.map(({ id, age }) => [id, age]), [[2, 9], [3, 9]]);
      assert.equal(Object.keys(rows[0]!).length, 5);
      assert.deepEqual((await log()).sort(), ["UPDATE people 2", "UPDATE people 3"]);
    }));

  it("tells what UPDATE .. FROM and DELETE .. USING did, each row once", () =>
    inWorld(dialect, async ({ executor, log, clear }) => {
      const rows = await executor.updateTable("people as p").from("notes as n")
        .set({ name: "joined" }).whereRef("n.owner", "=", "p.id").returning(["p.id", "p.name"])
        .execute();
      assert.equal(rows.length, 2);
      assert.deepEqual((await log()).sort(), ["UPDATE people 1", "UPDATE people 2"]);
      await clear();
      await executor.deleteFrom("notes").using("people").whereRef("people.id", "=", "notes.owner")
        .where("people.email", "=", "ada@x").execute();
      assert.deepEqual((await log()).sort(), ["DELETE notes [1,1]", "DELETE notes [1,2]"]);
      await clear();
      // The table is read as well, under the name that its target goes without.
      await executor.deleteFrom("people as p").using("people").where("p.id", "=", 3).execute();
      assert.deepEqual(await log(), ["DELETE people 3"]);
    }));

  const noMerge = dialect.lacks("MERGE") ?? false;
  it(
    "tells what MERGE did, or refuses it where the server cannot",
    { skip: noMerge },
    () =>
      inWorld(dialect, async ({ executor, entries, db }) => {
        const merge = executor.mergeInto("people").using("notes", "notes.owner", "people.age")
          .whenMatched().thenDelete()
          .whenNotMatched().thenInsertValues({ email: "merged", name: "M" } as never);
        await db.updateTable("people").set({ age: 2 }).where("id", "=", 3).execute();
        await db.deleteFrom("notes").where("place", "=", 2).execute();
        if (dialect.lacks("OLD in RETURNING") !== undefined) {
          await assert.rejects(merge.execute(), { name: "AuditNotPossibleError" });
          return;
        }
        await merge.execute();
        const told = (await entries()).map(({ operation, entity_id }) =>
          `${operation} ${entity_id}`
        );
        assert.deepEqual(told.sort(), ["DELETE 3", "INSERT 4"]);
      }),
  );

  it("refuses TRUNCATE of an audited table", () =>
    inWorld(dialect, async ({ executor }) => {
      await assert.rejects(sql`truncate people`.execute(executor), {
        name: "AuditNotPossibleError",
        message: /delete them/,
      });
    }));
}, ["pglite", "postgres"]);

describe("an audited table with triggers", () => {
  onEveryDialect("of SQLite", (dialect) => {
    it("tells what they did to the row", () =>
      inWorld(dialect, async ({ db, executor, entries }) => {
        await sql`create trigger t after insert on people begin
          update people set name = upper(new.name) where id = new.id; end`.execute(db);
        await executor.insertInto("people").values({ email: "t", name: "tim" } as never).execute();
        assert.equal((await entries())[0]!.new_values!.name, "TIM");
      }));
  }, ["sqlite"]);

  onEveryDialect("of PostgreSQL", (dialect) => {
    it("tells what they did to the row, and nothing of rows that they kept", () =>
      inWorld(dialect, async ({ db, executor, entries }) => {
        await sql`create function shout() returns trigger language plpgsql as $$ begin
          if old.age > 30 then return null; end if;
          new.name := upper(new.name); return new; end $$`.execute(db);
        await sql`create trigger t before update on people for each row
          execute function shout()`.execute(db);
        await executor.updateTable("people").set({ name: "x" }).execute();
        const told = await entries();
        assert.deepEqual(told.map(({ new_values }) => new_values!.name), ["X", "X"]);
      }));
  }, ["pglite", "postgres"]);

  onEveryDialect("of MariaDB", (dialect) => {
    it("tells what they did to the row", () =>
      inWorld(dialect, async ({ db, executor, entries }) => {
        await sql`create trigger t before update on people for each row
          set new.name = upper(new.name)`.execute(db);
        await executor.updateTable("people").set({ name: "x" }).where("id", "=", 1).execute();
        assert.equal((await entries())[0]!.new_values!.name, "X");
      }));
  }, ["mysql"]);
});
