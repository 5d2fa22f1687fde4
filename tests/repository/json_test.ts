import { BadRequestError } from "@kysera/core";
import { postgresJsDialect } from "@kysera/dialects";
import { bigint, createRepository, date, enumArray, json } from "@kysera/repository";
import { Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect, type TestDialect } from "../support/matrix.ts";

const VALUES: readonly unknown[] = [
  [],
  [1, 2],
  [{ a: [] }],
  {},
  { a: { b: [null, true, "x"] } },
  "text",
  "",
  'with "quotes" and \\',
  "{not json",
  0,
  -1.5,
  true,
  false,
];

async function inTable(
  dialect: TestDialect,
  body: (db: Kysely<any>) => Promise<void>,
): Promise<void> {
  const { db, close }: { db: Kysely<any>; close(): Promise<void> } = await dialect.open();
  try {
    const type = { sqlite: "text", postgres: "jsonb", mysql: "json" }[dialect.dialect];
    await sql`create table docs (id int primary key, j ${sql.raw(type)}, k ${
      sql.raw(dialect.dialect === "postgres" ? "json" : type)
    })`.execute(db);
    await body(db);
  } finally {
    await close();
  }
}

async function roundTrips(db: Kysely<any>): Promise<void> {
  const docs: any = createRepository(db, { tableName: "docs", codecs: { j: json(), k: json() } });
  let id = 0;
  for (const value of VALUES) {
    const row = { id: ++id, j: value, k: value };
    assert.deepEqual(await docs.create(row), row);
    assert.deepEqual(await docs.findById(id), row);
    assert.deepEqual(await docs.find({ where: { id }, select: ["j"] }), [{ j: value }]);
    assert.deepEqual(await docs.update(id, { j: [value] }), { ...row, j: [value] });
    assert.equal(await docs.updateWhere({ id }, { j: value }), 1);
    assert.deepEqual(await docs.upsert(row, { conflictColumns: ["id"] }), row);
  }
  const more = VALUES.map((value, i) => ({ id: 100 + i, j: value, k: value }));
  assert.deepEqual(await docs.bulkCreate(more), more);
  assert.deepEqual(await docs.upsertMany(more, { conflictColumns: ["id"] }), more);
  assert.deepEqual((await docs.create({ id: 999, j: null, k: null })).j, null);
}

onEveryDialect("json()", (dialect) => {
  it("writes and reads every value of JSON", () => inTable(dialect, roundTrips));

  it("refuses what is not a value of JSON", () =>
    inTable(dialect, async (db) => {
      const docs: any = createRepository(db, { tableName: "docs", codecs: { j: json() } });
      await assert.rejects(docs.create({ id: 1, j: () => {} }), BadRequestError);
    }));

  it("is not needed for lists and objects on PostgreSQL", {
    skip: dialect.dialect !== "postgres" && "only PostgreSQL has arrays",
  }, () =>
    inTable(dialect, async (db) => {
      await sql`alter table docs add tags text[]`.execute(db);
      const docs: any = createRepository(db, { tableName: "docs" });
      for (const [id, list] of [[], [1, 2], [[]], [{ a: 1 }]].entries()) {
        const row = { id, j: list, k: list, tags: ["a", "b"] };
        assert.deepEqual(await docs.create(row), row);
        assert.deepEqual(await docs.update(id, { j: [...list, 9] }), { ...row, j: [...list, 9] });
        const { rows } = await sql`select jsonb_typeof(j) as t from docs where id = ${id}`
          .execute(db);
        assert.deepEqual(rows, [{ t: "array" }]);
      }
      assert.equal((await docs.bulkCreate([{ id: 20, j: [] }, { id: 21, j: [1] }])).length, 2);
      assert.deepEqual((await docs.findById(20)).j, []);
    }));

  it("through postgres.js as well", {
    skip: dialect.name !== "postgres" && "postgres.js needs a server",
  }, async () => {
    const { default: postgres } = await import("postgres");
    await inTable(dialect, async (db) => {
      const { rows: [row] } = await sql<{ name: string }>`select current_schema() as name`
        .execute(db);
      const url = (await import("node:process")).default.env["KYSERA_TEST_POSTGRES_URL"]!;
      const other = new Kysely<any>({
        dialect: postgresJsDialect({
          database: postgres(url, { max: 1, connection: { search_path: row!.name } }),
        }),
      });
      try {
        await roundTrips(other);
        const docs: any = createRepository(other, { tableName: "docs" });
        assert.deepEqual((await docs.create({ id: 500, j: [], k: [1] })).j, []);
      } finally {
        await other.destroy();
      }
    });
  });

  it("bigint(), date() and enumArray() give values back as they were", () =>
    inTable(dialect, async (db) => {
      const isPostgres = dialect.dialect === "postgres";
      const asText = dialect.dialect === "sqlite";
      if (isPostgres) await sql`create type mood as enum ('ok', 'very, "happy"')`.execute(db);
      await sql`create table typed (id int primary key, big bigint, at ${
        sql.raw(asText ? "text" : dialect.dialect === "mysql" ? "datetime(3)" : "timestamptz")
      } ${sql.raw(isPostgres ? ", moods mood[]" : "")})`.execute(db);
      const typed: any = createRepository(db, {
        tableName: "typed",
        codecs: {
          big: bigint(),
          at: date({ as: asText ? "text" : "date" }),
          ...isPostgres ? { moods: enumArray() } : {},
        },
      });
      const row = {
        id: 1,
        big: 9007199254740991n,
        at: new Date("2026-03-01T12:34:56.789Z"),
        ...isPostgres ? { moods: ["ok", 'very, "happy"', null] } : {},
      };
      assert.deepEqual(await typed.create(row), row);
      assert.deepEqual(await typed.find({ where: { big: row.big, at: row.at } }), [row]);
    }));
});

