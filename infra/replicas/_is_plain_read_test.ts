import {
  type Compilable,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  sql,
} from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isPlainRead } from "./_is_plain_read.ts";
import { endOfLastRecord, parseLsn } from "./_lsn.ts";

const db = new Kysely<any>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (kysely) => new PostgresIntrospector(kysely),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});
const users = db.selectFrom("users").select("id");

function reads(query: Compilable, functions: string[] = []): boolean {
  return isPlainRead(query.compile().query, new Set(functions));
}

describe("isPlainRead()", () => {
  const plain: Compilable[] = [
    users,
    users.distinct().where("name", "=", "for update; nextval('x')"),
    users.where("data", "=", { kind: "InsertQueryNode" }),
    users.where("id", "in", [{ kind: "DeleteQueryNode" }, 2]),
    users.innerJoin("posts", "posts.user_id", "users.id").groupBy("users.id").limit(3),
    users.select((eb) => eb.fn.countAll().as("n")).select((eb) => eb.fn("lower", ["name"]).as("l")),
    users.union(db.selectFrom("posts").select("id")),
    db.with("x", (qb) => qb.selectFrom("users").select("id")).selectFrom("x").selectAll(),
    users.select(sql`coalesce(name, ${"x"}) || upper(name)`.as("x")),
    users.where(sql<boolean>`created_at > now() - interval '1 day'`),
    users.where(({ exists }) => exists(db.selectFrom("posts").select("id"))),
  ];
  for (const query of plain) {
    it(`takes for a read: ${query.compile().sql}`, () => assert.equal(reads(query), true));
  }

  const others: Compilable[] = [
    users.forUpdate(),
    users.forShare(),
    users.forKeyShare(),
    users.forNoKeyUpdate().skipLocked(),
    users.modifyEnd(sql`for update`),
    users.where("id", "in", db.selectFrom("posts").select("user_id").forUpdate()),
    db.insertInto("users").values({ id: 1 }),
    db.updateTable("users").set({ id: 1 }),
    db.deleteFrom("users"),
    db.with("x", (qb) => qb.deleteFrom("users").returning("id")).selectFrom("x").selectAll(),
    users.select((eb) => eb.fn("nextval", [eb.val("s")]).as("x")),
    users.select((eb) => eb.fn.agg("my_aggregate", ["id"]).as("x")),
    users.select(sql`nextval('s')`.as("x")),
    users.select(sql`pg_advisory_lock(${1})`.as("x")),
    users.select(sql`lower/**/(x)`.as("x")),
    users.select(sql`mine.lower(x)`.as("x")),
    users.select(sql`"pg_notify"('a')`.as("x")),
    users.select(sql`${sql.id("pg_notify")}('a')`.as("x")),
    users.select(sql`${sql.raw("pg_")}lower('a')`.as("x")),
    users.where(sql<boolean>`true for update`),
    users.where(sql<boolean>`exists (with x as (delete from posts returning 1) select 1)`),
    sql`select 1`.compile(db) as unknown as Compilable,
  ].map((query) => ("compile" in query ? query : { compile: () => query }) as Compilable);
  for (const query of others) {
    it(`does not take for a read: ${query.compile().sql}`, () => assert.equal(reads(query), false));
  }

  it("takes functions that are known to compute", () => {
    const query = users.select((eb) => eb.fn("similarity", ["name"]).as("x"))
      .select(sql`Similarity(name, 'x')`.as("y"));
    assert.equal(reads(query), false);
    assert.equal(reads(query, ["similarity"]), true);
  });
});

describe("parseLsn()", () => {
  it("reads positions of the log", () => {
    assert.equal(parseLsn("0/0"), 0n);
    assert.equal(parseLsn("16/B374D848"), 0x16B374D848n);
    assert.throws(() => parseLsn("16-B3"), /Cannot parse LSN "16-B3"/);
  });

  it("knows where the last record ends on a page that holds nothing yet", () => {
    assert.equal(endOfLastRecord(parseLsn("0/3000028")), parseLsn("0/3000000"));
    assert.equal(endOfLastRecord(parseLsn("0/3002018")), parseLsn("0/3002000"));
    assert.equal(endOfLastRecord(parseLsn("0/3002019")), parseLsn("0/3002019"));
  });
});
