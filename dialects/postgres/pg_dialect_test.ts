import { describe, it } from "node:test";
import assert from "node:assert/strict";
import type { EventEmitter } from "node:events";
import { Kysely, sql } from "kysely";
import pg from "pg";
import Cursor from "pg-cursor";
import { pgDialect, type PgDialectConfig } from "@kysera/dialects";
import { describeContract } from "../_contract_test.ts";
import { noServer, ownSchema } from "./_server_test.ts";

async function open(config: Omit<PgDialectConfig, "pool"> = {}, max = 4) {
  const { url, schema, drop } = await ownSchema();
  const pool = new pg.Pool({
    connectionString: url,
    max,
    options: `-c search_path=${schema}`,
  });
  return { dialect: pgDialect({ pool, cursor: Cursor, ...config }), close: drop };
}

describeContract({ name: "pgDialect()", family: "postgres", skip: noServer, open: () => open() });

describeContract({
  name: "pgDialect() with prepared statements",
  family: "postgres",
  skip: noServer,
  open: () => open({ preparedStatements: 20 }),
});

describe("pgDialect()", { skip: noServer ?? false }, () => {
  async function preparedStatements(config: Omit<PgDialectConfig, "pool">): Promise<number> {
    const { dialect, close } = await open(config, 1);
    const db = new Kysely<any>({ dialect });
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 10; i++) {
        // Ten different texts
        await sql`select ${1}::int + ${sql.lit(i)} as n`.execute(db);
      }
    }
    const { rows } = await sql<{ n: number }>`
      select count(*)::int as n from pg_prepared_statements`.execute(db);
    await db.destroy();
    await close();
    return rows[0]!.n;
  }

  it("prepares nothing unless it is asked to", async () => {
    assert.equal(await preparedStatements({}), 0);
  });

  it("prepares what recurs, and no more than it may", async () => {
    assert.equal(await preparedStatements({ preparedStatements: 100 }), 10);
    assert.equal(await preparedStatements({ preparedStatements: 4 }), 4);
  });

  it("outlives the end of a session in a transaction that waits for the program", async () => {
    const { url, drop } = await ownSchema();
    const pool = new pg.Pool({ connectionString: url, max: 1 });
    pool.on("error", () => {});
    const gone = new Promise<void>((resolve) =>
      pool.on("connect", (client: EventEmitter) => client.once("end", resolve))
    );
    const db = new Kysely<any>({ dialect: pgDialect({ pool }) });
    const other = new Kysely<any>({
      dialect: pgDialect({ pool: new pg.Pool({ connectionString: url }) }),
    });
    try {
      const ended = db.transaction().execute(async (trx) => {
        const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(trx);
        await sql`select pg_terminate_backend(${rows[0]!.pid})`.execute(other);
        await gone;
        await sql`select 1`.execute(trx);
      });
      await assert.rejects(ended);
      await sql`select 1`.execute(db);
    } finally {
      await db.destroy();
      await other.destroy();
      await drop();
    }
  });

  it("rejects a commit that the database turned into a rollback", async () => {
    const { dialect, close } = await open({}, 1);
    const db = new Kysely<any>({ dialect });
    await assert.rejects(
      db.transaction().execute(async (trx) => {
        await sql`select 1 / 0`.execute(trx).catch(() => {});
      }),
      /Cannot commit: the database rolled the transaction back/,
    );
    const { rows } = await sql`select 1 as one`.execute(db);
    assert.deepEqual(rows, [{ one: 1 }]);
    await db.destroy();
    await close();
  });

  it("gives the error of a stale statement inside a transaction, and goes on after it", async () => {
    const { dialect, close } = await open({ preparedStatements: 10 }, 1);
    const db = new Kysely<any>({ dialect });
    await db.schema.createTable("t").addColumn("a", "integer").execute();
    for (let i = 0; i < 3; i++) await db.selectFrom("t").selectAll().execute();
    await db.schema.alterTable("t").addColumn("b", "integer").execute();
    await assert.rejects(
      db.transaction().execute((trx) => trx.selectFrom("t").selectAll().execute()),
      { code: "0A000" },
    );
    await db.transaction().execute((trx) => trx.selectFrom("t").selectAll().execute());
    for (let i = 0; i < 3; i++) await db.selectFrom("t").selectAll().execute();
    // The one that took the place of the stale one
    const { rows } = await sql<{ n: number }>`select count(*)::int as n from pg_prepared_statements
      where statement = 'select * from "t"'`.execute(db);
    assert.deepEqual(rows, [{ n: 1 }]);
    await db.destroy();
    await close();
  });

  it("closes a cursor that has failed, every time", async () => {
    const { dialect, close } = await open({}, 1);
    const db = new Kysely<any>({ dialect });
    for (let i = 0; i < 50; i++) {
      await assert.rejects(async () => {
        const stream = db.selectFrom(sql<any>`generate_series(1, 20)`.as("g"))
          .select(sql<number>`1 / (g - 15)`.as("x")).stream(10);
        for await (const _ of stream);
      }, { code: "22012" });
    }
    await db.destroy();
    await close();
  });
});

describe("pgDialect() without a server", () => {
  it("refuses options it does not have, and wrong values", () => {
    const pool = new pg.Pool();
    assert.throws(
      // @ts-expect-error: the type refuses it too
      () => pgDialect({ pool, prepare: true }),
      /Cannot call pgDialect\(\): it has no option "prepare"/,
    );
    assert.throws(() => pgDialect({ pool, preparedStatements: -1 }), RangeError);
    assert.throws(() => pgDialect({ pool, preparedStatements: 1.5 }), RangeError);
  });
});