onEveryDialect("a value of another type than its column's", (dialect) => {
  it("is not taken for one", async () => {
    const { db, close }: { db: Kysely<any>; close(): Promise<void> } = await dialect.open();
    try {
      await sql`create table users (id int primary key, token varchar(20), age int)`.execute(db);
      const users: any = createRepository(db, { tableName: "users" });
      await users.bulkCreate([
        { id: 1, token: "secret", age: 1 },
        { id: 2, token: "0", age: 2 },
        { id: 3, token: "3x", age: 0 },
      ]);
      const ids = async (where: object): Promise<number[]> =>
        (await users.find({ where, orderBy: "id" })).map((row: any) => row.id);
      // PGlite refuses it, and node:sqlite writes a number with a decimal point.
      if (dialect.name === "postgres" || dialect.name === "mysql") {
        assert.deepEqual(await ids({ token: 0 }), [2]);
        assert.deepEqual(await ids({ token: { in: [0, 3] } }), [2]);
        assert.deepEqual(await ids({ token: { ne: 0 } }), [1, 3]);
        assert.equal(await users.count({ where: { token: 0 } }), 1);
        assert.equal(await users.exists({ where: { token: 3 } }), false);
        assert.deepEqual((await users.paginate({ where: { token: 0 } })).data.length, 1);
      }
      if (dialect.dialect === "mysql") {
        await assert.rejects(users.find({ where: { token: false } }), BadRequestError);
        for (const id of ["2abc", "", "1 or 1"]) {
          await assert.rejects(users.findById(id), BadRequestError);
          await assert.rejects(users.update(id, { age: 9 }), BadRequestError);
          await assert.rejects(users.delete(id), BadRequestError);
          await assert.rejects(users.findByIds([1, id]), BadRequestError);
          await assert.rejects(users.bulkDelete([id]), BadRequestError);
          await assert.rejects(users.find({ where: { age: { gte: id } } }), BadRequestError);
          await assert.rejects(users.create({ id: 9, age: id }), BadRequestError);
          await assert.rejects(users.loader().load(id), BadRequestError);
        }
        assert.equal(await users.deleteWhere({ token: 0 }), 1);
        assert.deepEqual(await ids({}), [1, 3]);
        assert.equal((await users.findById("3")).id, 3);
        assert.equal((await users.create({ id: 5, token: 7, age: "8" })).age, 8);
        assert.equal((await users.loader().load("5")).token, "7");
      }
      await assert.rejects(
        users.find({ where: { age: { in: Array.from({ length: 70_000 }, (_, i) => i) } } }),
        (error) =>
          error instanceof BadRequestError &&
          /70000 values, and the database takes/.test(error.message),
      );
    } finally {
      await close();
    }
  });
});
