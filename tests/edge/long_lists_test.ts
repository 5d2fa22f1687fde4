/**
 * Keys by the thousand on D1, which takes 100 parameters: they go in as one, and are compared as
 * parameters are.
 */
import { auditPlugin, getAuditLogs } from "@kysera/audit";
import { d1Dialect } from "@kysera/dialects";
import { bindContext, createExecutor, isOneOf } from "@kysera/executor";
import { createRepository, defineRelations } from "@kysera/repository";
import { allow, defineRLSSchema, filter, rlsPlugin } from "@kysera/rls";
import { restore, softDelete, softDeletePlugin } from "@kysera/soft-delete";
import { timestampsPlugin } from "@kysera/timestamps";
import { type CompiledQuery, ExpressionWrapper, Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { startEdgeRuntime } from "../support/miniflare.ts";

const { runtime, skip } = await startEdgeRuntime(2);
after(() => runtime?.close());

const COUNT = 1_000;
const numbers = Array.from({ length: COUNT }, (_, i) => i + 1);

/** Columns of each affinity. */
const COLUMNS = ["i", "x", "n", "r", "b", "z"];

/** Keys of a type, and how they are kept. */
interface Keys {
  readonly name: string;
  readonly type: string;
  readonly keys: readonly unknown[];
  /** How many statements read all of them; `undefined` where they are read back as other values. */
  readonly statements: number | undefined;
}

const kinds: readonly Keys[] = [
  { name: "integers", type: "integer", keys: numbers, statements: 1 },
  { name: "bigints", type: "integer", keys: numbers.map(BigInt), statements: 1 },
  {
    name: "texts",
    type: "text",
    keys: numbers.map((i) => `k${i}-"'\\é\u{1F600}`),
    statements: 1,
  },
  {
    name: "texts that are not well-formed",
    type: "text",
    keys: numbers.map((i) => i % 50 === 0 ? `${i} \ud800` : `${i}`),
    statements: undefined,
  },
  { name: "texts of digits", type: "text", keys: numbers.map(String), statements: 1 },
  { name: "numbers in a column of texts", type: "text", keys: numbers, statements: undefined },
  { name: "numbers in a column without a type", type: "", keys: numbers, statements: 1 },
  // What JSON cannot hold goes in as parameters, as many as there may be.
  {
    name: "bytes",
    type: "blob",
    keys: numbers.map((i) => new Uint8Array([i >> 8, i & 255])),
    statements: 14,
  },
  { name: "fractions", type: "real", keys: numbers.map((i) => i / 3), statements: 14 },
  { name: "texts with NUL", type: "text", keys: numbers.map((i) => `a\0${i}`), statements: 14 },
];

describe("long lists of keys [d1]", { skip: skip ?? false }, () => {
  let db: Kysely<any>;
  const sent: CompiledQuery[] = [];
  const own = (table: string) => ({
    [table]: {
      policies: [
        filter("all", (ctx) => ({ tenant: ctx.auth.tenantId })),
        allow(["create", "update", "delete"], (ctx) => ({ tenant: ctx.auth.tenantId })),
      ],
    },
  });

  before(async () => {
    db = new Kysely<any>({
      dialect: d1Dialect({ database: await runtime!.openD1() }),
      log: ({ query }) => void sent.push(query),
    });
  }, { timeout: 60_000 });
  after(() => db?.destroy());
  beforeEach(async () => {
    for (const table of ["things", "parts", "audit_logs", "audit_logs_batch"]) {
      await sql`drop table if exists ${sql.table(table)}`.execute(db);
    }
    sent.length = 0;
  });

  async function fill(type: string, keys: readonly unknown[]): Promise<void> {
    await sql`create table things (id ${sql.raw(type)} not null primary key, n integer,
      tenant integer default 1, created_at text, updated_at text, deleted_at text)`.execute(db);
    for (let i = 0; i < keys.length; i += 45) {
      await db.insertInto("things").values(
        keys.slice(i, i + 45).map((id, at) => ({ id, n: i + at })),
      ).execute();
    }
    sent.length = 0;
  }

  const selects = () => sent.filter(({ sql }) => /^select \* from "things"/.test(sql)).length;

  for (const { name, type, keys, statements } of kinds) {
    it(`findByIds(), loader() and bulkDelete() take ${COUNT} ${name}`, async () => {
      await fill(type, keys);
      const executor = await createExecutor(db, []);
      const things = createRepository(executor as Kysely<any>, { tableName: "things" }) as any;
      // A row whose key is read as another value than was asked for is asked for again.
      if (statements !== undefined) {
        const rows = await things.findByIds([...keys].reverse());
        const found = rows.map(({ n }: { n: number }) => n);
        assert.deepEqual(found, numbers.map((i) => COUNT - i));
        assert.equal(selects(), statements);
        const loader = things.loader();
        const loaded = await Promise.all(keys.map((id) => loader.load(id)));
        assert.deepEqual(loaded.map((row) => row?.n), numbers.map((i) => i - 1));
      }
      assert.equal(await things.bulkDelete(keys.slice(1)), COUNT - 1);
      assert.deepEqual(await db.selectFrom("things").select("n").execute(), [{ n: 0 }]);
    });
  }

  it("are compared as parameters are, whatever the column and the value", async () => {
    await sql`create table things (i integer, x text, n numeric, r real, b blob, z)`.execute(db);
    const values = [5, "5", "5.0", "a", "A", "a ", "", "é", "0005", "1e15", 1e15, 0, -3, 7n, true]
      .concat([2 ** 53 - 1, "9007199254740991", "null", -0] as never[]);
    for (const value of values) {
      await db.insertInto("things")
        .values(Object.fromEntries(COLUMNS.map((name) => [name, value])))
        .execute();
    }
    await sql`insert into things values (5, 5, 5, 5, 5, 5), (null, null, null, null, null, null)`
      .execute(db);
    for (const value of values) {
      const rowsOf = async (size: number) =>
        await db.selectFrom("things").select(
          COLUMNS.map((column) =>
            new ExpressionWrapper<any, any, any>(
              isOneOf(db, sql.ref(column), [value, "another"], size).toOperationNode(),
            ).as(column)
          ),
        ).orderBy(sql.ref("rowid")).execute();
      sent.length = 0;
      const [listed, given] = [await rowsOf(1), await rowsOf(2)];
      assert.match(sent[0]!.sql, /json_each/);
      assert.doesNotMatch(sent[1]!.sql, /json_each/);
      assert.deepEqual(listed, given, `${typeof value} ${value}`);
    }
  });

  it("are subject to policies, audited, and all or nothing", async () => {
    await fill("integer", numbers);
    await db.updateTable("things").set({ tenant: 2 }).where("id", "in", [3, 500]).execute();
    const executor = await createExecutor(db, [
      rlsPlugin({ schema: defineRLSSchema<any>(own("things")) }),
      softDeletePlugin({ tables: ["things"], onDelete: "soft" }),
      timestampsPlugin({ tables: ["things"] }),
      auditPlugin({ tables: ["things"] }),
    ]);
    const ada = bindContext(executor, { auth: { userId: 1, roles: [], tenantId: 1 } });
    const things = createRepository(ada as Kysely<any>, { tableName: "things" }) as any;
    assert.equal((await things.findByIds(numbers)).length, COUNT - 2);
    assert.equal(await things.touchMany(numbers), COUNT - 2);
    await sql`create trigger fault before update on things when new.id = 999
      begin select raise(abort, 'a fault'); end`.execute(db);
    await assert.rejects(softDelete(ada as Kysely<any>, "things", numbers), /a fault/);
    await sql`drop trigger fault`.execute(db);
    assert.equal(await things.count(), COUNT - 2);
    assert.equal(await softDelete(ada as Kysely<any>, "things", numbers), COUNT - 2);
    assert.equal(await restore(ada as Kysely<any>, "things", numbers), COUNT - 2);
    assert.equal(await things.softDeleteMany(numbers), COUNT - 2);
    const { n } = await db.selectFrom("things").select((eb) => eb.fn.countAll().as("n"))
      .where("deleted_at", "is", null).executeTakeFirstOrThrow();
    assert.equal(Number(n), 2);
    assert.equal((await getAuditLogs(ada, { limit: 5_000 })).length, (COUNT - 2) * 4);
  });

  it("find related rows in one statement a relation", async () => {
    await fill("integer", numbers);
    await sql`create table parts (id integer primary key, thing_id integer, size integer)`
      .execute(db);
    await sql`insert into parts (thing_id, size) select id, id % 3 from things`.execute(db);
    await sql`insert into parts (thing_id, size) select id, 9 from things where id <= 10`
      .execute(db);
    const relations = defineRelations<any>()({
      things: { parts: { type: "hasMany", table: "parts", columns: { id: "thing_id" } } },
    } as never) as any;
    const executor = await createExecutor(db, []);
    const things = createRepository(executor as Kysely<any>, {
      tableName: "things",
      relations,
    } as never) as any;
    sent.length = 0;
    for (const include of [{ parts: true }, { parts: { limit: 1, orderBy: "id" } }]) {
      const rows = await things.find({ include, orderBy: "id" });
      const counts = rows.map(({ parts }: { parts: object[] }) => parts.length);
      const most = include.parts === true ? 2 : 1;
      assert.deepEqual(counts, numbers.map((id) => id <= 10 ? most : 1));
    }
    const read = sent.filter(({ sql }) => /from "parts"/.test(sql)).length;
    assert.equal(read, 2);
  });
});
