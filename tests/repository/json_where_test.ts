import { BadRequestError } from "@kysera/core";
import { createExecutor } from "@kysera/executor";
import { createRepository, json } from "@kysera/repository";
import { defineRLSSchema, filter, rlsPlugin } from "@kysera/rls";
import { softDeletePlugin } from "@kysera/soft-delete";
import { bindContext } from "@kysera/executor";
import { type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect, type TestDialect } from "../support/matrix.ts";

const DOCS: readonly unknown[] = [
  { theme: "dark", size: 10, on: true, tags: ["a", "b"], nested: { list: [{ x: 1 }, { x: 2 }] } },
  { theme: "Dark", size: 9, on: false, tags: ["b", 1, null], nested: { list: [] } },
  { theme: "10", size: "10", on: "true", tags: "a", nested: [1, 2] },
  { theme: null, size: null, tags: [], 'odd "k\\ey': 1, "a.b": 2, "0": "zero" },
  {},
  [5, "x"],
  "text",
  { theme: "100%_!", size: 1.5, big: 9007199254740991, tags: [true, 10, "10"] },
];

async function withDocs(
  dialect: TestDialect,
  body: (db: Kysely<any>, ids: (where: object) => Promise<number[]>) => Promise<void>,
  type = { sqlite: "text", postgres: "jsonb", mysql: "json" }[dialect.dialect],
): Promise<void> {
  const { db, close }: { db: Kysely<any>; close(): Promise<void> } = await dialect.open();
  try {
    await sql`create table docs (id int primary key, doc ${
      sql.raw(type)
    }, age int, tenant int default 1, deleted_at varchar(40))`.execute(db);
    const docs: any = createRepository<any, any>(db, {
      tableName: "docs",
      codecs: { doc: json() },
    });
    await docs.bulkCreate([...DOCS.map((doc, i) => ({ id: i + 1, doc })), { id: 9, doc: null }]);
    const ids = async (where: object): Promise<number[]> =>
      (await docs.find({ where, orderBy: "id", select: ["id"] })).map(({ id }: any) => Number(id));
    await body(db, ids);
  } finally {
    await close();
  }
}

const CASES: readonly (readonly [condition: object, ids: readonly number[]])[] = [
  [{ path: ["theme"], eq: "dark" }, [1]],
  [{ $path: ["theme"], $eq: "dark" }, [1]],
  // What is there, and another value.
  [{ path: ["theme"], ne: "dark" }, [2, 3, 8]],
  [{ path: ["theme"], in: ["dark", "Dark"] }, [1, 2]],
  [{ path: ["theme"], in: [] }, []],
  [{ path: ["theme"], notIn: ["dark", "Dark"] }, [3, 8]],
  [{ path: ["theme"], startsWith: "100%_!" }, [8]],
  [{ path: ["theme"], contains: "%_" }, [8]],
  [{ path: ["theme"], endsWith: "0" }, [3]],
  [{ path: ["theme"], ilike: "dARK" }, [1, 2]],
  [{ path: ["theme"], like: "1%" }, [3, 8]],
  // A number is not a text.
  [{ path: ["size"], eq: 10 }, [1]],
  [{ path: ["size"], eq: "10" }, [3]],
  [{ path: ["size"], gt: 1 }, [1, 2, 8]],
  [{ path: ["size"], gt: 1, lt: 9.5 }, [2, 8]],
  [{ path: ["size"], between: [1.5, 9] }, [2, 8]],
  [{ path: ["size"], gte: "1" }, [3]],
  [{ path: ["big"], eq: 9007199254740991 }, [8]],
  [{ path: ["big"], eq: 9007199254740991n }, [8]],
  [{ path: ["on"], eq: true }, [1]],
  [{ path: ["on"], eq: "true" }, [3]],
  [{ path: ["on"], ne: true }, [2, 3]],
  // JSON's null is as nothing.
  [{ path: ["theme"], eq: null }, [4, 5, 6, 7, 9]],
  [{ path: ["theme"], isNull: true }, [4, 5, 6, 7, 9]],
  [{ path: ["theme"], isNotNull: true }, [1, 2, 3, 8]],
  [{ path: ["theme"], ne: null }, [1, 2, 3, 8]],
  // Keys and places are told apart.
  [{ path: [0], eq: 5 }, [6]],
  [{ path: ["0"], eq: "zero" }, [4]],
  [{ path: [1], eq: "x" }, [6]],
  [{ path: ["nested", "list", 1, "x"], eq: 2 }, [1]],
  [{ path: ["nested", 0], eq: 1 }, [3]],
  [{ path: ["theme", 0], eq: "dark" }, []],
  [{ path: ['odd "k\\ey'], eq: 1 }, [4]],
  [{ path: ["a.b"], eq: 2 }, [4]],
  [{ path: ["a", "b"], isNotNull: true }, []],
  [{ path: [], eq: "text" }, [7]],
  [{ hasKey: "theme" }, [1, 2, 3, 4, 8]],
  [{ path: ["nested"], hasKey: "list" }, [1, 2]],
  [{ path: ["tags"], arrayContains: "b" }, [1, 2]],
  [{ path: ["tags"], arrayContains: ["a", "b"] }, [1]],
  [{ path: ["tags"], arrayContains: [1] }, [2]],
  [{ path: ["tags"], arrayContains: [10] }, [8]],
  [{ path: ["tags"], arrayContains: ["10", true] }, [8]],
  [{ path: ["tags"], arrayContains: [null] }, [2]],
  [{ path: ["tags"], arrayContains: [] }, [1, 2, 4, 8]],
  [{ path: ["tags"], arrayOverlaps: ["a", 1] }, [1, 2]],
  [{ path: ["tags"], arrayOverlaps: [] }, []],
  [{ arrayContains: 5 }, [6]],
];

