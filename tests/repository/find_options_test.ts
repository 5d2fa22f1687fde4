import assert from "node:assert/strict";
import { it } from "node:test";
import { BadRequestError, NotFoundError } from "@kysera/core";
import { createContext, withTransaction } from "@kysera/dal";
import { createRepository, InvalidOperatorError } from "@kysera/repository";
import type { Kysely } from "kysely";
import { onEveryDialect } from "../support/matrix.ts";
import { type Database, inWorld } from "./_world.ts";

const plain = (rows: readonly object[]): object[] => rows.map((row) => ({ ...row }));

onEveryDialect("repository: options of find", (dialect) => {
  it("select gives these columns, decoded, and no entities", () =>
    inWorld(dialect, async ({ executor }) => {
      const people = createRepository(executor, {
        tableName: "people",
        mapRow: () => "an entity",
        codecs: { score: { encode: (n: number) => n / 100, decode: (n: number) => n * 100 } },
      });
      const select = ["id", "score", "id"] as const;
      const rows = await people.find({ select, orderBy: "id" });
      assert.deepEqual(plain(rows), [
        { id: 1, score: 1000 },
        { id: 4, score: 4000 },
        { id: 5, score: 5000 },
      ]);
      const score: number | undefined = rows[0]?.score;
      assert.equal(score, 1000);
      // @ts-expect-error: this column was not asked for
      assert.equal(rows[0]?.email, undefined);
      const where = { id: 4 };
      assert.deepEqual({ ...await people.findOne({ where, select: ["name"] }) }, { name: "D_n" });
      const { name } = await people.findOneOrThrow({ where, select: ["name"] });
      assert.equal(name, "D_n");
      assert.equal(await people.findOne({ where: { id: 2 }, select: ["name"] }), null);
      await assert.rejects(
        people.findOneOrThrow({ where: { id: 2 }, select: ["name"] }),
        NotFoundError,
      );
      assert.equal((await people.findAll({ select: ["name"] })).length, 3);
      assert.deepEqual(await people.findAll(), ["an entity", "an entity", "an entity"]);
      for (const wrong of [[], "id", [5], ["__proto__"], ["people.id"], null]) {
        await assert.rejects(people.find({ select: wrong as never }), BadRequestError);
      }
      await assert.rejects(people.find({ select: ["nope" as never] }));
    }));

  it("findAndCount() gives a part of the rows, and how many there are", () =>
    inWorld(dialect, async ({ executor }) => {
      const people = createRepository(executor, { tableName: "people" });
      const found = await people.findAndCount({
        where: { score: { gt: 5 } },
        orderBy: "id",
        orderDirection: "desc",
        limit: 2,
        offset: 1,
        select: ["id"],
      });
      assert.deepEqual(plain(found.data), [{ id: 4 }, { id: 1 }]);
      assert.equal(found.total, 3);
      assert.equal(found.items, found.data);
      assert.deepEqual(Object.keys(found), ["data", "total"]);
      assert.equal((await people.findAndCount()).total, 3);
      assert.deepEqual((await people.findAndCount({ where: { id: 2 } })).total, 0);
    }));

  it("sort is orderBy by another name", () =>
    inWorld(dialect, async ({ executor }) => {
      const people = createRepository(executor, { tableName: "people" });
      const sort = [{ column: "score", direction: "desc" }] as const;
      const ids = (await people.find({ sort })).map(({ id }) => id);
      assert.deepEqual(ids, [5, 4, 1]);
      for (const wrong of [{ sort, orderBy: "id" }, { sort: "id" }, { sort: [{ by: "id" }] }]) {
        await assert.rejects(people.find(wrong as never), BadRequestError);
      }
    }));

  it("conditions may be written with $", () =>
    inWorld(dialect, async ({ executor }) => {
      const people = createRepository(executor, { tableName: "people" });
      const ids = async (where: Parameters<typeof people.one>[0]): Promise<number[]> =>
        (await people.find({ where, orderBy: "id" })).map(({ id }) => id);
      assert.deepEqual(await ids({ id: { $gte: 4, $lt: 6 } }), [4, 5]);
      assert.deepEqual(await ids({ id: { $in: [1, 2, 4] } }), [1, 4]);
      assert.deepEqual(await ids({ id: { $nin: [1, 2] } }), [4, 5]);
      assert.deepEqual(await ids({ name: { $isNull: true } }), [5]);
      assert.deepEqual(await ids({ name: { $isNotNull: true } }), [1, 4]);
      assert.deepEqual(await ids({ name: { isNotNull: false } }), [5]);
      assert.deepEqual(await ids({ name: { $contains: "_" } }), [4]);
      assert.deepEqual(await ids({ email: { $startsWith: "ada", $endsWith: ".org" } }), [1]);
      assert.deepEqual(await ids({ id: { $between: [2, 4] } }), [4]);
      assert.deepEqual(await ids({ $or: [{ id: { $eq: 1 } }, { id: 5 }] }), [1, 5]);
      assert.deepEqual(await ids({ $and: [{ id: { $ne: 1 } }, { id: { $lte: 4 } }] }), [4]);
      assert.deepEqual(await ids({ $not: { email: { $like: "ada%" } } }), [4, 5]);
      for (const operator of ["$regex", "greater", "$", "constructor", "$where"]) {
        await assert.rejects(
          people.find({ where: { id: { [operator]: 1 } } as never }),
          (error) => error instanceof InvalidOperatorError && error.operator === operator,
        );
      }
    }));

  it("pages have the names that other repositories give them, beside their own", () =>
    inWorld(dialect, async ({ executor }) => {
      const people = createRepository(executor, { tableName: "people" });
      const page = await people.paginate({ limit: 2, orderBy: "score", orderDirection: "desc" });
      assert.equal(page.items, page.data);
      assert.equal(page.total, 3);
      assert.equal(page.limit, 2);
      assert.equal(page.offset, 0);
      assert.deepEqual(Object.keys(page), ["data", "pagination"]);
      const second = await people.paginate({ limit: 2, offset: 1, orderBy: "id" });
      assert.deepEqual(second.items.map(({ id }) => id), [4, 5]);
      assert.deepEqual(second.pagination, {
        limit: 2,
        total: 3,
        totalPages: 2,
        hasNext: false,
        hasPrev: true,
      });
      assert.equal(second.offset, 1);
      const more = await people.paginate({ limit: 1, offset: 1, total: "none" });
      assert.deepEqual(more.pagination, { limit: 1, hasNext: true, hasPrev: true });
      assert.equal(more.total, undefined);
      for (
        const wrong of [
          { page: 1, offset: 0 },
          { offset: -1 },
          { offset: 1.5 },
          { offset: 0, limit: -1 },
          { offset: 0, total: "estimate" },
        ]
      ) {
        await assert.rejects(people.paginate(wrong as never), BadRequestError);
      }
      const first = await people.paginateCursor({ limit: 2 });
      assert.equal(first.items, first.data);
      assert.equal(first.hasMore, true);
      const last = await people.paginateCursor({ limit: 2, cursor: first.nextCursor ?? undefined });
      assert.deepEqual(last.items.map(({ id }) => id), [5]);
      assert.equal(last.hasMore, false);
      assert.equal(last.nextCursor, null);
    }));

  it("nothing is read where the signal is aborted, and a stream ends", () =>
    inWorld(dialect, async ({ executor }) => {
      const people = createRepository(executor, { tableName: "people" });
      const reason = new Error("Cannot wait");
      const signal = AbortSignal.abort(reason);
      const reads: (() => Promise<unknown>)[] = [
        () => people.find({ signal }),
        () => people.findOne({ signal }),
        () => people.findAll({ signal }),
        () => people.findAndCount({ signal }),
        () => people.count({ signal }),
        () => people.exists({ signal }),
        () => people.paginate({ signal }),
        () => people.paginate({ signal, offset: 0 }),
        () => people.paginateCursor({ signal }),
        () => people.loader({ signal }).load(1),
        () => people.iterate({ signal }).next(),
      ];
      for (const read of reads) await assert.rejects(read(), reason);
      await assert.rejects(people.find({ signal: 5 as never }), BadRequestError);

      // A repository that was joined to a context has its signal.
      const controller = new AbortController();
      const ctx = createContext<Database>(executor, { signal: controller.signal });
      const inside = withTransaction(ctx, async (tx) => {
        const joined = people.withTransaction(tx);
        await joined.create({ email: "new@x.org", name: "New", deleted_at: null });
        assert.equal(await joined.count(), 4);
        controller.abort(reason);
        await joined.count();
      });
      await assert.rejects(inside, reason);
      await assert.rejects(people.transaction(() => Promise.resolve(1), { signal }), reason);
      assert.equal(await people.count(), 3);

      const middle = new AbortController();
      const seen: number[] = [];
      const walk = async (): Promise<void> => {
        for await (
          const { id } of people.iterate({ orderBy: "id", chunkSize: 1, signal: middle.signal })
        ) {
          seen.push(id);
          middle.abort(reason);
        }
      };
      await assert.rejects(walk(), reason);
      assert.deepEqual(seen, [1]);
      // The connections are free.
      assert.equal(await people.count(), 3);
    }));

  it("the table may be in a schema of its own", () =>
    inWorld(dialect, async ({ executor, db }) => {
      const schema = await schemaOf(db, dialect.dialect);
      const people = createRepository(executor, { tableName: "people", schema });
      assert.match(people.executor.selectFrom("people").select("id").compile().sql, /people/);
      assert.ok(people.executor.selectFrom("people").select("id").compile().sql.includes(schema));
      assert.equal(await people.count(), 3);
      assert.equal((await people.findById(1))?.name, "Ada");
      const made = await people.create({ email: "fay@x.org", name: "Fay", deleted_at: null });
      assert.equal((await people.update(made.id, { name: "F" })).name, "F");
      await people.softDelete(1);
      assert.equal((await people.findWithDeleted(1))?.name, "Ada");
      assert.equal(await people.findById(1), null);
      await people.transaction(async (trx, inside) => {
        assert.equal(await inside.count(), 3);
        assert.equal(await people.withTransaction(trx).count(), 3);
      });
      await executor.transaction().execute(async (trx) => {
        assert.equal(await people.withTransaction(trx).delete(made.id), true);
      });
      const nowhere = createRepository(executor, { tableName: "people", schema: "nowhere" });
      await assert.rejects(nowhere.count());
      assert.throws(() => createRepository(executor, { tableName: "people", schema: "" }));
    }));

  it("keys of another type are refused before any SQL runs", () =>
    inWorld(dialect, async ({ executor }) => {
      const people = createRepository(executor, { tableName: "people", primaryKeyType: "number" });
      assert.equal((await people.findById(1))?.name, "Ada");
      for (const id of ["1", true, {}, new Date(), NaN, Infinity, "1 or 1 = 1"]) {
        await assert.rejects(people.findById(id as never), BadRequestError);
      }
      const tokens = createRepository(executor, {
        tableName: "tokens",
        primaryKey: "token",
        primaryKeyType: "uuid",
      });
      const token = "6f9619ff-8b86-d011-b42d-00c04fc964ff";
      await tokens.create({ token, note: "a" });
      assert.equal((await tokens.findById(token))?.note, "a");
      await assert.rejects(tokens.findById("x"), /no uuid/);
      const wrong = { tableName: "people", primaryKeyType: "int" } as never;
      assert.throws(() => createRepository(executor, wrong), BadRequestError);
    }));

  it("what is known without it may be said of the dialect, but not otherwise", () =>
    inWorld(dialect, ({ executor }) => {
      const { dialect: own } = dialect;
      createRepository(executor, { tableName: "people", dialect: own });
      createRepository(executor, { tableName: "people", dialect: { dialect: own } });
      const other = own === "mysql" ? "sqlite" : "mysql";
      assert.throws(
        () => createRepository(executor, { tableName: "people", dialect: other }),
        BadRequestError,
      );
      return Promise.resolve();
    }));
}, ["sqlite", "postgres", "mysql"]);

async function schemaOf(db: Kysely<any>, dialect: string): Promise<string> {
  if (dialect === "sqlite") return "main";
  const name = dialect === "mysql" ? "database" : "current_schema";
  const row = await db.selectNoFrom((eb) => eb.fn<string>(name, []).as("schema"))
    .executeTakeFirstOrThrow();
  return row["schema"];
}
