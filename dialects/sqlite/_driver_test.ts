import { DatabaseSync } from "node:sqlite";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { Kysely, sql } from "kysely";
import { nodeSqliteDialect, type NodeSqliteDialectConfig } from "@kysera/dialects";

async function withDatabase(
  body: (db: Kysely<any>, database: DatabaseSync) => Promise<void>,
  config: Omit<NodeSqliteDialectConfig, "database"> = {},
): Promise<void> {
  const database = new DatabaseSync(":memory:");
  const db = new Kysely<any>({ dialect: nodeSqliteDialect({ database, ...config }) });
  try {
    await sql`create table t (id integer primary key, a integer, b text)`.execute(db);
    await body(db, database);
  } finally {
    await db.destroy();
  }
}

describe("a SQLite dialect", () => {
  it("binds whole numbers as integers and others as they are", () =>
    withDatabase(async (db) => {
      const { rows } = await sql`
        select typeof(${1}) as one, typeof(${1.5}) as half, typeof(${2 ** 60}) as large,
          typeof(${-0}) as zero, typeof(${true}) as flag, typeof(${null}) as missing,
          typeof(${1n}) as big, typeof(${new Uint8Array(1)}) as bytes, typeof(${"1"}) as text`
        .execute(db);
      assert.deepEqual(rows, [{
        one: "integer",
        half: "real",
        large: "real",
        zero: "real",
        flag: "integer",
        missing: "null",
        big: "integer",
        bytes: "blob",
        text: "text",
      }]);
      await db.insertInto("t").values({ b: 5 }).execute();
      assert.deepEqual(await db.selectFrom("t").select("b").execute(), [{ b: "5" }]);
    }));

  it("binds other views of bytes, and only the bytes they show", () =>
    withDatabase(async (db) => {
      const { buffer } = Uint8Array.of(1, 2, 3, 4);
      const { rows } = await sql<{ a: string; b: string }>`
        select hex(${new DataView(buffer, 1, 2)}) as a, hex(${buffer}) as b`.execute(db);
      assert.deepEqual(rows, [{ a: "0203", b: "01020304" }]);
    }));

  it("refuses values it has no type for, without showing them", () =>
    withDatabase(async (db) => {
      const refused: [unknown, RegExp][] = [
        [{ secret: 1 }, /^Cannot bind parameter 1: SQLite has no type for an object; pass text/],
        [["secret"], /^Cannot bind parameter 1: SQLite has no type for an array/],
        [Symbol("secret"), /^Cannot bind parameter 1: SQLite has no type for a symbol/],
        [new Date(NaN), /^Cannot bind parameter 1: the date is invalid/],
        [2n ** 63n, /^Cannot bind parameter 1: an integer of SQLite has 64 bits/],
        [-(2n ** 63n) - 1n, /^Cannot bind parameter 1: an integer of SQLite has 64 bits/],
      ];
      for (const [value, message] of refused) {
        await assert.rejects(sql`select ${value}`.execute(db), (error: Error) => {
          assert.match(error.message, message);
          assert.doesNotMatch(error.message, /secret/);
          return true;
        });
      }
    }));

  it("reads integers as bigints: auto says", () =>
    withDatabase(async (db) => {
      const query = sql<{ n: unknown; r: number }>`select ${2n ** 53n} as n, 1e300 as r
        union all select ${2n ** 53n - 1n}, 0.5`;
      const expected = [{ n: 2n ** 53n, r: 1e300 }, { n: 2 ** 53 - 1, r: 0.5 }];
      for (let i = 0; i < 3; i++) assert.deepEqual((await query.execute(db)).rows, expected);
    }));

  it("runs a statement that changes rows once, whatever it returns", () =>
    withDatabase(async (db) => {
      const insert = db.insertInto("t").values({ a: 2n ** 60n }).returning("a");
      assert.deepEqual(await insert.execute(), [{ a: 2n ** 60n }]);
      const raw = sql`with x as (select 1) insert into t (a) values (${2n ** 61n}) returning a`;
      assert.deepEqual((await raw.execute(db)).rows, [{ a: 2n ** 61n }]);
      const { n } = await db.selectFrom("t").select((eb) => eb.fn.countAll().as("n"))
        .executeTakeFirstOrThrow();
      assert.equal(n, 2);
    }));

  it("reads integers as bigints: always says", () =>
    withDatabase(async (db) => {
      await db.insertInto("t").values({ a: 5 }).execute();
      assert.deepEqual(await db.selectFrom("t").select("a").execute(), [{ a: 5n }]);
      for await (const row of db.selectFrom("t").select("a").stream()) {
        assert.deepEqual(row, { a: 5n });
      }
    }, { bigints: "always" }));

  it("reads integers as bigints: throw says, and names the column", () =>
    withDatabase(async (db) => {
      await db.insertInto("t").values([{ a: 5 }, { a: 2n ** 53n }]).execute();
      const first = await db.selectFrom("t").select("a").limit(1).execute();
      assert.deepEqual(first, [{ a: 5 }]);
      await assert.rejects(
        db.selectFrom("t").select("a").execute(),
        /Cannot read column "a": its integer does not fit into a number/,
      );
    }, { bigints: "throw" }));

  it("tells no count for a statement that changes no rows", () =>
    withDatabase(async (db) => {
      await db.insertInto("t").values([{ a: 1 }, { a: 2 }]).execute();
      // SQLite itself still tells the 2 rows of the insert
      const create = await sql`create table other (a)`.execute(db);
      assert.equal(create.numAffectedRows, undefined);
      assert.equal(create.insertId, undefined);
      const update = await db.updateTable("t").set({ a: 3 }).where("id", "=", 1).execute();
      assert.deepEqual(update.map(({ numUpdatedRows }) => numUpdatedRows), [1n]);
    }));

  it("gives the error that made SQLite roll back by itself", () =>
    withDatabase(async (db) => {
      await db.insertInto("t").values({ id: 1 }).execute();
      await assert.rejects(
        db.transaction().execute(async (trx) => {
          await trx.insertInto("t").values({ id: 2 }).execute();
          await sql`insert or rollback into t (id) values (1)`.execute(trx);
        }),
        /UNIQUE constraint failed/,
      );
      await assert.rejects(
        db.transaction().execute(async (trx) => {
          await trx.insertInto("t").values({ id: 2 }).execute();
          await sql`insert or rollback into t (id) values (1)`.execute(trx).catch(() => {});
        }),
        /Cannot commit: the database rolled the transaction back/,
      );
      assert.deepEqual(await db.selectFrom("t").select("id").execute(), [{ id: 1 }]);
    }));

  it("leaves query_only as it was after a read only transaction", () =>
    withDatabase(async (db) => {
      const queryOnly = async () =>
        (await sql<{ query_only: number }>`pragma query_only`.execute(db)).rows[0]?.query_only;
      for (const before of [0, 1]) {
        await sql`pragma query_only = ${sql.lit(before)}`.execute(db);
        await db.transaction().setAccessMode("read only").execute(async (trx) => {
          await sql`select 1`.execute(trx);
          assert.equal((await sql<any>`pragma query_only`.execute(trx)).rows[0].query_only, 1);
        });
        assert.equal(await queryOnly(), before);
      }
    }));

  it("calls onCreateConnection once, before the first query, and again if it failed", async () => {
    let calls = 0;
    const db = new Kysely<any>({
      dialect: nodeSqliteDialect({
        database: new DatabaseSync(":memory:"),
        onCreateConnection: async (connection) => {
          if (++calls === 1) throw new Error("not yet");
          await connection.executeQuery(sql`pragma foreign_keys = off`.compile(db));
        },
      }),
    });
    await assert.rejects(sql`select 1`.execute(db), /not yet/);
    for (let i = 0; i < 2; i++) {
      const { rows } = await sql`pragma foreign_keys`.execute(db);
      assert.deepEqual(rows, [{ foreign_keys: 0 }]);
    }
    assert.equal(calls, 2);
    await db.destroy();
  });

  it("sees what was done to the database behind its back, on the same handle", () =>
    withDatabase(async (db, database) => {
      await db.insertInto("t").values({ a: 1, b: "x" }).execute();
      const insert = () => db.insertInto("t").values({ a: 2, b: "y" }).returningAll().execute();
      await insert();
      await db.selectFrom("t").selectAll().execute();
      // As many columns, in another order
      database.exec("create table u (id integer primary key, b text, a integer)");
      database.exec("insert into u (id, b, a) select id, b, a from t");
      database.exec("drop table t; alter table u rename to t");
      assert.deepEqual(await db.selectFrom("t").selectAll().where("id", "=", 1).execute(), [
        { id: 1, b: "x", a: 1 },
      ]);
      assert.deepEqual(await insert(), [{ id: 3, b: "y", a: 2 }]);
      for await (const row of db.selectFrom("t").selectAll().where("id", "=", 3).stream()) {
        assert.deepEqual(row, { id: 3, b: "y", a: 2 });
      }
    }));

  it("sees temporary tables change, which have a schema of their own", () =>
    withDatabase(async (db) => {
      await sql`create temp table tmp as select 1 as a`.execute(db);
      const read = async () => (await sql`select * from tmp`.execute(db)).rows;
      assert.deepEqual([await read(), await read()], [[{ a: 1 }], [{ a: 1 }]]);
      await sql`alter table tmp rename column a to b`.execute(db);
      assert.deepEqual([await read(), await read()], [[{ b: 1 }], [{ b: 1 }]]);
      await assert.rejects(
        db.transaction().execute(async (trx) => {
          await sql`alter table tmp rename column b to c`.execute(trx);
          assert.deepEqual((await sql`select * from tmp`.execute(trx)).rows, [{ c: 1 }]);
          throw new Error("roll it back");
        }),
      );
      assert.deepEqual([await read(), await read()], [[{ b: 1 }], [{ b: 1 }]]);
    }));

  it("sees what another process does to the schema of a file", async () => {
    const directory = await mkdtemp(join(tmpdir(), "kysera-"));
    try {
      const file = join(directory, "test.db");
      const other = new DatabaseSync(file);
      other.exec("create table t (a, b); insert into t values (1, 2)");
      const db = new Kysely<any>({
        dialect: nodeSqliteDialect({ database: () => new DatabaseSync(file) }),
      });
      const read = () => db.selectFrom("t").selectAll().execute();
      assert.deepEqual(await read(), [{ a: 1, b: 2 }]);
      other.exec("alter table t drop column a");
      assert.deepEqual(await read(), [{ b: 2 }]);
      other.exec("alter table t add column c default 3");
      assert.deepEqual(await read(), [{ b: 2, c: 3 }]);
      // A stream that was left holds no lock that would keep the other one from writing
      for await (const _ of db.selectFrom("t").selectAll().stream()) break;
      other.exec("insert into t values (4, 5)");
      await db.destroy();
      other.close();
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it("refuses to stream what returns no rows", () =>
    withDatabase(async (db) => {
      await assert.rejects(async () => {
        for await (const _ of db.insertInto("t").values({ a: 1 }).stream());
      }, /Cannot stream a statement that returns no rows: use execute\(\)/);
    }));

  it("streams what returning returns", () =>
    withDatabase(async (db) => {
      const ids: unknown[] = [];
      const insert = db.insertInto("t").values([{ a: 1 }, { a: 2 }, { a: 3 }]).returning("id");
      for await (const { id } of insert.stream(2)) ids.push(id);
      assert.deepEqual(ids, [1, 2, 3]);
    }));

  it("refuses options it does not have, and wrong values", () => {
    const database = new DatabaseSync(":memory:");
    const calls: [() => unknown, RegExp][] = [
      [
        // @ts-expect-error: the type refuses it too
        () => nodeSqliteDialect({ database, cacheSize: 1 }),
        /^Cannot call nodeSqliteDialect\(\): it has no option "cacheSize"; the options are/,
      ],
      [
        // @ts-expect-error: the type refuses it too
        () => nodeSqliteDialect({ database: ":memory:" }),
        /option "database" must be a database of the driver/,
      ],
      // @ts-expect-error: the type refuses it too
      [() => nodeSqliteDialect({}), /option "database" must be a database of the driver/],
      // @ts-expect-error: the type refuses it too
      [() => nodeSqliteDialect(), /it needs an object with database/],
      [
        // @ts-expect-error: the type refuses it too
        () => nodeSqliteDialect({ database, bigints: "never" }),
        /option "bigints" is "never", it must be "auto", "always" or "throw"/,
      ],
      [
        () => nodeSqliteDialect({ database, statementCacheSize: -1 }),
        /option "statementCacheSize" is -1, it must be a whole number, 0 or more/,
      ],
      [
        () => nodeSqliteDialect({ database, statementCacheSize: NaN }),
        /"statementCacheSize" is NaN/,
      ],
    ];
    for (const [call, message] of calls) assert.throws(call, { message });
    database.close();
  });
});
