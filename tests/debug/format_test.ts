import {
  CircularBuffer,
  fingerprint,
  formatSQL,
  formatSQLPretty,
  highlightSQL,
  minifySQL,
  summarize,
} from "@kysera/debug";
import { addSqlComment } from "@kysera/debug/otel";
import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  sql,
} from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";

const db = new Kysely<any>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

describe("summarize()", () => {
  it("names the operation and the tables, but no common table expression", () => {
    const texts = [
      db.selectFrom("users as u").innerJoin("app.posts", "a", "b").selectAll(),
      db.with("q", (db) => db.selectFrom("users").selectAll()).selectFrom("q").selectAll(),
      db.insertInto("users").expression(db.selectFrom("people").select("id")),
      db.updateTable("users").set({ a: 1 }).from("orgs"),
      db.deleteFrom("users").using("orgs"),
      db.selectFrom("users").selectAll().where("json", "=", { kind: "TableNode", table: {} }),
      sql`with a as (select 1) select * from a`,
      db.schema.createTable("users"),
    ].map((query) => summarize("compile" in query ? (query as any).compile(db) : query).text);
    assert.deepEqual(texts, [
      "SELECT users app.posts",
      "SELECT users",
      "INSERT users people",
      "UPDATE users orgs",
      "DELETE users orgs",
      "SELECT users",
      "WITH",
      "CREATE TABLE users",
    ]);
  });
});

describe("fingerprint()", () => {
  it("is the same for queries that differ in their values, or in how many", () => {
    const insert = (n: number) =>
      db.insertInto("users").values(Array.from({ length: n }, (_, id) => ({ id }))).compile();
    assert.equal(fingerprint(insert(1)), fingerprint(insert(5)));
    const select = (values: unknown[]) =>
      db.selectFrom("users").selectAll().where("id", "in", values).limit(values.length).compile();
    assert.equal(fingerprint(select([1])), fingerprint(select([4, 5, 6])));
    const raw = (text: string) => fingerprint(sql.raw(text).compile(db));
    assert.equal(raw("select 1  -- one"), raw("SELECT 1"));
  });

  it("is another one for another query", () => {
    const queries = [
      db.selectFrom("users").selectAll(),
      db.selectFrom("users").select("id"),
      db.selectFrom("users").select("name"),
      db.selectFrom("posts").selectAll(),
      db.selectFrom("users").selectAll().where("id", "=", 1),
      db.selectFrom("users").selectAll().where("id", "!=", 1),
      db.selectFrom("users").selectAll().where("name", "=", 1),
      db.selectFrom("users").selectAll().orderBy("id"),
      db.selectFrom("users").selectAll().orderBy("id", "desc"),
      db.deleteFrom("users"),
      db.insertInto("users").values({ id: 1 }),
      db.insertInto("users").values({ name: 1 }),
    ].map((query) => fingerprint(query.compile()));
    assert.equal(new Set(queries).size, queries.length);
    assert.ok(queries.every((text) => /^[0-9a-f]{16}$/.test(text)));
  });
});

describe("formatting", () => {
  it("goes over several lines, and back to one", () => {
    const text = `select "a b" from t -- why\nwhere x = 'it''s  /* no */ comment' /* but this */`;
    const formatted = formatSQLPretty(minifySQL(text), 4);
    assert.match(formatted, /^select\n {4}"a b"\nfrom\n {4}t\nwhere\n {4}x = 'it''s {2}\/\* no/);
    assert.equal(minifySQL(formatted), `select "a b" from t where x = 'it''s  /* no */ comment'`);
    assert.equal(minifySQL("select /*+ hint */ 1"), "select /*+ hint */ 1");
    assert.equal(formatSQL("no ' sql"), "no ' sql");
    assert.match(formatSQL("select `a` from t", { dialect: "mysql" }), /`a`/);
    assert.notEqual(highlightSQL(text), text);
  });
});

describe("CircularBuffer", () => {
  it("keeps the last ones", () => {
    const buffer = new CircularBuffer<number>(3);
    for (let i = 1; i <= 7; i++) buffer.add(i);
    assert.deepEqual([buffer.size, ...buffer], [3, 5, 6, 7]);
    buffer.clear();
    assert.deepEqual([...buffer], []);
    assert.throws(() => new CircularBuffer(0), RangeError);
  });
});

describe("addSqlComment()", () => {
  it("encodes what could end the comment", () => {
    const text = addSqlComment("select 1;", { "a'*/": "*/ drop table users; --", b: undefined });
    assert.equal(text, "select 1 /*a%27%2A%2F='%2A%2F%20drop%20table%20users%3B%20--'*/");
    assert.equal(addSqlComment("select 1 /* mine */", { a: 1 }), "select 1 /* mine */");
    assert.equal(addSqlComment("select 1", {}), "select 1");
  });
});
