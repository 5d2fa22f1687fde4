/**
 * What every dialect of this package must do, run by the tests of each of them.
 */
import { after, before, describe, it } from "node:test";
import assert from "node:assert/strict";
import { type Dialect, Kysely, sql } from "kysely";
import {
  type Dialect as DialectName,
  NotNullError,
  parseDatabaseError,
  SqlSyntaxError,
  UniqueConstraintError,
} from "@kysera/core";
import { SLOW } from "./_slow_test.ts";
import { streamContract } from "./_stream_contract_test.ts";
import { Things } from "./_things_test.ts";

/** What not every database has. */
export type Feature = "transactions" | "streams" | "big integers" | "integers in text";

export interface ContractSubject {
  readonly name: string;
  readonly family: Exclude<DialectName, "mssql">;
  /** Why it cannot run here. */
  readonly skip?: string | undefined;
  /** A dialect on an empty database. */
  open(): Promise<{ dialect: Dialect; close?(): Promise<void> }>;
  /** What the database has not; its own test says what happens there. */
  readonly lacks?: readonly Feature[];
  /** False where the rows are instances of a class of the driver. */
  readonly plainRows?: boolean;
}

const BEYOND = 2n ** 53n + 1n;

export function describeContract(subject: ContractSubject): void {
  const title = `${subject.name} ${subject.skip ? `(skipped: ${subject.skip})` : ""}`.trim();
  describe(title, { skip: subject.skip ?? false }, () => contract(subject));
}

