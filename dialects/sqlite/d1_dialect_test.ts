import { after, before, describe, it } from "node:test";
import assert from "node:assert/strict";
import { Kysely, sql } from "kysely";
import { BadRequestError, parseDatabaseError, TransactionNotSupportedError } from "@kysera/core";
import { d1Dialect, getCapabilities, getTables } from "@kysera/dialects";
import { startEdgeRuntime } from "../../tests/support/miniflare.ts";
import { describeContract } from "../_contract_test.ts";
import { SLOW } from "../_databases_test.ts";

const { runtime, skip } = await startEdgeRuntime(3);
after(() => runtime?.close());

describeContract({
  name: "d1Dialect()",
  family: "sqlite",
  skip,
  lacks: ["transactions", "streams", "big integers", "integers in text"],
  open: async () => ({ dialect: d1Dialect({ database: await runtime!.openD1() }) }),
});

describe("d1Dialect()", { skip: skip ?? false }, () => {
  let db: Kysely<any>;

  before(async () => {
    db = new Kysely<any>({ dialect: d1Dialect({ database: () => runtime!.openD1() }) });
    await db.schema.createTable("t").addColumn("id", "integer", (c) => c.primaryKey())
      .addColumn("n", "text").addColumn("big", "integer").execute();
    await db.schema.createTable("child").addColumn("id", "integer", (c) => c.primaryKey())
      .addColumn("t", "integer", (c) => c.references("t.id").onDelete("cascade")).execute();
    await sql`create trigger copies after insert on t when new.n = 'copied'
      begin insert into t (n) values ('copy'); insert into t (n) values ('copy'); end`.execute(db);
  }, SLOW);
  after(() => db?.destroy());

  function refuses(run: () => Promise<unknown>, message: RegExp): Promise<void> {
    return assert.rejects(run, (error) => {
      assert.ok(error instanceof BadRequestError, String(error));
      assert.match(error.message, message);
      return true;
    });
  }

  it("refuses transactions and savepoints by name, and runs nothing of them", async () => {
    const refused = (error: unknown) => {
      assert.ok(error instanceof TransactionNotSupportedError, String(error));
      assert.equal(error.code, "DB_TRANSACTION_NOT_SUPPORTED");
      assert.equal(parseDatabaseError(error, "sqlite"), error);
      return true;
    };
    let ran = false;
    await assert.rejects(
      db.transaction().execute(() => {
        ran = true;
        return Promise.resolve();
      }),
      refused,
    );
    await assert.rejects(db.startTransaction().execute(), refused);
    assert.equal(ran, false);
    for (
      const command of [
        sql`begin`,
        sql` /* why */ BEGIN immediate`,
        sql`savepoint s`,
        sql`release s`,
        sql`rollback to s`,
        sql`commit`,
      ]
    ) await assert.rejects(command.execute(db), refused);
  });

  it("refuses several statements in one text, and runs none of them", async () => {
    const { id } = await db.insertInto("t").values({ n: "stays" }).returning("id")
      .executeTakeFirstOrThrow();
    await refuses(
      () => sql`select 1; delete from t`.execute(db),
      /more than one statement, and D1 would/,
    );
    await db.selectFrom("t").select("id").where("id", "=", id).executeTakeFirstOrThrow();
    assert.deepEqual((await sql`select ';' as a;`.execute(db)).rows, [{ a: ";" }]);
  });

  it("refuses more parameters than D1 takes, and takes as many as it says", async () => {
    const { parameterLimit } = getCapabilities("sqlite", { variant: "d1" });
    const select = (count: number) =>
      db.selectFrom("t").select("id").where("id", "in", Array.from({ length: count }, (_, i) => i))
        .execute();
    await select(parameterLimit);
    await refuses(() => select(parameterLimit + 1), /101 parameters, and D1 takes 100/);
  });

  it("refuses to stream", async () => {
    await refuses(async () => {
      for await (const _ of db.selectFrom("t").selectAll().stream());
    }, /Cannot stream: D1 returns all rows/);
  });

  it("refuses what D1 would store or return as another value", async () => {
    const select = (value: unknown) => sql<{ v: unknown }>`select ${value} as v`.execute(db);
    await refuses(() => select(2n ** 53n), /parameter 1: D1 rounds integers/);
    await refuses(() => select(Infinity), /stores NULL/);
    await refuses(() => select(NaN), /stores NULL/);
    await assert.rejects(select({ a: 1 }), /SQLite has no type for an object/);
    await assert.rejects(
      sql`select 9007199254740993 as big`.execute(db),
      /Cannot read column "big": D1 may have rounded/,
    );
    const { rows } = await sql<{ text: string; real: number }>`
      select cast(9007199254740993 as text) as text, 1e300 as real`.execute(db);
    assert.deepEqual(rows, [{ text: "9007199254740993", real: 1e300 }]);
    assert.deepEqual((await select(2n ** 53n - 1n)).rows, [{ v: 2 ** 53 - 1 }]);
  });

  it("counts the rows of the statement, without those of triggers and cascades", async () => {
    await db.deleteFrom("t").execute();
    const inserted = await db.insertInto("t").values({ n: "copied" }).executeTakeFirstOrThrow();
    assert.equal(inserted.numInsertedOrUpdatedRows, 1n);
    const { id } = await db.selectFrom("t").select("id").where("n", "=", "copied")
      .executeTakeFirstOrThrow();
    assert.equal(inserted.insertId, BigInt(id));
    await db.insertInto("child").values([{ t: id }, { t: id }]).execute();
    const deleted = await db.deleteFrom("t").where("id", "=", id).executeTakeFirstOrThrow();
    assert.equal(deleted.numDeletedRows, 1n);
    assert.deepEqual(await db.selectFrom("child").selectAll().execute(), []);
  });

  it("tells no count of a WITH that only reads", async () => {
    const { rows, numAffectedRows } = await sql<{ a: number }>`
      with one as (select 1 as a) select a from one where a > 1`.execute(db);
    assert.deepEqual([rows, numAffectedRows], [[], undefined]);
  });

  it("introspects no table of Cloudflare's", async () => {
    assert.deepEqual(await getTables(db, "sqlite"), ["child", "t"]);
    const tables = await db.introspection.getTables();
    assert.deepEqual(tables.map(({ name }) => name), ["child", "t"]);
    const [id] = tables[1]!.columns;
    assert.equal(id?.isAutoIncrementing, true);
  });

  it("has the capabilities that its record tells", async () => {
    const { compoundLimit, expressionDepthLimit, likePatternLimit } = getCapabilities("sqlite", {
      variant: "d1",
    });
    const works = async (text: string) => {
      try {
        await sql.raw(text).execute(db);
        return true;
      } catch {
        return false;
      }
    };
    const limits: [number, (n: number) => string][] = [
      [compoundLimit, (n) => Array(n).fill("select 1").join(" union all ")],
      [likePatternLimit, (n) => `select 'a' like '${"%".repeat(n)}'`],
      [expressionDepthLimit, (n) => `select 1 where ${Array(n - 1).fill("1 = 2").join(" or ")}`],
    ];
    for (const [limit, statement] of limits) {
      assert.deepEqual([await works(statement(limit)), await works(statement(limit + 2))], [
        true,
        false,
      ], statement(1));
    }
    assert.equal(await works("select * from (select 1) l full join (select 2) r on true"), true);
    assert.equal(await works("insert into t (n) values ('r') returning id"), true);
  });

  it("refuses options that it has not", () => {
    // @ts-expect-error: the type refuses it too
    assert.throws(() => d1Dialect({ database: {} }), /"database" must be a binding of D1/);
    assert.throws(
      // @ts-expect-error: the type refuses it too
      () => d1Dialect({ database: () => runtime!.openD1(), bigints: "auto" }),
      /bigints/,
    );
  });
});
