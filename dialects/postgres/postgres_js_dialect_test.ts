import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { Kysely, sql } from "kysely";
import postgres from "postgres";
import { postgresJsDialect, type PostgresJsDialectConfig } from "@kysera/dialects";
import { describeContract } from "../_contract_test.ts";
import { noServer, ownSchema } from "./_server_test.ts";

async function open(config: Omit<PostgresJsDialectConfig, "database"> = {}, max = 4) {
  const { url, schema, drop } = await ownSchema();
  const database = () => postgres(url, { max, connection: { search_path: schema } });
  return { dialect: postgresJsDialect({ database, ...config }), close: drop };
}

describeContract({
  name: "postgresJsDialect()",
  family: "postgres",
  skip: noServer,
  open: () => open(),
});

describeContract({
  name: "postgresJsDialect() on one connection, without prepared statements",
  family: "postgres",
  skip: noServer,
  open: () => open({ preparedStatements: 0 }, 1),
});

describe("postgresJsDialect()", { skip: noServer ?? false }, () => {
  it("prepares what recurs, and no more than it may", async () => {
    const { dialect, close } = await open({ preparedStatements: 4 }, 1);
    const db = new Kysely<any>({ dialect });
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 10; i++) {
        await sql`select ${1}::int + ${sql.lit(i)} as n`.execute(db);
      }
    }
    const { rows } = await sql<{ n: number }>`
      select count(*)::int as n from pg_prepared_statements where statement like 'select $1%'`
      .execute(db);
    assert.deepEqual(rows, [{ n: 4 }]);
    await db.destroy();
    await close();
  });

  it("returns only the rows of a query after one that failed half way", async () => {
    const { dialect, close } = await open({}, 1);
    const db = new Kysely<any>({ dialect });
    await assert.rejects(
      sql`select 1 / (g - 500) as x from generate_series(1, 1000) g`.execute(db),
    );
    const { rows } = await sql`select 1 as one`.execute(db);
    assert.deepEqual(rows, [{ one: 1 }]);
    await db.destroy();
    await close();
  });

  it("rejects a commit that the database turned into a rollback, and goes on", async () => {
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

  it("sends one statement only, with or without parameters", async () => {
    const { dialect, close } = await open({}, 1);
    const db = new Kysely<any>({ dialect });
    await assert.rejects(sql`select 1; select 2`.execute(db), { code: "42601" });
    await db.destroy();
    await close();
  });

  it("writes values of JSON columns as the driver does: the value itself, not its text", async () => {
    const { dialect, close } = await open({}, 1);
    const db = new Kysely<any>({ dialect });
    await db.schema.createTable("t").addColumn("j", "jsonb").execute();
    await db.insertInto("t").values([{ j: { a: [1] } }, { j: "text" }]).execute();
    assert.deepEqual(await db.selectFrom("t").select("j").execute(), [
      { j: { a: [1] } },
      { j: "text" },
    ]);
    await db.destroy();
    await close();
  });

  it("calls onReserveConnection before each use, and puts the connection back if it throws", async () => {
    let calls = 0;
    const { dialect, close } = await open({
      onReserveConnection: async (connection) => {
        if (++calls === 2) throw new Error("not now");
        await connection.executeQuery(sql`set application_name to ${sql.lit("mine")}`.compile(db));
      },
    }, 1);
    const db = new Kysely<any>({ dialect });
    const name = sql<{ name: string }>`select current_setting('application_name') as name`;
    assert.deepEqual((await name.execute(db)).rows, [{ name: "mine" }]);
    await assert.rejects(name.execute(db), /not now/);
    assert.deepEqual((await name.execute(db)).rows, [{ name: "mine" }]);
    assert.equal(calls, 3);
    await db.destroy();
    await close();
  });
});

describe("postgresJsDialect() without a server", () => {
  it("refuses options it does not have, and wrong values", async () => {
    const database = postgres("postgres://nobody@localhost/nothing");
    assert.throws(
      // @ts-expect-error: the type refuses it too
      () => postgresJsDialect({ database, prepare: true }),
      /Cannot call postgresJsDialect\(\): it has no option "prepare"/,
    );
    assert.throws(
      // @ts-expect-error: the type refuses it too
      () => postgresJsDialect({ database: "postgres://localhost" }),
      /option "database" must be what postgres\(\) returns/,
    );
    assert.throws(() => postgresJsDialect({ database, preparedStatements: -1 }), RangeError);
    await database.end();
  });
});
