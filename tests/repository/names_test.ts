import { createRepository } from "@kysera/repository";
import { assertRowExists, countRows } from "@kysera/testing";
import { type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect } from "../support/matrix.ts";

/** Names that a parser of `column direction`, `column as alias` or `table.column` would take apart. */
const NAMES: readonly string[] = [
  "Order Details",
  " leading",
  "id desc",
  "a as b",
  "select",
  'dou"ble',
  "back`tick",
  "semi; drop table x",
  "per%cent",
  "dollar$1",
  "question?",
  "co--mment",
  "back\\slash",
  "data->>x",
  "Ünïcode",
];

onEveryDialect("names are taken as they are", (dialect) => {
  it("in every method of a repository", async () => {
    const { db, close }: { db: Kysely<any>; close(): Promise<void> } = await dialect.open();
    try {
      for (const name of NAMES) {
        // A name with " as " in it can be a column, but to Kysely no table.
        const table = name.includes(" as ") ? "plain" : `${name} t`;
        const column = dialect.dialect === "mysql" ? name.trim() : name;
        await sql`create table ${sql.id(table)} (${sql.id("the id")} int primary key, ${
          sql.id(column)
        } int)`.execute(db);
        const repo = createRepository(db, { tableName: table, primaryKey: "the id" }) as any;
        const row = (id: number, value: number | null): object => ({
          "the id": id,
          [column]: value,
        });
        const ids = (rows: any[]): number[] => rows.map((row) => row["the id"]);
        await repo.bulkCreate([row(1, 30), row(2, 10)]);
        await repo.create(row(3, 20));
        assert.deepEqual(ids(await repo.find({ orderBy: column })), [2, 3, 1], name);
        const orderBy = [{ column, direction: "desc", nulls: "last" }];
        assert.deepEqual(ids(await repo.findAll({ orderBy })), [1, 3, 2]);
        assert.deepEqual(ids((await repo.paginate({ orderBy, limit: 2 })).data), [1, 3]);
        const page = await repo.paginateCursor({ orderBy, limit: 2 });
        const next = { orderBy, limit: 2, cursor: page.pagination.nextCursor };
        assert.deepEqual(ids((await repo.paginateCursor(next)).data), [2]);
        assert.deepEqual(await repo.find({ select: [column], where: { [column]: 10 } }), [
          { [column]: 10 },
        ]);
        if (dialect.name !== "pglite") { // which has no cursors
          const streamed: number[] = [];
          for await (const each of repo.iterate({ orderBy: column })) streamed.push(each["the id"]);
          assert.deepEqual(streamed, [2, 3, 1]);
        }
        assert.equal((await repo.update(1, { [column]: 31 }))[column], 31);
        assert.equal(await repo.updateWhere({ [column]: { gt: 30 } }, { [column]: 32 }), 1);
        const options = { conflictColumns: ["the id"] };
        assert.equal((await repo.upsert(row(1, 33), options))[column], 33);
        await repo.upsertMany([row(1, 34), row(2, 11)], options);
        assert.deepEqual(ids(await repo.findByIds([2, 1])), [2, 1]);
        await assertRowExists(db, table, { "the id": 1, [column]: 34 });
        assert.equal(await countRows(db, table, { [column]: 11 }), 1);
        assert.equal(await repo.delete(3), true);
        assert.equal(await repo.deleteWhere({ [column]: 34 }), 1);
        assert.deepEqual(ids(await repo.findAll()), [2]);
      }
    } finally {
      await close();
    }
  });
});
