import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BadRequestError, NotFoundError } from "@kysera/core";
import { createRepository, MultipleRowsError } from "@kysera/repository";
import { onEveryDialect } from "../support/matrix.ts";
import { inWorld } from "./_world.ts";

const ids = (rows: readonly { readonly id: unknown }[]): unknown[] => rows.map(({ id }) => id);

onEveryDialect("repository: reads", (dialect) => {
  it("finds rows that exist for the caller, and no others", () =>
    inWorld(dialect, async ({ executor }) => {
      const people = createRepository(executor, { tableName: "people" });
      assert.equal((await people.findById(1))?.name, "Ada");
      for (const hidden of [2, 3, 99]) {
        assert.equal(await people.findById(hidden), null);
        await assert.rejects(people.getById(hidden), NotFoundError);
        assert.equal(await people.exists({ where: { id: hidden } }), false);
      }
      assert.deepEqual(ids(await people.findAll({ orderBy: "id" })), [1, 4, 5]);
      assert.equal((await people.findAll()).length, 3);
      assert.equal((await people.find()).length, 3);
      assert.equal(await people.count(), 3);
      assert.deepEqual(ids(await people.findByIds([5, 3, 99, 1, 2, 5])), [5, 1, 5]);
      assert.deepEqual(await people.findByIds([]), []);
    }));

  it("finds one row, or says that there is none or more", () =>
    inWorld(dialect, async ({ executor }) => {
      const people = createRepository(executor, { tableName: "people" });
      assert.equal((await people.one({ name: "Ada" })).id, 1);
      assert.equal(await people.maybe({ name: "Cyd" }), null);
      await assert.rejects(people.one({ name: "Cyd" }), NotFoundError);
      await assert.rejects(people.one({ score: { gt: 1 } }), MultipleRowsError);
      await assert.rejects(people.maybe({}), MultipleRowsError);
      const last = { orderBy: "id", orderDirection: "desc" } as const;
      assert.equal((await people.findOne(last))?.id, 5);
      assert.equal((await people.findOne({ ...last, offset: 1 }))?.id, 4);
      assert.equal(await people.findOne({ where: { id: 3 } }), null);
      assert.equal((await people.findOneOrThrow({ where: { id: 4 } })).id, 4);
      await assert.rejects(people.findOneOrThrow({ where: { id: 3 } }), NotFoundError);
      // @ts-expect-error: there is one row, or none
      await assert.rejects(people.findOne({ limit: 5 }), BadRequestError);
    }));

  it("compares as SQL does", () =>
    inWorld(dialect, async ({ executor }) => {
      const people = createRepository(executor, { tableName: "people" });
      const cases: [NonNullable<Parameters<typeof people.find>[0]>["where"], number[]][] = [
        [{}, [1, 4, 5]],
        [{ id: 4 }, [4]],
        [{ id: { eq: 4 } }, [4]],
        [{ id: { ne: 4 } }, [1, 5]],
        [{ name: null }, [5]],
        [{ name: { eq: null } }, [5]],
        [{ name: { ne: null } }, [1, 4]],
        // As in SQL: what is not known is not another one.
        [{ name: { ne: "Ada" } }, [4]],
        [{ not: { name: "Ada" } }, [4]],
        [{ name: { isNull: true } }, [5]],
        [{ name: { isNull: false } }, [1, 4]],
        [{ score: { gt: 10 } }, [4, 5]],
        [{ score: { gte: 10, lt: 50 } }, [1, 4]],
        [{ score: { lte: 10 } }, [1]],
        [{ score: { between: [10, 40] } }, [1, 4]],
        [{ id: { in: [1, 2, 3, 4] } }, [1, 4]],
        [{ id: { in: [] } }, []],
        [{ id: { notIn: [1, 2] } }, [4, 5]],
        [{ id: { notIn: [] } }, [1, 4, 5]],
        [{ name: { like: "_d_" } }, [1]],
        [{ name: { like: "%n" } }, [4]],
        [{ name: { ilike: "aDA" } }, [1]],
        [{ name: { contains: "_" } }, [4]],
        [{ name: { contains: "%" } }, []],
        [{ name: { startsWith: "D_" } }, [4]],
        [{ name: { startsWith: "A_" } }, []],
        [{ name: { endsWith: "_n" } }, [4]],
        [{ name: { contains: "!" } }, []],
        [{ or: [{ id: 1 }, { id: 2 }, { score: 50 }] }, [1, 5]],
        [{ or: [] }, []],
        [{ and: [] }, [1, 4, 5]],
        [{ and: [{ score: { gt: 10 } }, { or: [{ id: 5 }, { name: "Ada" }] }] }, [5]],
        [{ not: { or: [{ id: 1 }, { id: 4 }] } }, [5]],
        [{ not: { and: [{ id: 1 }, { name: "Ada" }] } }, [4, 5]],
        [{ id: 1, or: [{ name: "Ada" }, { name: "Bob" }] }, [1]],
        [{ not: { not: { id: 1 } } }, [1]],
      ];
      for (const [where, expected] of cases) {
        const found = await people.find({ where, orderBy: "id" });
        assert.deepEqual(ids(found), expected, JSON.stringify(where));
        assert.equal(await people.count({ where }), expected.length, JSON.stringify(where));
        assert.equal(await people.exists({ where }), expected.length > 0, JSON.stringify(where));
      }
    }));

  it("orders and limits", () =>
    inWorld(dialect, async ({ executor }) => {
      const people = createRepository(executor, { tableName: "people" });
      const find = async (options: Parameters<typeof people.find>[0]): Promise<unknown[]> =>
        ids(await people.find(options));
      assert.deepEqual(await find({ orderBy: "score", orderDirection: "desc" }), [5, 4, 1]);
      const first = [{ column: "name", nulls: "first" }] as const;
      const last = [{ column: "name", direction: "desc", nulls: "last" }] as const;
      assert.deepEqual(await find({ orderBy: first }), [5, 1, 4]);
      assert.deepEqual(await find({ orderBy: last }), [4, 1, 5]);
      assert.deepEqual(await find({ orderBy: "id", limit: 2 }), [1, 4]);
      assert.deepEqual(await find({ orderBy: "id", limit: 2, offset: 1 }), [4, 5]);
      assert.deepEqual(await find({ orderBy: "id", offset: 2 }), [5]);
      assert.deepEqual(await find({ orderBy: "id", limit: 0 }), []);
    }));

  it("gives pages by number and by cursor", () =>
    inWorld(dialect, async ({ executor }) => {
      const people = createRepository(executor, { tableName: "people" });
      const page = await people.paginate({ page: 2, limit: 2 });
      assert.deepEqual(ids(page.data), [5]);
      assert.equal(page.pagination.total, 3);
      assert.equal(page.pagination.hasNext, false);

      const options = { orderBy: "score", orderDirection: "desc", limit: 2 } as const;
      const one = await people.paginateCursor(options);
      assert.deepEqual(ids(one.data), [5, 4]);
      const cursor = one.pagination.nextCursor ?? "";
      const two = await people.paginateCursor({ ...options, cursor });
      assert.deepEqual(ids(two.data), [1]);
      assert.equal(two.pagination.hasNext, false);
      await assert.rejects(
        people.paginateCursor({ ...options, where: { id: 1 }, cursor }),
        BadRequestError,
      );
    }));

  it("hands out the builder, with the plugins in it", () =>
    inWorld(dialect, async ({ executor }) => {
      const people = createRepository(executor, { tableName: "people" });
      const rows = await people.query().select("people.id").where(people.keyIn([1, 2, 3]))
        .execute();
      assert.deepEqual(ids(rows), [1]);
      assert.deepEqual(await people.query().select("id").where(people.keyIn([])).execute(), []);
    }));

  it("refuses columns that there are not, by an error of the database", () =>
    inWorld(dialect, async ({ executor }) => {
      const people = createRepository(executor, { tableName: "people" });
      for (
        const options of [
          { where: { nope: 1 } },
          { where: { nope: { contains: "x" } } },
          { orderBy: "nope" },
        ]
      ) {
        // An unknown column is a type error as well.
        await assert.rejects(people.find(options as object), JSON.stringify(options));
      }
    }));
});

