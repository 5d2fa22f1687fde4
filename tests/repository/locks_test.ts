import { BadRequestError } from "@kysera/core";
import { createRepository, StaleRowError } from "@kysera/repository";
import type { Kysely } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import * as z from "zod";
import { onEveryDialect, type TestDialect } from "../support/matrix.ts";

async function inTable(
  dialect: TestDialect,
  body: (repo: any, db: Kysely<any>, stored: () => Promise<unknown[]>) => Promise<void>,
): Promise<void> {
  const { db, close }: { db: Kysely<any>; close(): Promise<void> } = await dialect.open();
  try {
    await db.schema.createTable("locked")
      .addColumn("id", "integer", (c) => c.primaryKey())
      .addColumn("name", "varchar(40)")
      .addColumn("ver", "integer", (c) => c.notNull())
      .execute();
    const repo = createRepository(db, { tableName: "locked", versionColumn: "ver" });
    await repo.create({ id: 1, name: "one" });
    await body(repo, db, async () => {
      const row = await db.selectFrom("locked").selectAll().where("id", "=", 1)
        .executeTakeFirstOrThrow();
      return [row["name"], row["ver"]];
    });
  } finally {
    await close();
  }
}

onEveryDialect("a lock that is asked for is taken", (dialect) => {
  it("a version that is none is refused", () =>
    inTable(dialect, async (repo, db, stored) => {
      for (const version of [null, undefined, "", "1x", "0x1", 1.5, NaN, true, [1], {}]) {
        await assert.rejects(repo.update(1, { name: "x" }, { version }), BadRequestError);
        await assert.rejects(repo.update(1, { name: "x", ver: version }), BadRequestError);
        const item = { id: 1, data: { name: "x" }, version };
        await assert.rejects(repo.bulkUpdate([item]), BadRequestError);
        await assert.rejects(repo.updateWhere({ id: 1 }, { name: "x", ver: version }));
        const upsert = repo.upsert({ id: 1, name: "x", ver: version }, { conflictColumns: ["id"] });
        await assert.rejects(upsert, BadRequestError);
      }
      const plain = createRepository(db, { tableName: "locked" });
      await assert.rejects(plain.update(1, { name: "x" }, { version: 1 }), /no versionColumn/);
      assert.deepEqual(await stored(), ["one", 1]);
      // As drivers give a version of a bigint column.
      await repo.update(1, { name: "two" }, { version: "1" });
      await repo.update(1, { name: "three" }, { version: 2n });
      assert.deepEqual(await stored(), ["three", 3]);
      await assert.rejects(repo.update(1, { name: "x" }, { version: 2 }), StaleRowError);
      await repo.update(1, { name: "four" });
      assert.deepEqual(await stored(), ["four", 4]);
    }));

  it("a version that a schema drops is compared all the same", () =>
    inTable(dialect, async (_, db, stored) => {
      const name = z.object({ id: z.number().optional(), name: z.string() });
      const repo: any = createRepository(db, {
        tableName: "locked",
        versionColumn: "ver",
        schemas: { create: name, update: name },
      });
      await assert.rejects(repo.update(1, { name: "x", ver: 7 }), StaleRowError);
      const options = { conflictColumns: ["id"] };
      await assert.rejects(repo.upsert({ id: 1, name: "x", ver: 7 }, options), StaleRowError);
      assert.deepEqual(await stored(), ["one", 1]);
      await repo.update(1, { name: "two", ver: 1 });
      assert.deepEqual(await stored(), ["two", 2]);
    }));

  it("an upsert changes a row of the version that its input has", () =>
    inTable(dialect, async (repo, db, stored) => {
      const options = { conflictColumns: ["id"] };
      await repo.upsert({ id: 1, name: "two" }, options);
      assert.deepEqual(await stored(), ["two", 2]);
      await assert.rejects(repo.upsert({ id: 1, name: "x", ver: 1 }, options), StaleRowError);
      const rows = [{ id: 2, name: "new" }, { id: 1, name: "x", ver: 1 }, { id: 3, name: "new" }];
      await assert.rejects(repo.upsertMany(rows, options), StaleRowError);
      // All or none
      assert.equal(await repo.count(), 1);
      assert.deepEqual(await stored(), ["two", 2]);
      assert.equal((await repo.upsert({ id: 1, name: "three", ver: 2 }, options)).ver, 3);
      const both = await repo.upsertMany(
        [{ id: 1, name: "four", ver: 3 }, { id: 2, name: "new", ver: 9 }, { id: 3, name: "new" }],
        options,
      );
      assert.deepEqual(both.map(({ ver }: any) => ver), [4, 9, 1]);
      const found = await db.selectFrom("locked").select("id").orderBy("id").execute();
      assert.deepEqual(found.map(({ id }) => id), [1, 2, 3]);
    }));

  it("an empty search text is not a condition to write by", () =>
    inTable(dialect, async (repo) => {
      const everything = [
        { name: { contains: "" } },
        { name: { startsWith: "" } },
        { name: { endsWith: "" } },
        { name: { like: "%" } },
        { name: { ilike: "%%" } },
        { or: [{ name: { contains: "" } }, { id: 5 }] },
        { name: { contains: "" }, and: [] },
      ];
      for (const where of everything) {
        await assert.rejects(repo.deleteWhere(where), /holds for every row/);
        await assert.rejects(repo.updateWhere(where, { name: "x" }), /holds for every row/);
        assert.equal((await repo.find({ where })).length, 1);
      }
      assert.equal(await repo.deleteWhere({ id: 2, name: { contains: "" } }), 0);
      assert.equal(await repo.deleteWhere({ id: 1, name: { contains: "" } }), 1);
    }));
});
