/**
 * `upsertMany({ updateWhere })` where it is one batch, compared with what it does in a transaction.
 */
import { d1Dialect, nodeSqliteDialect } from "@kysera/dialects";
import { bindContext, createExecutor } from "@kysera/executor";
import { createRepository } from "@kysera/repository";
import { defineRLSSchema, filter, rlsPlugin } from "@kysera/rls";
import { softDeletePlugin } from "@kysera/soft-delete";
import { timestampsPlugin } from "@kysera/timestamps";
import fc from "fast-check";
import { Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { DatabaseSync } from "node:sqlite";
import process from "node:process";
import type { TestDatabase } from "../support/matrix.ts";
import { startEdgeRuntime } from "../support/miniflare.ts";
import { openNeon } from "../support/neon.ts";
import { fuzzProperty, runsAll } from "../support/random.ts";

const { runtime, skip } = await startEdgeRuntime(1);
after(() => runtime?.close());
const postgresUrl = process.env["KYSERA_TEST_POSTGRES_URL"];

interface Call {
  readonly rows: readonly {
    readonly sku: string;
    readonly n: number;
    readonly version: number | undefined;
  }[];
  readonly least: number;
  readonly updateColumns: readonly string[] | undefined;
}

const row = fc.record({
  sku: fc.constantFrom("a", "b", "c", "d", "theirs", "gone"),
  n: fc.integer({ min: -1, max: 4 }),
  version: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined, freq: 2 }),
  // Of a row with two faults either may be told.
}).map((each) => each.n < 0 ? { ...each, version: undefined } : each);
const call: fc.Arbitrary<Call> = fc.record({
  rows: fc.array(row, { minLength: 1, maxLength: 4 }),
  least: fc.integer({ min: 0, max: 4 }),
  updateColumns: fc.constantFrom(undefined, ["n"], []),
});

/** A table of items in a database, as one tenant sees it. */
async function openItems({ db, close }: TestDatabase) {
  await db.schema.createTable("items")
    .addColumn("sku", "varchar(10)", (c) => c.primaryKey())
    .addColumn("tenant_id", "integer")
    .addColumn("n", "integer", (c) => c.check(sql`n >= 0`))
    .addColumn("version", "integer", (c) => c.defaultTo(1))
    .addColumn("updated_at", "varchar(30)")
    .addColumn("deleted_at", "varchar(30)").execute().catch(async (error) => {
      await close();
      throw error;
    });
  const own = { tenant_id: 1 };
  const executor = bindContext(
    await createExecutor(db, [
      rlsPlugin({
        schema: defineRLSSchema<any>({
          items: { policies: [filter("all", own)], stamp: own },
        }),
      }),
      softDeletePlugin({ tables: ["items"] }),
      timestampsPlugin({ tables: ["items"], getTimestamp: () => "now" } as never),
    ]),
    { auth: { userId: 1, roles: [] } },
  );
  const items = createRepository(executor as Kysely<any>, {
    tableName: "items",
    primaryKey: ["sku"],
    versionColumn: "version",
  } as never) as any;
  return {
    close,
    async fill() {
      await db.deleteFrom("items").execute();
      await db.insertInto("items").values([
        { sku: "a", tenant_id: 1, n: 1, version: 1 },
        { sku: "b", tenant_id: 1, n: 3, version: 2 },
        { sku: "theirs", tenant_id: 2, n: 1, version: 1 },
      ]).execute();
      await db.insertInto("items")
        .values({ sku: "gone", tenant_id: 1, n: 1, version: 1, deleted_at: "before" }).execute();
    },
    /** What comes of a call, and what is in the table then. */
    async run({ rows, least, updateColumns }: Call) {
      const inputs = rows.map(({ version, ...rest }) =>
        version === undefined ? rest : { ...rest, version }
      );
      let came: unknown;
      try {
        came = (await items.upsertMany(inputs, {
          conflictColumns: ["sku"],
          updateWhere: { n: { gte: least } },
          ...updateColumns === undefined ? {} : { updateColumns },
        })).map((each: object) => JSON.stringify(each, sorted));
      } catch (error) {
        came = (error as Error).name;
      }
      const there = await db.selectFrom("items").selectAll().orderBy("sku").execute();
      return { came, there: there.map((each) => JSON.stringify(each, sorted)) };
    },
  };
}

/** Members in the order of their names. */
function sorted(_: string, value: unknown): unknown {
  return typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1))
    : value;
}

function onSqlite(): TestDatabase {
  const db = new Kysely<any>({
    dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
  });
  return { db, close: () => db.destroy() };
}

const subjects = [
  {
    name: "d1",
    skip: skip ?? false,
    takesVersions: true,
    runs: runsAll() ? 60 : 16,
    async open() {
      const db = new Kysely<any>({ dialect: d1Dialect({ database: await runtime!.openD1() }) });
      return { db, close: () => db.destroy() };
    },
  },
  {
    name: "neon",
    skip: postgresUrl === undefined && "KYSERA_TEST_POSTGRES_URL is not set",
    takesVersions: false,
    runs: runsAll() ? 300 : 40,
    open: () => openNeon(postgresUrl!),
  },
];

for (const { name, skip, takesVersions, runs, open } of subjects) {
  describe(`upsertMany() with updateWhere [${name}]`, { skip }, () => {
    it("does what it does in a transaction, all or nothing", async () => {
      const there = await openItems(await open());
      try {
        const here = await openItems(onSqlite());
        try {
          const seen = new Map<string, number>();
          await fc.assert(
            fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 3 }), async (calls) => {
              await here.fill();
              await there.fill();
              for (const given of calls) {
                const each = takesVersions ? given : withoutVersions(given);
                const wanted = await here.run(each);
                assert.deepEqual(await there.run(each), wanted);
                const what = typeof wanted.came === "string" ? wanted.came : "done";
                seen.set(what, (seen.get(what) ?? 0) + 1);
              }
            }),
            { ...fuzzProperty(runs), numRuns: runs, endOnFailure: !runsAll() },
          );
          const expected = [
            "done",
            "UpsertConflictError",
            ...takesVersions ? ["StaleRowError"] : [],
          ];
          for (const what of expected) assert.ok((seen.get(what) ?? 0) > 0, `${what} never came`);
        } finally {
          await here.close();
        }
      } finally {
        await there.close();
      }
    });

    it("is refused with a version where others may write meanwhile", async () => {
      if (takesVersions) return;
      const { fill, run, close } = await openItems(await open());
      try {
        await fill();
        const rows = [{ sku: "a", n: 2, version: 1 }];
        const { came } = await run({ rows, least: 0, updateColumns: undefined });
        assert.equal(came, "TransactionNotSupportedError");
      } finally {
        await close();
      }
    });
  });
}

function withoutVersions(given: Call): Call {
  return { ...given, rows: given.rows.map((each) => ({ ...each, version: undefined })) };
}