onEveryDialect("conditions on JSON", (dialect) => {
  it("find what stands at a path, and nothing like it", () =>
    withDocs(dialect, async (_db, ids) => {
      for (const [doc, wanted] of CASES) {
        const text = JSON.stringify(
          doc,
          (_key, value) => typeof value === "bigint" ? `${value}n` : value,
        );
        assert.deepEqual(await ids({ doc }), wanted, text);
        // With other values round it: each goes to its own place.
        const found = await ids({ and: [{ id: { gt: 0 } }, { doc }, { id: { lt: 7 } }] });
        assert.deepEqual(found, wanted.filter((id) => id < 7), text);
      }
      assert.deepEqual(
        await ids({ or: [{ doc: { path: ["on"], eq: true } }, { doc: { path: [0], eq: 5 } }] }),
        [1, 6],
      );
      const whole = ids({ doc: { path: ["nested"], eq: { list: [{ x: 1 }, { x: 2 }] } } });
      const within = ids({ doc: { path: ["tags"], arrayContainedBy: ["a", "b", "c"] } });
      if (dialect.dialect === "postgres") {
        assert.deepEqual([await whole, await within], [[1], [1, 4]]);
      } else {
        await assert.rejects(whole, /does not compare objects and lists/);
        await assert.rejects(within, /the database has no "arrayContainedBy"/);
      }
    }));

  it("hold in every method, and under plugins", () =>
    withDocs(dialect, async (db) => {
      const executor: any = bindContext(
        await createExecutor(db, [
          softDeletePlugin({ tables: ["docs"] }),
          rlsPlugin({
            schema: defineRLSSchema<any>({
              docs: {
                policies: [filter("all", (context: any) => ({ tenant: context.auth.tenantId }))],
              },
            }),
          }),
        ]) as any,
        { auth: { userId: 1, roles: [], tenantId: 1 } } as any,
      );
      const docs: any = createRepository<any, any>(executor, {
        tableName: "docs",
        codecs: { doc: json() },
      });
      const where = { doc: { path: ["tags"], arrayContains: "b" } };
      assert.equal(await docs.count({ where }), 2);
      await docs.softDelete(1);
      assert.equal(await docs.count({ where }), 1);
      await db.updateTable("docs").set({ tenant: 2 }).where("id", "=", 2).execute();
      assert.equal(await docs.exists({ where }), false);
      assert.deepEqual(await docs.find({ where: { or: [where, { id: 3 }] }, select: ["id"] }), [{
        id: 3,
      }]);
      assert.equal(await docs.updateWhere({ doc: { path: ["size"], eq: "10" } }, { age: 3 }), 1);
      assert.equal(
        (await docs.paginateCursor({ where: { doc: { hasKey: "theme" } } })).data.length,
        3,
      );
      assert.equal((await docs.paginate({ where: { doc: { hasKey: "theme" } } })).data.length, 3);
      assert.equal(await docs.deleteWhere({ doc: { path: ["theme"], eq: "dark" } }), 0);
      assert.equal(
        Number(await docs.sum("age", { where: { doc: { path: ["on"], eq: "true" } } })),
        3,
      );
    }));

  it("refuse what is none by name", () =>
    withDocs(dialect, async (_db, ids) => {
      for (
        const doc of [
          { path: ["a"] },
          { path: "a", eq: 1 },
          { path: [-1], eq: 1 },
          { path: [1.5], eq: 1 },
          { path: [null], eq: 1 },
          { path: ["a"], equals: 1 },
          { path: ["a"], eq: undefined },
          { path: ["a"], eq: new Date() },
          { path: ["a"], eq: Promise.resolve(1) },
          { path: ["a"], gt: null },
          { path: ["a"], gt: true },
          { path: ["a"], in: "a" },
          { path: ["a"], in: [null] },
          { path: ["a"], contains: 1 },
          { path: ["a"], isNull: 1 },
          { arrayContains: [{}] },
          { arrayOverlaps: "a" },
          { hasKey: 1 },
          { hasKey: "a", arrayContain: 1 },
        ]
      ) {
        await assert.rejects(ids({ doc }), (error) => {
          assert.ok(error instanceof BadRequestError, String(error));
          assert.match(error.message, /"doc"/);
          return true;
        });
      }
      await assert.rejects(ids({ age: { path: ["a"], eq: 1 } }), /"age" of "docs" holds int/);
    }));
});

