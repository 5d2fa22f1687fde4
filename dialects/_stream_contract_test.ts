import { it } from "node:test";
import assert from "node:assert/strict";
import { sql } from "kysely";
import type { Things } from "./_things_test.ts";

const BEYOND = 2n ** 53n + 1n;

/** What every dialect must do when it streams. */
export function streamContract(things: Things): void {
  const { family } = things;

  it("a stream hands out every row once, in order", async () => {
    await things.fill(250);
    for (const chunk of [1, 7, 125, 1000]) {
      const amounts: number[] = [];
      const stream = things.db.selectFrom("things").select("amount").orderBy("id").stream(chunk);
      for await (const row of stream) amounts.push(row.amount);
      assert.deepEqual(amounts, Array.from({ length: 250 }, (_, i) => i));
    }
  });

  it("a stream without rows ends", async () => {
    await things.empty();
    const stream = things.db.selectFrom("things").selectAll().stream();
    for await (const _ of stream) assert.fail("there is no row");
  });

  it("a stream binds parameters and keeps every digit", async () => {
    await things.empty();
    await things.db.insertInto("things").values([{ name: "a", big: BEYOND }, {
      name: "b",
      big: 1n,
    }])
      .execute();
    const rows: unknown[] = [];
    const stream = things.db.selectFrom("things").select(["name", "big"]).where("big", ">", 1n)
      .stream();
    for await (const { name, big } of stream) rows.push([name, BigInt(big)]);
    assert.deepEqual(rows, [["a", BEYOND]]);
  });

  it("a stream can be left early, and its connection holds nothing", async () => {
    await things.fill(2000);
    for (let round = 0; round < 3; round++) {
      let seen = 0;
      for await (const _ of things.db.selectFrom("things").selectAll().orderBy("id").stream(10)) {
        if (++seen === 25) break;
      }
      assert.equal(seen, 25);
      const rows = await things.db.selectFrom("things").select("name").where("amount", "=", 1999)
        .execute();
      assert.deepEqual(rows.map(({ name }) => name), ["n1999"]);
      // Whatever still reads the table would keep it from being altered.
      await things.db.schema.alterTable("things").addColumn(`extra${round}`, "integer").execute();
      await things.db.schema.alterTable("things").dropColumn(`extra${round}`).execute();
    }
  });

  it("a stream inside a transaction can be left early, and the transaction goes on", async () => {
    await things.fill(300);
    await things.db.transaction().execute(async (trx) => {
      for await (const _ of trx.selectFrom("things").selectAll().orderBy("id").stream(5)) break;
      await trx.deleteFrom("things").where("amount", "<", 100).execute();
    });
    assert.equal(await things.count(), 200);
  });

  it("an error inside the loop over a stream is passed on", async () => {
    await things.fill(50);
    const error = new Error("mine");
    await assert.rejects(
      async () => {
        for await (const _ of things.db.selectFrom("things").selectAll().stream(5)) throw error;
      },
      (thrown) => thrown === error,
    );
    assert.equal(await things.count(), 50);
  });

  it("an error of the database is passed on from a stream, and leaves nothing behind", async () => {
    await things.fill(20);
    const failing = family === "postgres"
      ? sql<number>`1 / (amount - 15)`
      : family === "sqlite"
      ? sql<number>`json(case when amount = 15 then '{' else '1' end)`
      : sql<number>`(select name from things as t
          where t.amount < case when things.amount = 15 then 2 else 1 end)`;
    await assert.rejects(async () => {
      const stream = things.db.selectFrom("things").select(failing.as("x")).orderBy("id").stream(2);
      for await (const _ of stream);
    });
    for (let i = 0; i < 3; i++) {
      const rows = await sql<{ one: number }>`select 1 as one`.execute(things.db);
      assert.deepEqual(rows.rows.map(({ one }) => one), [1]);
    }
  });
}
