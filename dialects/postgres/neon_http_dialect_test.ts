import { after, before, describe, it } from "node:test";
import assert from "node:assert/strict";
import {
  ConnectionError,
  parseDatabaseError,
  TransactionNotSupportedError,
  UniqueConstraintError,
} from "@kysera/core";
import { neonHttpDialect, type NeonHttpDialectConfig, pgDialect } from "@kysera/dialects";
import { Kysely, sql } from "kysely";
import pg from "pg";
import { type NeonEndpoint, startNeonEndpoint } from "../../tests/support/neon.ts";
import { describeContract } from "../_contract_test.ts";
import { noServer, ownSchema } from "./_server_test.ts";

async function open(config: Partial<NeonHttpDialectConfig> = {}) {
  const { url, schema, drop } = await ownSchema();
  const endpoint = await startNeonEndpoint();
  const connectionString = `${url}?options=${encodeURIComponent(`-c search_path=${schema}`)}`;
  return {
    dialect: neonHttpDialect({ connectionString, endpoint: endpoint.url, ...config }),
    endpoint,
    connectionString,
    async close() {
      await endpoint.close();
      await drop();
    },
  };
}

describeContract({
  name: "neonHttpDialect()",
  family: "postgres",
  skip: noServer,
  lacks: ["transactions", "streams"],
  open,
});

describe("neonHttpDialect()", { skip: noServer ?? false }, () => {
  let db: Kysely<any>;
  let direct: Kysely<any>;
  let endpoint: NeonEndpoint;
  let close: () => Promise<void>;
  before(async () => {
    const opened = await open({ authToken: () => "a.b.c", isolationLevel: "Serializable" });
    ({ endpoint, close } = opened);
    db = new Kysely<any>({ dialect: opened.dialect });
    direct = new Kysely<any>({
      dialect: pgDialect({ pool: new pg.Pool({ connectionString: opened.connectionString }) }),
    });
    await db.schema.createTable("t").addColumn("a", "integer", (c) => c.primaryKey()).execute();
  });
  after(async () => {
    await direct?.destroy();
    await db?.destroy();
    await close?.();
  });

  it("reads every value as pg does, but bytes as a Uint8Array", async () => {
    const values = sql`select true as bool, 7::int2 as i2, -7 as i4, 9007199254740993::int8 as i8,
      1.10::numeric as n, 1.5::float8 as f, 'NaN'::float8 as nan, 'x"\\y' as t, null as nothing,
      '{"a": [1, null]}'::json as j, '{"b": 2}'::jsonb as jb, date '2026-02-28' as d,
      timestamp '2026-02-28 12:30:00.123456' as ts, timestamptz '2026-02-28 12:30:00.5+05:30' as tz,
      timestamptz 'infinity' as forever, date '0044-03-15 BC' as ides,
      array[1, null, 3] as ints, array['a,b', '"', null, 'NULL', '', '\\'] as texts,
      array[[1, 2], [3, 4]] as nested, array[true, false] as bools, '{}'::int[] as none,
      '[0:1]={5,6}'::int[] as bounds, array['{"a": 1}'::jsonb] as documents,
      '00000000-0000-0000-0000-000000000001'::uuid as u, interval '1 day' as length`;
    const { rows: [read] } = await values.execute(db);
    const { rows: [expected] } = await values.execute(direct);
    const plain = (row: unknown): unknown => {
      // Of these pg makes objects of classes of its own.
      const { length: _, ...rest } = row as Record<string, unknown>;
      return rest;
    };
    assert.deepEqual(plain(read), plain(expected));
    const { rows: [bytes] } = await sql<{ b: Uint8Array }>`select ${new Uint8Array([0, 255, 7])}
      ::bytea as b`.execute(db);
    assert.deepEqual(bytes!.b, new Uint8Array([0, 255, 7]));
  });

  it("binds values of every type", async () => {
    const at = new Date(Date.UTC(2026, 1, 28, 12));
    const { rows: [row] } = await sql`select ${1}::int as i, ${2n ** 60n}::int8 as big,
      ${false}::bool as b, ${at}::timestamptz as at, ${[1, null, 2]}::int[] as ints,
      ${['a"b', "c\\d", "{}"]}::text[] as texts, ${{ a: [1] }}::jsonb as j, ${undefined}::text as u`
      .execute(db);
    assert.deepEqual(row, {
      i: 1,
      big: String(2n ** 60n),
      b: false,
      at,
      ints: [1, null, 2],
      texts: ['a"b', "c\\d", "{}"],
      j: { a: [1] },
      u: null,
    });
  });

  it("sends a batch as one transaction, with the isolation level and the token", async () => {
    const statements = [1, 2].map((a) => ({
      query: db.insertInto("t").values({ a }).compile(),
      rows: 1,
    }));
    const before = endpoint.requests.length;
    await db.connection().execute(async (connection) => {
      const { executeBatch } = await driverConnection(connection);
      const results = await executeBatch(statements);
      assert.deepEqual(results.map(({ numAffectedRows }) => numAffectedRows), [1n, 1n]);
      await assert.rejects(
        executeBatch([
          { query: db.insertInto("t").values({ a: 3 }).compile() },
          { query: db.insertInto("t").values({ a: 1 }).compile() },
        ]),
        (error) => parseDatabaseError(error) instanceof UniqueConstraintError,
      );
    });
    const sent = endpoint.requests.slice(before);
    assert.deepEqual(sent.map(({ statements }) => statements), [2, 2]);
    assert.equal(sent[0]!.headers["neon-batch-isolation-level"], "Serializable");
    assert.equal(sent[0]!.headers["authorization"], "Bearer a.b.c");
    const { rows } = await sql`select a from t order by a`.execute(db);
    assert.deepEqual(rows, [{ a: 1 }, { a: 2 }]);
  });

  it("refuses what needs a session, by name", async () => {
    await assert.rejects(
      db.transaction().execute(() => Promise.resolve()),
      TransactionNotSupportedError,
    );
    await assert.rejects(sql`begin`.execute(db), TransactionNotSupportedError);
    await assert.rejects(async () => {
      for await (const _ of db.selectFrom("t").selectAll().stream());
    }, /read them in pages/);
  });

  it("says that there is no connection where the endpoint does not answer, without the password", async () => {
    const secret = "postgresql://app:hunter2@127.0.0.1/app";
    for (
      const fetch of [
        () => Promise.reject(new TypeError("fetch failed")),
        () => Promise.resolve(new Response("app:hunter2", { status: 503 })),
        () => Promise.resolve(new Response("app:hunter2", { status: 401 })),
      ]
    ) {
      const other = new Kysely<any>({
        dialect: neonHttpDialect({ connectionString: secret, fetch }),
      });
      await assert.rejects(sql`select 1`.execute(other), (error: Error) => {
        assert.ok(error instanceof ConnectionError || /HTTP status 401/.test(error.message));
        assert.doesNotMatch(`${error.stack} ${(error.cause as Error)?.stack}`, /hunter2/);
        return true;
      });
    }
  });
});

