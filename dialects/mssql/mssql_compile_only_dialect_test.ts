import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { Kysely } from "kysely";
import { mssqlCompileOnlyDialect } from "@kysera/dialects";

describe("mssqlCompileOnlyDialect()", () => {
  const db = new Kysely<any>({ dialect: mssqlCompileOnlyDialect() });

  it("compiles for SQL Server", () => {
    const insert = db.insertInto("t").values({ a: 1 }).output("inserted.id").compile();
    assert.equal(insert.sql, 'insert into "t" ("a") output "inserted"."id" values (@1)');
    assert.deepEqual(insert.parameters, [1]);
    const page = db.selectFrom("t").selectAll().orderBy("id").offset(20).fetch(10).compile();
    assert.equal(
      page.sql,
      'select * from "t" order by "id" offset @1 rows fetch next @2 rows only',
    );
  });

  it("refuses to run anything, and says so", async () => {
    const query = db.selectFrom("t").selectAll();
    await assert.rejects(query.execute(), /Cannot run a query: mssqlCompileOnlyDialect\(\) only/);
    await assert.rejects(db.transaction().execute(() => Promise.resolve()), /Cannot run a query/);
    await assert.rejects(async () => {
      for await (const _ of query.stream());
    }, /Cannot run a query/);
    await db.destroy();
  });
});