function contract(subject: ContractSubject): void {
  const { family } = subject;
  let db: Kysely<any>;
  let close: (() => Promise<void>) | undefined;
  const things = new Things(family, () => db);
  const empty = () => things.empty();
  const fill = (count: number) => things.fill(count);
  const count = () => things.count();
  /** Options of a test that needs a feature. */
  const needs = (feature: Feature) => ({
    skip: subject.lacks?.includes(feature) ? `${subject.name} has no ${feature}` : false,
  });

  before(async () => {
    const opened = await subject.open();
    close = opened.close;
    db = new Kysely<any>({ dialect: opened.dialect });
    await things.create();
  }, SLOW);
  after(async () => {
    await db?.destroy();
    await close?.();
  });

  it("insert tells the number of rows, and the id where the database has one to tell", async () => {
    await empty();
    const first = await db.insertInto("things").values({ name: "a" }).executeTakeFirstOrThrow();
    const more = await db.insertInto("things").values([{ name: "b" }, { name: "c" }])
      .executeTakeFirstOrThrow();
    assert.equal(first.numInsertedOrUpdatedRows, 1n);
    assert.equal(more.numInsertedOrUpdatedRows, 2n);
    const { id } = await db.selectFrom("things").select("id").where("name", "=", "a")
      .executeTakeFirstOrThrow();
    assert.equal(first.insertId, family === "postgres" ? undefined : BigInt(id));
  });

  it("an insert that inserts nothing tells no id and no rows", async () => {
    await empty();
    await db.insertInto("things").values({ name: "a" }).execute();
    const insert = db.insertInto("things").values({ name: "a" });
    const result =
      await (family === "mysql"
        ? insert.ignore()
        : insert.onConflict((oc) => oc.column("name").doNothing())).executeTakeFirstOrThrow();
    assert.equal(result.numInsertedOrUpdatedRows, 0n);
    assert.equal(result.insertId, undefined);
  });

  it("select returns the rows, as plain objects", async () => {
    await fill(3);
    const rows = await db.selectFrom("things").select(["name", "amount"]).orderBy("id").execute();
    assert.deepEqual(rows.map((row) => ({ ...row })), [
      { name: "n0", amount: 0 },
      { name: "n1", amount: 1 },
      { name: "n2", amount: 2 },
    ]);
    assert.equal(Array.isArray(rows) && Object.getPrototypeOf(rows) === Array.prototype, true);
    if (subject.plainRows === false) return;
    for (const row of rows) assert.equal(Object.getPrototypeOf(row), Object.prototype);
  });

  it("update and delete tell the number of rows", async () => {
    await fill(5);
    const updated = await db.updateTable("things").set({ amount: 100 }).where("amount", "<", 3)
      .executeTakeFirstOrThrow();
    assert.equal(updated.numUpdatedRows, 3n);
    const deleted = await db.deleteFrom("things").where("amount", "=", 100)
      .executeTakeFirstOrThrow();
    assert.equal(deleted.numDeletedRows, 3n);
    const none = await db.deleteFrom("things").where("amount", "=", 100).executeTakeFirstOrThrow();
    assert.equal(none.numDeletedRows, 0n);
  });

  it("returning gives the changed rows", {
    skip: family === "mysql" && "MySQL has no RETURNING",
  }, async () => {
    await empty();
    const inserted = await db.insertInto("things").values([{ name: "a" }, { name: "b" }])
      .returning(["name"]).execute();
    assert.deepEqual(inserted, [{ name: "a" }, { name: "b" }]);
    const updated = await db.updateTable("things").set({ amount: 7 }).where("name", "=", "b")
      .returning(["name", "amount"]).execute();
    assert.deepEqual(updated, [{ name: "b", amount: 7 }]);
    const deleted = await db.deleteFrom("things").where("name", "=", "a").returning("name")
      .execute();
    assert.deepEqual(deleted, [{ name: "a" }]);
    const none = await db.deleteFrom("things").where("name", "=", "a").returningAll().execute();
    assert.deepEqual(none, []);
  });

  it("raw SQL that changes rows tells their number", async () => {
    await fill(4);
    const result = await sql`  -- why
      update things set amount = ${9} where amount >= ${2}`.execute(db);
    assert.equal(result.numAffectedRows, 2n);
    const select = await sql<{ name: string }>`select name from things where amount = ${1}`
      .execute(db);
    assert.deepEqual(select.rows.map(({ name }) => name), ["n1"]);
    assert.equal(select.numAffectedRows, undefined);
  });

  it(
    "integers beyond 2 ** 53 keep every digit, in both directions",
    needs("big integers"),
    async () => {
      await empty();
      for (const [name, big] of [["max", 2n ** 63n - 1n], ["min", -(2n ** 63n)], ["odd", BEYOND]]) {
        await db.insertInto("things").values({ name, big }).execute();
      }
      const rows = await db.selectFrom("things").select(["name", "big"]).where(
        "big",
        "is not",
        null,
      )
        .orderBy("name").execute();
      assert.deepEqual(rows.map(({ name, big }) => [name, BigInt(big)]), [
        ["max", 2n ** 63n - 1n],
        ["min", -(2n ** 63n)],
        ["odd", BEYOND],
      ]);
      const found = await db.selectFrom("things").select("name").where("big", "=", BEYOND)
        .execute();
      assert.deepEqual(found.map(({ name }) => name), ["odd"]);
    },
  );

  it("small integers are numbers, and equal to what was written", async () => {
    await empty();
    for (const amount of [0, 1, -1, 2 ** 31 - 1]) {
      await db.insertInto("things").values({ name: `${amount}`, amount }).execute();
    }
    const rows = await db.selectFrom("things").select(["name", "amount"]).execute();
    assert.equal(rows.length, 4);
    for (const { name, amount } of rows) assert.equal(amount, Number(name));
  });

  it("a number in a text column is its digits", {
    skip: family === "postgres"
      ? "PostgreSQL takes no number for text"
      : needs("integers in text").skip,
  }, async () => {
    await empty();
    await db.insertInto("things").values([{ name: 5 }, { name: -0.5 }]).execute();
    const rows = await db.selectFrom("things").select("name").orderBy("id").execute();
    assert.deepEqual(rows.map(({ name }) => name), ["5", "-0.5"]);
  });

  it("booleans keep their truth", async () => {
    await empty();
    await db.insertInto("things").values([{ name: "t", flag: true }, { name: "f", flag: false }])
      .execute();
    const rows = await db.selectFrom("things").select(["name", "flag"]).orderBy("name").execute();
    const expected = family === "postgres" ? [false, true] : [0, 1];
    assert.deepEqual(rows.map(({ flag }) => flag), expected);
    const found = await db.selectFrom("things").select("name").where("flag", "=", true).execute();
    assert.deepEqual(found.map(({ name }) => name), ["t"]);
  });

  it("dates keep their instant", async () => {
    await empty();
    const at = new Date("2024-02-29T23:59:59.123Z");
    await db.insertInto("things").values({ name: "d", at }).execute();
    const row = await db.selectFrom("things").select("at").executeTakeFirstOrThrow();
    assert.equal(new Date(row.at).getTime(), at.getTime());
    if (family === "sqlite") assert.equal(row.at, "2024-02-29T23:59:59.123Z");
    const found = await db.selectFrom("things").select("name").where("at", "=", at).execute();
    assert.equal(found.length, 1);
  });

  it("bytes keep every byte", async () => {
    await empty();
    const data = Uint8Array.from({ length: 256 }, (_, i) => i);
    await db.insertInto("things").values([
      { name: "all", data },
      { name: "none", data: new Uint8Array() },
    ]).execute();
    const rows = await db.selectFrom("things").select(["name", "data"]).orderBy("name").execute();
    assert.equal(rows[0]?.data instanceof Uint8Array, true);
    assert.deepEqual([...rows[0]?.data], [...data]);
    assert.deepEqual([...rows[1]?.data], []);
  });

  it("text keeps every character", async () => {
    await empty();
    const name = `it's "q" \\ \n ${"é漢字😀"} $1 ? --`;
    await db.insertInto("things").values({ name }).execute();
    const row = await db.selectFrom("things").select(sql<string>`name`.as("naïve 名")).where(
      "name",
      "=",
      name,
    ).executeTakeFirstOrThrow();
    assert.equal(row["naïve 名"], name);
  });

  it("null and undefined are NULL", async () => {
    await empty();
    await db.insertInto("things").values([
      { name: "n", amount: null, big: undefined },
      { name: "u", amount: 1, big: null },
    ]).execute();
    const rows = await db.selectFrom("things").select(["amount", "big"]).where("big", "is", null)
      .orderBy("name").execute();
    assert.deepEqual(rows.map(({ amount, big }) => [amount, big]), [[null, null], [1, null]]);
    await sql`update things set amount = ${undefined} where name = ${"u"}`.execute(db);
    const { n } = await db.selectFrom("things").select((eb) => eb.fn.countAll().as("n"))
      .where("amount", "is", null).executeTakeFirstOrThrow();
    assert.equal(Number(n), 2);
  });

  describe("transactions", needs("transactions"), () => {
    it("a transaction commits", async () => {
      await empty();
      const result = await db.transaction().execute(async (trx) => {
        await trx.insertInto("things").values({ name: "a" }).execute();
        return "done";
      });
      assert.equal(result, "done");
      assert.equal(await count(), 1);
    });

    it("a transaction that throws is rolled back, and passes the error on", async () => {
      await empty();
      const error = new Error("mine");
      await assert.rejects(
        db.transaction().execute(async (trx) => {
          await trx.insertInto("things").values({ name: "a" }).execute();
          throw error;
        }),
        (thrown) => thrown === error,
      );
      assert.equal(await count(), 0);
    });

    it("a transaction takes an isolation level", async () => {
      await empty();
      await db.transaction().setIsolationLevel("serializable").execute((trx) =>
        trx.insertInto("things").values({ name: "a" }).execute()
      );
      assert.equal(await count(), 1);
    });

    it("a read only transaction refuses to write, and the next transaction does not", async () => {
      await empty();
      await assert.rejects(
        db.transaction().setAccessMode("read only").execute((trx) =>
          trx.insertInto("things").values({ name: "a" }).execute()
        ),
        /read.?only/i,
      );
      await db.transaction().execute((trx) =>
        trx.insertInto("things").values({ name: "a" }).execute()
      );
      assert.equal(await count(), 1);
    });

    it("a controlled transaction rolls back to a savepoint and commits the rest", async () => {
      await empty();
      const trx = await db.startTransaction().execute();
      await trx.insertInto("things").values({ name: "kept" }).execute();
      const inner = await trx.savepoint('sa"ve').execute();
      await inner.insertInto("things").values({ name: "lost" }).execute();
      await inner.rollbackToSavepoint('sa"ve').execute();
      const second = await inner.savepoint("two").execute();
      await second.insertInto("things").values({ name: "kept too" }).execute();
      await second.releaseSavepoint("two").execute();
      await trx.commit().execute();
      const rows = await db.selectFrom("things").select("name").orderBy("id").execute();
      assert.deepEqual(rows.map(({ name }) => name), ["kept", "kept too"]);
    });

    it("a controlled transaction rolls back", async () => {
      await empty();
      const trx = await db.startTransaction().execute();
      await trx.insertInto("things").values({ name: "lost" }).execute();
      await trx.rollback().execute();
      assert.equal(await count(), 0);
    });

    it("an error inside a transaction can be caught behind a savepoint", async () => {
      await empty();
      await db.insertInto("things").values({ name: "a" }).execute();
      const trx = await db.startTransaction().execute();
      const inner = await trx.savepoint("s").execute();
      await assert.rejects(inner.insertInto("things").values({ name: "a" }).execute());
      await inner.rollbackToSavepoint("s").execute();
      await trx.insertInto("things").values({ name: "b" }).execute();
      await trx.commit().execute();
      assert.equal(await count(), 2);
    });

    it("transactions at the same time do not mix", async () => {
      await empty();
      const outcomes = await Promise.allSettled(
        Array.from({ length: 8 }, (_, i) =>
          db.transaction().execute(async (trx) => {
            await trx.insertInto("things").values({ name: `t${i}` }).execute();
            await trx.selectFrom("things").selectAll().execute();
            if (i % 2 === 1) throw new Error("odd");
          })),
      );
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        Array.from({ length: 8 }, (_, i) => i % 2 === 1 ? "rejected" : "fulfilled"),
      );
      const rows = await db.selectFrom("things").select("name").orderBy("name").execute();
      assert.deepEqual(rows.map(({ name }) => name), ["t0", "t2", "t4", "t6"]);
    });
  });

  it("queries at the same time all get their own rows", async () => {
    await fill(40);
    const results = await Promise.all(
      Array.from(
        { length: 40 },
        (_, i) => db.selectFrom("things").select("name").where("amount", "=", i).execute(),
      ),
    );
    assert.deepEqual(
      results.map((rows) => rows[0]?.name),
      Array.from({ length: 40 }, (_, i) => `n${i}`),
    );
  });

  describe("streams", needs("streams"), () => streamContract(things));

  it("errors are passed on as the driver threw them, and the connection goes on", async () => {
    await empty();
    await db.insertInto("things").values({ name: "a" }).execute();
    const insert = db.insertInto("things").values({ name: "a" });
    for (let i = 0; i < 2; i++) {
      await assert.rejects(insert.execute(), (error) => {
        assert.ok(parseDatabaseError(error, family) instanceof UniqueConstraintError);
        return true;
      });
    }
    await assert.rejects(
      db.insertInto("things").values({ name: null }).execute(),
      (error) => parseDatabaseError(error, family) instanceof NotNullError,
    );
    await assert.rejects(
      sql`selekt 1`.execute(db),
      (error) => parseDatabaseError(error, family) instanceof SqlSyntaxError,
    );
    assert.equal(await count(), 1);
  });

  it("select * sees a column that was added, renamed or dropped meanwhile", async () => {
    await db.schema.createTable("changing").addColumn("a", "integer").addColumn("b", "integer")
      .execute();
    await db.insertInto("changing").values({ a: 1, b: 2 }).execute();
    const read = async () => {
      const rows: Record<string, unknown>[] = [];
      // More than once: a statement may be prepared only when it recurs.
      for (let i = 0; i < 3; i++) {
        rows.push({ ...await db.selectFrom("changing").selectAll().executeTakeFirstOrThrow() });
      }
      assert.deepEqual(rows[1], rows[0]);
      assert.deepEqual(rows[2], rows[0]);
      return rows[0];
    };
    assert.deepEqual(await read(), { a: 1, b: 2 });
    await db.schema.alterTable("changing").addColumn("c", "integer", (c) => c.defaultTo(3))
      .execute();
    assert.deepEqual(await read(), { a: 1, b: 2, c: 3 });
    await db.schema.alterTable("changing").renameColumn("a", "z").execute();
    assert.deepEqual(await read(), { z: 1, b: 2, c: 3 });
    await db.schema.alterTable("changing").dropColumn("b").execute();
    assert.deepEqual(await read(), { z: 1, c: 3 });
    await db.schema.dropTable("changing").execute();
  });

  it("introspection finds tables and columns", async () => {
    const tables = await db.introspection.getTables();
    const things = tables.find(({ name }) => name === "things");
    assert.deepEqual(
      things?.columns.map(({ name }) => name),
      ["id", "name", "amount", "big", "flag", "at", "data"],
    );
  });

  it("a database that was destroyed refuses queries", SLOW, async () => {
    const { dialect, close } = await subject.open();
    const own = new Kysely<any>({ dialect });
    await sql`select 1`.execute(own);
    await own.destroy();
    await assert.rejects(sql`select 1`.execute(own), /destroyed/);
    await own.destroy();
    await close?.();
  });
}
