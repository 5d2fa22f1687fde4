import assert from "node:assert/strict";
import { it } from "node:test";
import { sql } from "kysely";
import { onEveryDialect } from "./matrix.ts";

onEveryDialect("open()", (dialect) => {
  it("gives databases that do not see each other's tables", async () => {
    const one = await dialect.open();
    const other = await dialect.open();
    try {
      await one.db.schema.createTable("t").addColumn("n", "integer").execute();
      await one.db.insertInto("t").values({ n: 1 }).execute();
      await other.db.schema.createTable("t").addColumn("n", "integer").execute();
      await other.db.insertInto("t").values({ n: 2 }).execute();
      assert.deepEqual(await one.db.selectFrom("t").selectAll().execute(), [{ n: 1 }]);
      assert.deepEqual(await other.db.selectFrom("t").selectAll().execute(), [{ n: 2 }]);
    } finally {
      await one.close();
      await other.close();
    }
  });

  it("rolls a failed transaction back", async () => {
    const { db, close } = await dialect.open();
    try {
      await db.schema.createTable("t").addColumn("n", "integer").execute();
      await assert.rejects(
        db.transaction().execute(async (trx) => {
          await trx.insertInto("t").values({ n: 1 }).execute();
          await sql`select nothing from nowhere`.execute(trx);
        }),
      );
      assert.deepEqual(await db.selectFrom("t").selectAll().execute(), []);
    } finally {
      await close();
    }
  });
});