// PGlite has no cursors.
onEveryDialect("repository: iterate", (dialect) => {
  it("walks over rows one by one, and lets the connection go when it is left", () =>
    inWorld(dialect, async ({ executor }) => {
      const people = createRepository(executor, {
        tableName: "people",
        mapRow: ({ id }) => ({ key: id }),
      });
      const seen: number[] = [];
      for await (const { key } of people.iterate({ orderBy: "id", chunkSize: 1 })) seen.push(key);
      assert.deepEqual(seen, [1, 4, 5]);
      for (let i = 0; i < 15; i++) {
        for await (const { key } of people.iterate({ orderBy: "id", chunkSize: 1 })) {
          assert.equal(key, 1);
          break;
        }
      }
      assert.equal(await people.count(), 3);
      const rest: number[] = [];
      for await (const { key } of people.iterate({ orderBy: "id", offset: 1 })) rest.push(key);
      assert.deepEqual(rest, [4, 5]);
    }));
}, ["sqlite", "postgres", "mysql"]);

describe("conditions", () => {
  onEveryDialect("what is not a condition", (dialect) => {
    it("is refused before any SQL runs", () =>
      inWorld(dialect, async ({ executor }) => {
        const people = createRepository(executor, { tableName: "people" });
        const wrong: [unknown, RegExp][] = [
          [null, /null was given/],
          ["id = 1", /string was given/],
          [[{ id: 1 }], /was given/],
          [{ id: undefined }, /"id" is undefined/],
          [{ id: { eq: undefined } }, /"id" is undefined/],
          [{ score: { gt: 1, lt: undefined } }, /"score" is undefined/],
          [{ id: {} }, /no comparison/],
          [{ id: { greater: 1 } }, /unknown comparison "greater"/],
          [{ id: { gt: 1, "; drop": 2 } }, /unknown comparison/],
          [{ id: { gt: null } }, /not null/],
          [{ id: { in: 1 } }, /list/],
          [{ id: { in: [1, null] } }, /without null/],
          [{ id: { between: [1] } }, /two values/],
          [{ id: { between: [1, null] } }, /takes/],
          [{ name: { like: 1 } }, /text/],
          [{ name: { isNull: "no" } }, /true or false/],
          [{ or: { id: 1 } }, /list/],
          [{ or: [{}] }, /part of "or" is empty/],
          [{ and: [{}] }, /part of "and" is empty/],
          [{ not: {} }, /part of "not" is empty/],
          [{ "people.id": 1 }, /without its table/],
          [{ "": 1 }, /not a name of a column/],
          [JSON.parse('{"__proto__": 1}'), /reserved/],
          [{ constructor: 1 }, /reserved/],
          [{ prototype: 1 }, /reserved/],
        ];
        for (const [where, message] of wrong) {
          const isRight = (error: unknown): boolean =>
            error instanceof BadRequestError && message.test(error.message);
          const options = { where } as object;
          await assert.rejects(people.find(options), isRight, JSON.stringify(where));
          await assert.rejects(people.count(options), isRight, JSON.stringify(where));
          await assert.rejects(people.paginate(options), isRight, JSON.stringify(where));
          await assert.rejects(people.deleteWhere(where as object), BadRequestError);
        }
        assert.equal(({} as Record<string, unknown>)["1"], undefined);
      }));
  }, ["sqlite"]);

  onEveryDialect("options that there are not", (dialect) => {
    it("are refused", () =>
      inWorld(dialect, async ({ executor }) => {
        const people = createRepository(executor, { tableName: "people" });
        // @ts-expect-error: there is no such option
        await assert.rejects(people.find({ wheer: { id: 1 } }), /no option "wheer"/);
        // @ts-expect-error: there is no such option
        await assert.rejects(people.findAll({ where: { id: 1 } }), /no option "where"/);
        // @ts-expect-error: there is no such option
        await assert.rejects(people.count({ limit: 1 }), /no option "limit"/);
        // @ts-expect-error: there is no such option
        await assert.rejects(people.exists({ limit: 1 }), /no option "limit"/);
        // @ts-expect-error: there is no such option
        await assert.rejects(people.paginate({ size: 1 }), /no option "size"/);
        // @ts-expect-error: there is no such option
        await assert.rejects(people.paginateCursor({ size: 1 }), /no option "size"/);
        // @ts-expect-error: there is no such option
        await assert.rejects(people.iterate({ size: 1 }).next(), /no option "size"/);
        for (const limit of [-1, 1.5, NaN, Infinity, "1" as unknown as number]) {
          await assert.rejects(people.find({ limit }), /whole number/);
          await assert.rejects(people.find({ offset: limit }), /whole number/);
        }
        for (
          const orderBy of [
            1,
            [1],
            [{}],
            [{ column: "id", direction: "up" }],
            [{ column: "id", nulls: "middle" }],
            [{ column: "id", nils: "last" }],
            ["id"],
            "__proto__",
            "people.id",
          ]
        ) {
          await assert.rejects(people.find({ orderBy } as object), BadRequestError);
        }
        const list = { orderBy: [{ column: "id" }], orderDirection: "desc" } as const;
        await assert.rejects(people.find(list), /direction/);
        for (
          const [config, message] of [
            [{ tableName: "people", primarykey: "id" }, /no option "primarykey"/],
            [{ tableName: "" }, /tableName/],
            [{ tableName: "people", primaryKey: [] }, /primaryKey/],
            [{ tableName: "people", primaryKey: ["id", "id"] }, /twice/],
            [{ tableName: "people", primaryKey: "__proto__" }, /reserved/],
            [{ tableName: "people", mapRow: 1 }, /mapRow/],
            [{ tableName: "people", schemas: { creat: 1 } }, /no option "creat"/],
            [{ tableName: "people", schemas: { create: {} } }, /Standard Schema/],
            [{ tableName: "people", validateDbResults: 2 }, /validateDbResults/],
          ] as const
        ) {
          assert.throws(() => createRepository(executor, config as never), message);
        }
      }));
  }, ["sqlite"]);
});
