import { after, before, describe, it } from "node:test";
import assert from "node:assert/strict";
import { type Kysely, sql } from "kysely";
import { type DialectCapabilities, getCapabilities } from "@kysera/dialects";
import { onEveryDatabase, SLOW, type TestDatabase } from "../_databases_test.ts";

onEveryDatabase("getCapabilities() tells the truth", ({ family, variant, open }) => {
  let database: TestDatabase;
  let db: Kysely<any>;
  let capabilities: DialectCapabilities;

  before(async () => {
    database = await open();
    db = database.db;
    const version = family === "sqlite" ? sql<string>`sqlite_version()` : sql<string>`version()`;
    const { v } = await db.selectNoFrom(version.as("v")).executeTakeFirstOrThrow();
    capabilities = getCapabilities(family, { variant, version: v });
    await db.schema.createTable("t").addColumn("id", "integer", (c) => c.primaryKey())
      .addColumn("a", "integer").execute();
  }, SLOW);
  after(() => database?.close());

  async function works(...statements: string[]): Promise<boolean> {
    try {
      await db.connection().execute(async (connection) => {
        for (const statement of statements) await sql.raw(statement).execute(connection);
      });
      return true;
    } catch {
      return false;
    }
  }

  const statements: [keyof DialectCapabilities, string][] = [
    ["forUpdate", "select * from t for update"],
    ["skipLocked", "select * from t for update skip locked"],
    ["rowValues", "select * from t where (id, a) > (1, 2)"],
    ["nullsOrder", "select * from t order by a nulls last"],
    [
      "merge",
      "merge into t using (select 1 as x) s on t.id = s.x when matched then update set a = 1",
    ],
    ["replace", "replace into t (id, a) values (5, 6)"],
    ["lateralJoins", "select * from t cross join lateral (select t.id + 1 as n) l"],
    ["fullJoins", "select * from t full join (select 1 as x) s on s.x = t.id"],
    ["intersectAndExcept", "select id from t intersect select a from t except select 1"],
  ];
  for (const [name, statement] of statements) {
    it(`${name}: ${statement}`, async () => {
      assert.equal(await works(statement), capabilities[name]);
    });
  }

  it("returning: of insert, update and delete", async () => {
    assert.deepEqual({
      insert: await works("insert into t (id) values (10) returning id"),
      update: await works("update t set a = 1 returning id"),
      delete: await works("delete from t where id = 10 returning id"),
    }, capabilities.returning);
  });

  it("upsert: the statement", async () => {
    assert.equal(
      await works("insert into t (id) values (20) on conflict (id) do update set a = 1"),
      capabilities.upsert === "on conflict",
    );
    assert.equal(
      await works("insert into t (id) values (21) on duplicate key update a = 1"),
      capabilities.upsert === "on duplicate key update",
    );
  });

  it("savepoints", async () => {
    const done = await works("begin", "savepoint s", "rollback to savepoint s", "commit");
    assert.equal(done, capabilities.savepoints);
  });

  it("transactionalDdl: a rollback takes a table back", async () => {
    await works("begin", "create table taken_back (a integer)", "rollback");
    assert.equal(await works("select * from taken_back"), !capabilities.transactionalDdl);
  });

  it("nullsAscending: where NULL goes", async () => {
    const { rows } = await sql<{ a: number | null }>`
      select 1 as a union all select null order by a`.execute(db);
    assert.equal(rows[0]?.a === null ? "first" : "last", capabilities.nullsAscending);
  });

  it("booleans: what comes back", async () => {
    const { rows } = await sql<{ yes: unknown }>`select (1 = 1) as yes`.execute(db);
    assert.equal(typeof rows[0]?.yes === "boolean", capabilities.booleans);
  });

  it("advisoryLocks: the functions", async () => {
    const lock = family === "postgres" ? "pg_try_advisory_xact_lock(1)" : "get_lock('k', 0)";
    assert.equal(await works(`select ${lock}`), capabilities.advisoryLocks);
  });

  it("multipleConnections: two transactions at the same time", async () => {
    const first = await db.startTransaction().execute();
    let begun = false;
    const second = db.startTransaction().execute().then((transaction) => {
      begun = true;
      return transaction;
    });
    try {
      // Where there is another connection, the second one need not wait for the first.
      if (capabilities.multipleConnections) await second;
      else await sql`select 1`.execute(first);
      assert.equal(begun, capabilities.multipleConnections);
    } finally {
      await first.rollback().execute();
      await (await second).rollback().execute();
    }
  });

  it("parameterLimit: as many parameters work", async () => {
    // mysql2 writes the values into the text, so there is no limit to see. Others may be built with
    // a higher one.
    const limit = family === "mysql" ? 10_000 : capabilities.parameterLimit;
    const rows = await db.selectFrom("t").select("id")
      .where("id", "in", Array.from({ length: limit }, (_, i) => i)).execute();
    assert.ok(Array.isArray(rows));
  });

  it("identifierLimit: as long a name works", async () => {
    const { identifierLimit } = capabilities;
    const name = "x".repeat(identifierLimit === Infinity ? 1000 : identifierLimit);
    await db.schema.createTable(name).addColumn("a", "integer").execute();
    const tables = await db.introspection.getTables();
    assert.ok(tables.some((table) => table.name === name));
    await db.schema.dropTable(name).execute();
  });
});

describe("getCapabilities()", () => {
  it("knows MariaDB by its version", () => {
    for (const version of ["10.11.19-MariaDB-0+deb12u1", "5.5.5-10.11.19-MariaDB"]) {
      const { variant, returning } = getCapabilities("mysql", { version });
      assert.deepEqual([variant, returning.insert], ["mariadb", true]);
    }
  });

  it("tells what a version has", () => {
    const { lateralJoins, intersectAndExcept } = getCapabilities("mysql", { version: "8.0.36" });
    assert.deepEqual([lateralJoins, intersectAndExcept], [true, true]);
    assert.equal(getCapabilities("mysql", { version: "8.0.13" }).lateralJoins, false);
    assert.equal(getCapabilities("mysql", { version: "8.4.0" }).lateralJoins, true);
    assert.equal(getCapabilities("postgres", { version: "14.9" }).merge, false);
    assert.equal(getCapabilities("postgres", { version: "PostgreSQL 15.18 on x" }).merge, true);
    assert.equal(getCapabilities("sqlite", { version: "3.38.5" }).fullJoins, false);
    assert.equal(getCapabilities("sqlite", { version: "3.31.1" }).parameterLimit, 999);
    assert.equal(
      getCapabilities("mysql", { variant: "mariadb", version: "10.5.1" }).skipLocked,
      false,
    );
  });

  it("tells what SQL Server has, which is not tested against one", () => {
    const { dialect, upsert, rowValues, parameterLimit } = getCapabilities("mssql");
    assert.deepEqual([dialect, upsert, rowValues, parameterLimit], ["mssql", "merge", false, 2098]);
  });

  it("refuses what makes no sense", () => {
    assert.throws(
      () => getCapabilities("postgres", { variant: "mariadb" }),
      /Cannot tell the capabilities of "mariadb": it is not a variant of "postgres"/,
    );
    assert.throws(
      // @ts-expect-error: the type refuses it too
      () => getCapabilities("oracle"),
      /Cannot tell the capabilities of "oracle"/,
    );
    assert.throws(() => getCapabilities("postgres", { version: "new" }), /Cannot read version/);
    assert.throws(
      // @ts-expect-error: the type refuses it too
      () => getCapabilities("postgres", { versoin: "15" }),
      /it has no option "versoin"/,
    );
  });
});
