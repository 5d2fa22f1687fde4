import assert from "node:assert/strict";
import { it } from "node:test";
import { bindContext, createExecutor } from "@kysera/executor";
import { allow, defineRLSSchema, rlsPlugin, withoutRLS } from "@kysera/rls";
import { type Kysely, sql } from "kysely";
import { onEveryDialect } from "../support/matrix.ts";

onEveryDialect("a table with a masked column", (dialect) => {
  async function open() {
    const { db, close }: { db: Kysely<any>; close(): Promise<void> } = await dialect.open();
    try {
      await sql`create table gen (
        id integer primary key, owner integer, v integer,
        stored_g integer generated always as (owner * 2) stored
      )`.execute(db);
      if (dialect.dialect !== "postgres") {
        await sql`create table gen_virtual (
          id integer primary key, v integer, g integer generated always as (id * 3) virtual
        )`.execute(db);
        await db.insertInto("gen_virtual").values({ id: 1, v: 1 }).execute();
      }
      await db.insertInto("gen").values([{ id: 1, owner: 1, v: 5 }, { id: 2, owner: 2, v: 6 }])
        .execute();
      const columns = { v: { read: (ctx: any) => ({ id: ctx.auth.userId }) } };
      const table = { policies: [allow("all", true)], columns };
      const schema = defineRLSSchema<any>({
        gen: table,
        ...dialect.dialect === "postgres" ? {} : { gen_virtual: table },
      });
      const executor = await createExecutor(db, [rlsPlugin({ schema })]);
      return { executor, one: bindContext(executor, { auth: { userId: 1, roles: [] } }), close };
    } catch (error) {
      await close();
      throw error;
    }
  }

  it("shows its generated columns", async () => {
    const { one, close } = await open();
    try {
      assert.deepEqual(await one.selectFrom("gen").selectAll().orderBy("id").execute(), [
        { id: 1, owner: 1, v: 5, stored_g: 2 },
        { id: 2, owner: 2, v: null, stored_g: 4 },
      ]);
      assert.deepEqual(
        await one.selectFrom("gen as g").select("g.stored_g").orderBy("id").execute(),
        [
          { stored_g: 2 },
          { stored_g: 4 },
        ],
      );
      if (dialect.dialect === "postgres") return;
      assert.deepEqual(await one.selectFrom("gen_virtual").selectAll().execute(), [
        { id: 1, v: 1, g: 3 },
      ]);
    } finally {
      await close();
    }
  });

  it("returns its generated columns", async () => {
    if (dialect.dialect === "mysql") return;
    const { one, close } = await open();
    try {
      const update = one.updateTable("gen").set({ owner: 3 }).where("id", "=", 2);
      assert.deepEqual(await update.returningAll().execute(), [
        { id: 2, owner: 3, v: null, stored_g: 6 },
      ]);
      const insert = one.insertInto("gen").values({ id: 7, owner: 7, v: 7 });
      assert.deepEqual(await insert.returningAll().execute(), [
        { id: 7, owner: 7, v: null, stored_g: 14 },
      ]);
      const removed = one.deleteFrom("gen").where("id", "=", 7);
      assert.deepEqual(await removed.returning(["id", "stored_g"]).execute(), [
        { id: 7, stored_g: 14 },
      ]);
    } finally {
      await close();
    }
  });

  it("shows a column that was added through the executor", async () => {
    const { executor, one, close } = await open();
    try {
      await one.selectFrom("gen").selectAll().execute();
      await withoutRLS(executor).schema.alterTable("gen")
        .addColumn("added", "integer", (column) => column.defaultTo(4)).execute();
      assert.deepEqual(await one.selectFrom("gen").selectAll().where("id", "=", 1).execute(), [
        { id: 1, owner: 1, v: 5, stored_g: 2, added: 4 },
      ]);
      await one.schema.alterTable("gen").dropColumn("added").execute();
      await one.schema.alterTable("gen").renameColumn("stored_g", "g").execute();
      assert.deepEqual(await one.selectFrom("gen").selectAll().where("id", "=", 1).execute(), [
        { id: 1, owner: 1, v: 5, g: 2 },
      ]);
    } finally {
      await close();
    }
  });
});