describe("neonHttpDialect() without a server", () => {
  it("refuses options with a wrong value, without the connection string", () => {
    for (const connectionString of ["mysql://a:hunter2@h/d", "hunter2", "postgres://h/d", 7]) {
      assert.throws(
        () => neonHttpDialect({ connectionString: connectionString as string }),
        (error) => error instanceof TypeError && !/hunter2/.test(error.message),
      );
    }
    const connectionString = "postgres://a:b@h/d";
    assert.throws(
      () => neonHttpDialect({ connectionString, isolationLevel: "x" as never }),
      TypeError,
    );
    assert.throws(() => neonHttpDialect({ connectionString, url: "x" } as never), TypeError);
  });

  it("sends queries to the host of the connection string", async () => {
    const urls: string[] = [];
    const db = new Kysely<any>({
      dialect: neonHttpDialect({
        connectionString: () => Promise.resolve("postgres://a:b@db.example.org/d"),
        fetch: (url) => {
          urls.push(url);
          return Promise.resolve(
            Response.json({ command: "SELECT", rowCount: 0, fields: [], rows: [] }),
          );
        },
      }),
    });
    await sql`select`.execute(db);
    assert.deepEqual(urls, ["https://db.example.org/sql"]);
  });
});

/** The connection of the driver, of a Kysely that has one for itself. */
async function driverConnection(db: Kysely<any>): Promise<{
  executeBatch(statements: readonly object[]): Promise<{ numAffectedRows?: bigint }[]>;
}> {
  return await db.getExecutor().provideConnection((connection) =>
    Promise.resolve({
      executeBatch: (statements: readonly object[]) => (connection as any).executeBatch(statements),
    })
  );
}