onEveryDialect("conditions on columns of JSON and arrays of PostgreSQL", (dialect) => {
  it("know the type of the column", () =>
    withDocs(dialect, async (db, ids) => {
      assert.deepEqual(await ids({ doc: { path: ["size"], gt: 1 } }), [1, 2, 8]);
      assert.deepEqual(await ids({ doc: { eq: DOCS[0] } }), [1]);
      assert.deepEqual(await ids({ doc: { in: [DOCS[0], "text", {}] } }), [1, 5, 7]);
      assert.deepEqual(await ids({ doc: DOCS[5] }), [6]);
      assert.deepEqual(await ids({ doc: { isNull: true } }), [9]);
      await sql`create table lists (id int primary key, tags text[], ns int[])`.execute(db);
      const lists: any = createRepository<any, any>(db, { tableName: "lists" });
      await lists.bulkCreate([
        { id: 1, tags: ["a", "b"], ns: [1, 2] },
        { id: 2, tags: [], ns: [2] },
        { id: 3, tags: null, ns: null },
      ]);
      const found = async (where: object): Promise<number[]> =>
        (await createRepository<any, any>(db, { tableName: "lists" }).find({
          where,
          orderBy: "id",
        }))
          .map(({ id }: any) => id);
      assert.deepEqual(await found({ tags: { arrayContains: ["a"] } }), [1]);
      assert.deepEqual(await found({ tags: { arrayContains: "b" } }), [1]);
      assert.deepEqual(await found({ ns: { arrayOverlaps: [2, 7] } }), [1, 2]);
      assert.deepEqual(await found({ ns: { arrayContainedBy: [1, 2, 3] } }), [1, 2]);
      await assert.rejects(found({ ns: { path: ["a"], eq: 1 } }), /an array, which has no paths/);
      await assert.rejects(
        found({ ns: { hasKey: "a" } }),
        /"hasKey" is not a comparison of an array/,
      );
    }, "json"));
}, ["pglite", "postgres"]);
