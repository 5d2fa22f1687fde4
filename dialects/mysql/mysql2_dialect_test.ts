import { describe, it } from "node:test";
import assert from "node:assert/strict";
import process from "node:process";
import { Kysely, MysqlDialect, sql } from "kysely";
import mysql from "mysql2";
import { mysql2Dialect } from "@kysera/dialects";
import { describeContract } from "../_contract_test.ts";

const url = process.env["KYSERA_TEST_MYSQL_URL"];
const skip = url ? undefined : "KYSERA_TEST_MYSQL_URL is not set";

/** An own database on the server of the tests. */
async function ownDatabase(): Promise<{ pool: () => mysql.Pool; drop(): Promise<void> }> {
  const name = `kysera_dialects_${crypto.randomUUID().replaceAll("-", "")}`;
  await run(`create database ${name} character set utf8mb4`);
  const own = new URL(url!);
  own.pathname = `/${name}`;
  return {
    pool: () =>
      mysql.createPool({
        uri: own.href,
        connectionLimit: 4,
        timezone: "Z",
        supportBigNumbers: true,
      }),
    drop: () => run(`drop database ${name}`),
  };
}

async function run(statement: string): Promise<void> {
  const connection = mysql.createConnection({ uri: url! });
  try {
    await connection.promise().query(statement);
  } finally {
    connection.destroy();
  }
}

describeContract({
  name: "mysql2Dialect()",
  family: "mysql",
  skip,
  plainRows: false,
  open: async () => {
    const { pool, drop } = await ownDatabase();
    return { dialect: mysql2Dialect({ pool: pool() }), close: drop };
  },
});

describe("mysql2Dialect()", { skip: skip ?? false }, () => {
  it("refuses an object or an array as a value, which the driver would write as other SQL", async () => {
    const { pool, drop } = await ownDatabase();
    const db = new Kysely<any>({ dialect: mysql2Dialect({ pool: pool() }) });
    const unguarded = new Kysely<any>({ dialect: new MysqlDialect({ pool: pool() }) });
    await db.schema.createTable("users").addColumn("id", "integer").addColumn("name", "text")
      .execute();
    const insert = (database: Kysely<any>, name: unknown) =>
      database.insertInto("users").values({ id: 1, name });

    await insert(unguarded, { first: "Ada" }).execute();
    const [lost] = await db.selectFrom("users").select("name").execute();
    assert.notEqual(lost?.name, '{"first":"Ada"}');
    await assert.rejects(insert(unguarded, ["Ada", "Eve"]).execute(), /Column count/);

    const value = { first: "Ada" };
    await assert.rejects(insert(db, value).execute(), /Cannot bind parameter 2: .* an object/);
    await assert.rejects(insert(db, ["Ada"]).execute(), /Cannot bind parameter 2: .* an array/);
    await assert.rejects(insert(db, mysql.raw("now()")).execute(), /Cannot bind parameter 2/);
    await assert.rejects(
      async () => {
        for await (const _ of db.selectFrom("users").where("name", "=", value).stream());
      },
      /Cannot bind parameter 1/,
    );

    await unguarded.destroy();
    await db.destroy();
    await drop();
  });

  it("takes a function that makes the pool, and calls onCreateConnection per connection", async () => {
    const { pool, drop } = await ownDatabase();
    let calls = 0;
    const db = new Kysely<any>({
      dialect: mysql2Dialect({
        pool: () => Promise.resolve(pool()),
        onCreateConnection: () => {
          calls++;
          return Promise.resolve();
        },
      }),
    });
    for (let i = 0; i < 3; i++) await sql`select 1`.execute(db);
    assert.equal(calls, 1);
    await db.destroy();
    await drop();
  });
});

describe("mysql2Dialect() without a server", () => {
  it("refuses options it does not have", () => {
    assert.throws(
      // @ts-expect-error: the type refuses it too
      () => mysql2Dialect({ pool: () => Promise.reject(), uri: "mysql://localhost" }),
      /Cannot call mysql2Dialect\(\): it has no option "uri"/,
    );
  });
});
