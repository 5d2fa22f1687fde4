import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { BadRequestError, type CursorOptions, paginate, paginateCursor } from "@kysera/core";
import fc from "fast-check";
import {
  DummyDriver,
  Kysely,
  type KyselyPlugin,
  MssqlAdapter,
  MssqlIntrospector,
  MssqlQueryCompiler,
  sql,
} from "kysely";
import { onEveryDialect, type TestDatabase } from "../support/matrix.ts";
import { fuzzProperty } from "../support/random.ts";
import { openShop, type Shop } from "./_shop.ts";

const secret = "a secret that is longer than 32 characters";

type Options = Partial<CursorOptions<Shop, "orders", object>>;

onEveryDialect("paginateCursor() refuses", (dialect) => {
  let database: TestDatabase;
  let db: Kysely<Shop>;
  let runs = 0;
  let cursor: string;

  before(async () => {
    const counter: KyselyPlugin = {
      transformQuery: ({ node }) => node,
      transformResult: ({ result }) => {
        runs++;
        return Promise.resolve(result);
      },
    };
    database = await openShop(dialect, [counter]);
    db = database.db;
    cursor = (await read({})).pagination.nextCursor!;
  });

  beforeEach(() => {
    runs = 0;
  });

  after(() => database.close());

  const orders = () => db.selectFrom("orders").select("id").where("status", "=", "open");

  function read(options: object, query = orders()) {
    const complete = { orderBy: [{ column: "total" }], limit: 1, ...options };
    return paginateCursor<any, any, any>(query, complete as never);
  }

  async function refuses(attempt: Promise<unknown>, message: RegExp) {
    await assert.rejects(attempt, (error) => {
      assert.ok(error instanceof BadRequestError, String(error));
      assert.equal(error.code, "RESOURCE_BAD_REQUEST");
      assert.match(error.message, message);
      return true;
    });
    assert.equal(runs, 0, "a query ran");
  }

  it("takes a cursor for the query it was made for", async () => {
    await read({ cursor });
    assert.ok(runs > 0);
    await read({ cursor, limit: 7 });
  });

  it("takes the empty text of `?cursor=` for no cursor", async () => {
    const { data } = await read({});
    assert.deepEqual((await read({ cursor: "" })).data, data);
  });

  it("text that is not a cursor", async () => {
    const texts = [" ", "x", ".", "..", "k1..", "k1.e30.e30", "k1.%.%", "null", "[object Object]"];
    for (const text of texts) await refuses(read({ cursor: text }), /^Cannot (parse|use) cursor/);
    await refuses(read({ cursor: "k1.".repeat(100_000) }), /^Cannot parse cursor/);
    for (const value of [7, {}, [], true]) {
      await refuses(read({ cursor: value }), /^Cannot parse cursor/);
    }
  });

  it("a cursor of another version", async () => {
    await refuses(read({ cursor: cursor.replace(/^k4/, "k9") }), /another version/);
  });

  it("a cursor with any one character changed", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(cursor.length - 1),
        fc.constantFrom(..."Aa0-_.k"),
        async (at, char) => {
          const changed = cursor.slice(0, at) + char + cursor.slice(at + 1);
          // The last character has bits that say nothing
          fc.pre(changed !== cursor && at < cursor.length - 1);
          await refuses(read({ cursor: changed }), /^Cannot (parse|use) cursor/);
        },
      ),
      fuzzProperty(100),
    );
  });

  it("anything that a stranger may send", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: "binary", minLength: 1 }),
        fc.jsonValue(),
        async (text, json) => {
          const payload = btoa(encodeURIComponent(JSON.stringify(json)));
          for (const one of [text, `k1.${payload}.${payload}`, payload]) {
            await refuses(read({ cursor: one }), /^Cannot (parse|use) cursor/);
          }
        },
      ),
      fuzzProperty(50),
    );
  });

  it("a cursor with its last character changed, however", async () => {
    for (const char of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=") {
      const changed = cursor.slice(0, -1) + char;
      if (changed !== cursor) await refuses(read({ cursor: changed }), /^Cannot (parse|use)/);
    }
    await refuses(read({ cursor: `${cursor}=` }), /^Cannot parse/);
  });

  it("a cursor with other values in it", async () => {
    const [head, payload, signature] = cursor.split(".");
    const values = JSON.parse(atob(payload!.replaceAll("-", "+").replaceAll("_", "/")));
    values[1] = ["integer", "1; drop table orders"];
    const forged = btoa(JSON.stringify(values)).replaceAll("=", "");
    await refuses(read({ cursor: `${head}.${forged}.${signature}` }), /another query/);
  });

  it("a cursor of another order", async () => {
    const orderings = [
      [{ column: "total", direction: "desc" }],
      [{ column: "total", nulls: dialect.dialect === "postgres" ? "first" : "last" }],
      [{ column: "status" }],
      [{ column: "total" }, { column: "status" }],
      [],
    ];
    for (const orderBy of orderings) await refuses(read({ cursor, orderBy }), /another query/);
    await refuses(read({ cursor, uniqueBy: ["customer_id"] }), /another query/);
  });

  it("a cursor of another filter, or of the same with another value", async () => {
    const others = [
      db.selectFrom("orders").select("id"),
      db.selectFrom("orders").select("id").where("status", "=", "paid"),
      orders().where("id", ">", 0),
    ];
    for (const query of others) await refuses(read({ cursor }, query as never), /another query/);
  });

  it("a cursor of another table", async () => {
    const query = db.selectFrom("orders as o").select("id").where("status", "=", "open");
    await refuses(read({ cursor }, query as never), /another query/);
  });

  it("a cursor without the secret, with another, or one that is not signed", async () => {
    const signed = (await read({ security: { secret } })).pagination.nextCursor!;
    runs = 0;
    await refuses(read({ cursor: signed }), /another query, order or secret/);
    await refuses(read({ cursor: signed, security: { secret: `${secret}!` } }), /secret/);
    await refuses(read({ cursor, security: { secret } }), /secret/);
  });

  it("no cursor of a secret that was only just replaced", async () => {
    const signed = (await read({ security: { secret } })).pagination.nextCursor!;
    const rotated = { secret: [`new ${secret}`, secret] };
    const page = await read({ cursor: signed, security: rotated });
    runs = 0;
    const next = page.pagination.nextCursor!;
    await refuses(read({ cursor: next, security: { secret } }), /secret/);
  });

  it("a secret that is too short", async () => {
    for (const short of ["short", "", [], [secret, "short"], undefined, 7]) {
      await refuses(read({ security: { secret: short } }), /at least 32 characters/);
    }
    await refuses(read({ security: { secret, encrypt: true } }), /no option "encrypt"/);
  });

  it("options that there are not, or that make no sense", async () => {
    const wrong: [object, RegExp][] = [
      [{ pagesize: 7 }, /no option "pagesize"/],
      [{ orderBy: [{ column: "total", dir: "asc" }] }, /no option "dir"/],
      [{ orderBy: [{ column: "total", direction: "up" }] }, /"direction" is "up"/],
      [{ orderBy: [{ column: "total", nulls: "none" }] }, /"nulls" is "none"/],
      [{ orderBy: [{ column: "" }] }, /neither a name nor an expression/],
      [{ orderBy: [{ column: "a.b.c.d" }] }, /no column "a.b.c.d"/],
      [{ orderBy: [{}] }, /neither a name nor an expression/],
      [{ orderBy: [null] }, /not an object/],
      [{ orderBy: "total" }, /must be a list/],
      [{ orderBy: [], uniqueBy: [] }, /"orderBy" is empty/],
      [{ direction: "sideways" }, /"direction" is "sideways"/],
      [{ total: "maybe" }, /"total" is "maybe"/],
      [{ limit: "ten" }, /"limit" must be a number/],
      [{ limit: NaN }, /"limit" must be a number/],
    ];
    for (const [options, message] of wrong) await refuses(read(options), message);
  });

  it("a query with a limit or an order of its own", async () => {
    const query = orders();
    await refuses(read({}, query.limit(5)), /has a limit/);
    await refuses(read({}, query.offset(5)), /has a limit/);
    await refuses(read({}, query.orderBy("id")), /order of its own/);
  });

  it("what is not a SELECT", async () => {
    const values: any[] = [null, {}, "select 1", db, db.deleteFrom("orders"), sql`select 1`];
    for (const value of values) await refuses(read({}, value), /^Cannot paginate by cursor/);
  });

  it("no limit that is out of range, but brings it into it", async () => {
    assert.equal((await read({ limit: 0 })).pagination.limit, 1);
    assert.equal((await read({ limit: -5 })).data.length, 1);
    assert.equal((await read({ limit: 1e9 })).pagination.limit, 10_000);
    assert.equal((await read({ limit: undefined })).pagination.limit, 20);
    assert.equal((await read({ limit: 2.7 })).data.length, 2);
  });

  it("no column name because of what is in it", async () => {
    const evil = 'id" from orders; drop table orders; --';
    await assert.rejects(read({ orderBy: [{ column: evil }] }));
    assert.equal((await db.selectFrom("orders").select("id").execute()).length, 7);
  });
});

describe("paginateCursor() on SQL Server", () => {
  const log: string[] = [];
  const db = new Kysely<Shop>({
    log: ({ query }) => void log.push(query.sql),
    dialect: {
      createAdapter: () => new MssqlAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new MssqlIntrospector(db),
      createQueryCompiler: () => new MssqlQueryCompiler(),
    },
  });

  it("says that it cannot", async () => {
    const options: Options = { orderBy: [{ column: "id" }] };
    await assert.rejects(
      paginateCursor(db.selectFrom("orders").select("id"), options as never),
      /Cannot paginate by cursor on SQL Server/,
    );
  });

  it("leaves numbered pages as the way", async () => {
    const query = db.selectFrom("orders").select("id").orderBy("id");
    const page = await paginate(query, { page: 3, limit: 10, total: "none" });
    assert.deepEqual(page.data, []);
    assert.deepEqual(log, [
      'select "id" from "orders" order by "id" offset @1 rows fetch next @2 rows only',
    ]);
  });
});
