/** Inputs that are allowed, though few would think of them. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { BadRequestError, NotFoundError } from "@kysera/core";
import { bindContext, createExecutor } from "@kysera/executor";
import { createRepository, StaleRowError } from "@kysera/repository";
import { type Kysely, sql } from "kysely";
import { onEveryDialect, type TestDialect } from "../support/matrix.ts";
import { inWorld } from "./_world.ts";

const START = "1:Ada (2:Bob) 3:Cyd 4:D_n 5:null";

interface Odd {
  things: { id: string; n: number | null; made: string; payload: unknown };
  numbered: { id: number; note: string | null };
  days: { day: Date; note: string | null };
  blobs: { hash: Uint8Array; note: string | null };
}

async function inOdd(
  dialect: TestDialect,
  body: (db: Kysely<Odd>) => Promise<void>,
  options: Parameters<TestDialect["open"]>[0] = {},
): Promise<void> {
  const { db, close }: { db: Kysely<Odd>; close(): Promise<void> } = await dialect.open(options);
  const { dialect: name } = dialect;
  try {
    await db.schema.createTable("things")
      .addColumn("id", "varchar(30)", (c) => c.primaryKey())
      .addColumn("n", "integer")
      .addColumn("made", "varchar(20)", (c) => c.notNull().defaultTo("db"))
      .addColumn("payload", "varchar(200)")
      .execute();
    await db.schema.createTable("numbered")
      .addColumn(
        "id",
        name === "postgres" ? sql`serial` : sql`integer`,
        (c) => name === "mysql" ? c.primaryKey().autoIncrement() : c.primaryKey(),
      )
      .addColumn("note", "varchar(20)", (c) => c.defaultTo("db"))
      .execute();
    await db.schema.createTable("days")
      .addColumn("day", name === "postgres" ? "timestamptz" : "datetime", (c) => c.primaryKey())
      .addColumn("note", "varchar(20)")
      .execute();
    await db.schema.createTable("blobs")
      .addColumn("hash", name === "postgres" ? "bytea" : sql`varbinary(20)`, (c) => c.primaryKey())
      .addColumn("note", "varchar(20)")
      .execute();
    await body(db);
  } finally {
    await close();
  }
}

onEveryDialect("repository: odd inputs", (dialect) => {
  it("create({}) adds a row of defaults, also where raw SQL is refused", () =>
    inOdd(dialect, async (db) => {
      const executor = await createExecutor(db, [], { rawSql: "deny" });
      const numbered = createRepository(executor, { tableName: "numbered" });
      const made = await numbered.create({} as never);
      assert.equal(made.note, "db");
      const more = await numbered.bulkCreate([{}, { note: "x" }, {}] as never);
      assert.deepEqual(more.map(({ note }) => note), ["db", "x", "db"]);
      assert.equal(new Set([made, ...more].map(({ id }) => id)).size, 4);
      assert.deepEqual({ ...await numbered.update(made.id, {}) }, { ...made });
      await assert.rejects(numbered.update(99, {}), NotFoundError);
      assert.deepEqual(await numbered.bulkUpdate([]), []);
      assert.deepEqual(await numbered.bulkCreate([]), []);
    }));

  it("codecs see no NULL, and hold in every method", () =>
    inOdd(dialect, async (db) => {
      const things = createRepository(db, {
        tableName: "things",
        codecs: {
          id: { encode: (id: string) => `k-${id}`, decode: (id: string) => id.slice(2) },
          n: { encode: (n: number) => n * 2, decode: (n: number) => n / 2 },
          payload: { encode: JSON.stringify, decode: JSON.parse },
        },
      });
      const payload = { a: [1, null], "__proto__x": 1 };
      const made = await things.create({ id: "a", n: 1, made: "x", payload });
      assert.deepEqual({ ...made }, { id: "a", n: 1, made: "x", payload });
      const none = await things.create({ id: "b", n: null, made: "x", payload: null });
      assert.deepEqual({ ...none }, { id: "b", n: null, made: "x", payload: null });
      assert.equal((await things.findById("a"))?.n, 1);
      assert.deepEqual((await things.findByIds(["b", "a", "b"])).map(({ id }) => id), [
        "b",
        "a",
        "b",
      ]);
      assert.equal((await things.update("a", { n: null })).n, null);
      assert.equal((await things.update("a", { n: 5 })).n, 5);
      assert.equal((await things.find({ where: { n: { gte: 5 } } })).length, 1);
      assert.equal((await things.find({ where: { n: null } })).length, 1);
      assert.deepEqual((await things.find({ where: { id: { in: ["a"] } } }))[0]?.payload, payload);
      const [upserted] = await things.upsertMany([{ id: "a", n: 7, made: "y", payload: null }], {
        conflictColumns: ["id"],
      });
      assert.deepEqual({ ...upserted }, { id: "a", n: 7, made: "y", payload: null });
      const page = await things.paginateCursor({ limit: 1, orderBy: "n" });
      assert.equal(page.data.length, 1);
      const next = await things.paginateCursor({
        limit: 1,
        orderBy: "n",
        cursor: page.nextCursor ?? undefined,
      });
      assert.deepEqual([...page.data, ...next.data].map(({ id }) => id).sort(), ["a", "b"]);
      const loader = things.loader();
      assert.deepEqual((await loader.loadMany(["b", "zz", "a"])).map((row) => row?.id), [
        "b",
        undefined,
        "a",
      ]);
      assert.equal(await things.updateWhere({ id: "a" }, { n: 1 }), 1);
      assert.equal(await things.bulkDelete(["a", "b"]), 2);
    }));

  it(
    "keys may be dates and bytes",
    { skip: dialect.dialect === "sqlite" && "it has no dates" },
    () =>
      inOdd(dialect, async (db) => {
        const days = createRepository(db, { tableName: "days", primaryKey: "day" });
        const day = new Date("2026-01-31T12:00:00Z");
        await days.create({ day, note: "a" });
        assert.equal((await days.findById(new Date(day)))?.note, "a");
        assert.deepEqual((await days.findByIds([day, new Date(0), day])).length, 2);
        assert.equal((await days.loader().load(day))?.note, "a");
        assert.equal((await days.update(day, { note: "b" })).note, "b");
        assert.equal(await days.delete(day), true);
        await assert.rejects(days.findById(new Date(NaN)));
      }),
  );

  it("keys may be bytes", () =>
    inOdd(dialect, async (db) => {
      const blobs = createRepository(db, { tableName: "blobs", primaryKey: "hash" });
      // Drivers of Node know bytes as a Buffer.
      const hash = Buffer.from([0, 255, 39, 92]);
      await blobs.create({ hash, note: "a" });
      assert.equal((await blobs.findById(hash))?.note, "a");
      assert.equal((await blobs.findByIds([hash, Buffer.from([1]), hash])).length, 2);
      assert.equal((await blobs.loader().load(hash))?.note, "a");
      assert.equal(await blobs.bulkDelete([hash]), 1);
    }));

  it("findByIds() gives what findById() gives for each, however the keys are written", () =>
    inOdd(dialect, async (db) => {
      const things = createRepository(db, { tableName: "things" });
      await things.bulkCreate([
        { id: "ABC", n: 1, made: "x", payload: null },
        { id: "Zoë", n: 2, made: "x", payload: null },
      ]);
      const ids = ["abc", "ABC", "ABC", "zoe", "Zoë", "zoë", "nope", "abc "];
      const each = [];
      for (const id of ids) {
        const row = await things.findById(id);
        if (row !== null) each.push(row.n);
      }
      assert.deepEqual((await things.findByIds(ids)).map(({ n }) => n), each);
      const loaded = await things.loader().loadMany(ids);
      assert.deepEqual(loaded.filter((row) => row !== null).map((row) => row.n), each);
      assert.deepEqual(await things.findByIds([]), []);
    }));

  it("uuids are the same in capital letters where the database says so", () =>
    inWorld(dialect, async ({ executor }) => {
      const tokens = createRepository(executor, { tableName: "tokens", primaryKey: "token" });
      const token = "6f9619ff-8b86-d011-b42d-00c04fc964ff";
      await tokens.create({ token, note: "a" });
      const capital = token.toUpperCase();
      const one = await tokens.findById(capital);
      const many = await tokens.findByIds([capital, token]);
      assert.equal(many.length, one === null ? 1 : 2);
    }));

  it("iterate() that is left early gives its connection back", () =>
    inOdd(dialect, async (db) => {
      const numbered = createRepository(db, { tableName: "numbered" });
      await numbered.bulkCreate(Array.from({ length: 50 }, (_, i) => ({ note: `${i}` })) as never);
      for (const leave of ["break", "throw", "return"]) {
        const walk = async (): Promise<void> => {
          for await (const { id } of numbered.iterate({ orderBy: "id", chunkSize: 3 })) {
            if (id < 5) continue;
            if (leave === "break") break;
            if (leave === "throw") throw new Error("left");
            return;
          }
        };
        if (leave === "throw") await assert.rejects(walk(), /left/);
        else await walk();
        assert.equal(await numbered.count(), 50);
      }
      // One that was never begun has no connection.
      numbered.iterate();
      const rows = numbered.iterate({ chunkSize: 2 });
      await rows.next();
      await rows.return?.();
      assert.equal(await numbered.count(), 50);
      await numbered.transaction(async (_, inside) => {
        for await (const row of inside.iterate({ chunkSize: 2 })) {
          assert.ok(row.id > 0);
          break;
        }
        assert.equal(await inside.count(), 50);
      });
      await assert.rejects(numbered.iterate({ limit: -1 }).next(), BadRequestError);
    }, { connections: 1 }));

  it("a loader in a transaction sees what the transaction does, and its own caller's rows", () =>
    inWorld(dialect, async ({ executor }) => {
      const people = createRepository(executor, { tableName: "people" });
      const others = people.on(bindContext(executor, { tenant: 2 }));
      const [ours, theirs] = [people.loader(), others.loader()];
      const both = await Promise.all([ours.load(1), theirs.load(1), ours.load(3), theirs.load(3)]);
      assert.deepEqual(both.map((row) => row?.name), ["Ada", undefined, undefined, "Cyd"]);
      await assert.rejects(
        people.transaction(async (_, inside) => {
          await inside.update(1, { name: "x" });
          assert.equal((await inside.loader().load(1))?.name, "x");
          assert.equal((await inside.loader().load(3))?.name, undefined);
          throw new Error("undo");
        }),
        /undo/,
      );
      assert.equal((await people.loader().load(1))?.name, "Ada");
      await assert.rejects(ours.load(undefined as never), BadRequestError);
      assert.deepEqual(await ours.loadMany([]), []);
    }));

  it("bulkUpdate() with versions changes all or none", () =>
    inWorld(dialect, async ({ executor, people: all }) => {
      const people = createRepository(executor, { tableName: "people", versionColumn: "version" });
      const stale = [
        { id: 1, data: { name: "x" }, version: 1 },
        { id: 4, data: { name: "x" }, version: 7 },
      ];
      await assert.rejects(people.bulkUpdate(stale), StaleRowError);
      // The second change of a row is stale by the first.
      const twice = [
        { id: 1, data: { name: "x" }, version: 1 },
        { id: 1, data: { name: "y" }, version: 1 },
      ];
      await assert.rejects(people.bulkUpdate(twice), StaleRowError);
      assert.equal(await all(), START);
      const done = await people.bulkUpdate([
        { id: 4, data: { name: "x" }, version: 1 },
        { id: 1, data: {}, version: 1 },
        { id: 1, data: { name: "y" } },
      ]);
      assert.deepEqual(done.map(({ id, version }) => [id, version]), [[4, 2], [1, 2], [1, 3]]);
    }));

  it("names of prototypes are refused wherever a name can stand", () =>
    inWorld(dialect, async ({ executor, people: all }) => {
      const people = createRepository(executor, { tableName: "people" });
      const hostile = JSON.parse('{"__proto__": {"eq": 1}, "constructor": 1}');
      const calls: (() => Promise<unknown>)[] = [
        () => people.create(hostile),
        () => people.update(1, hostile),
        () => people.bulkCreate([hostile]),
        () => people.bulkUpdate([{ id: 1, data: hostile }]),
        () => people.upsert(hostile, { conflictColumns: ["email"] }),
        () => people.upsertMany([hostile], { conflictColumns: ["email"] }),
        () => people.updateWhere({ id: 1 }, hostile),
        () => people.updateWhere(hostile, { name: "x" }),
        () => people.deleteWhere(hostile),
        () => people.find({ where: hostile }),
        () => people.find({ where: { id: hostile } }),
        () => people.find({ where: { or: [hostile] } }),
        () => people.find(hostile),
        () => people.find({ orderBy: "__proto__" as never }),
        () => people.find({ orderBy: [hostile] }),
        () => people.find({ select: ["constructor" as never] }),
        () => people.findById(hostile),
        () => people.count(hostile),
        () => people.paginate(hostile),
        () => people.paginateCursor({ cursor: hostile }),
        () => people.paginateCursor({ cursor: "__proto__" }),
        () => people.transaction(() => 1, hostile),
        () => people.iterate(hostile).next(),
      ];
      for (const [i, call] of calls.entries()) {
        await assert.rejects(Promise.resolve().then(call), BadRequestError, `call ${i}`);
      }
      const made = { tableName: "people" } as const;
      assert.throws(
        () => createRepository(executor, { ...made, codecs: hostile }),
        BadRequestError,
      );
      assert.throws(() => createRepository(executor, { ...made, schemas: hostile }));
      assert.throws(() =>
        createRepository(executor, { ...made, primaryKey: "__proto__" as never })
      );
      assert.equal(({} as { eq?: unknown }).eq, undefined);
      assert.equal(await all(), START);
    }));
}, ["sqlite", "postgres", "mysql"]);
