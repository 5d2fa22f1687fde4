import { after, before, describe, it } from "node:test";
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { auditPlugin, createAuditTable, getAuditLogs } from "@kysera/audit";
import {
  type AtomicBatchConnection,
  type BatchStatement,
  parseDatabaseError,
  TransactionNotSupportedError,
  withQueryExecutor,
} from "@kysera/core";
import { d1Dialect, libsqlDialect } from "@kysera/dialects";
import {
  BatchError,
  BatchExpectationError,
  bindContext,
  createExecutor,
  getRawDb,
  type Plugin,
  wrapTransaction,
} from "@kysera/executor";
import { allow, defineRLSSchema, filter, rlsPlugin, RLSPolicyViolation } from "@kysera/rls";
import { softDeletePlugin } from "@kysera/soft-delete";
import { timestampsPlugin } from "@kysera/timestamps";
import { type CompiledQuery, type DatabaseConnection, type Generated, Kysely, sql } from "kysely";
import { matrix, type TestDatabase } from "../support/matrix.ts";
import { startEdgeRuntime } from "../support/miniflare.ts";
import { openNeon } from "../support/neon.ts";

interface Database {
  stock: {
    id: number;
    tenant_id: Generated<number>;
    left: number;
    updated_at: Generated<string | null>;
    deleted_at: Generated<string | null>;
  };
  orders: { id: number; tenant_id: Generated<number>; item: number; created_at: Generated<string> };
}

interface Subject {
  readonly name: string;
  readonly skip: string | undefined;
  /** Whether the database runs several statements as one. */
  readonly isAtOnce: boolean;
  readonly hasTransactions: boolean;
  /** How many parameters a statement has at most. */
  readonly takes: number;
  open(): Promise<TestDatabase>;
}

const postgresUrl = process.env["KYSERA_TEST_POSTGRES_URL"];
const { runtime, skip } = await startEdgeRuntime(1);
const directory = mkdtempSync(join(tmpdir(), "kysera-batch-"));
let libsql: typeof import("@libsql/client") | undefined;
try {
  libsql = await import("@libsql/client");
} catch {
  // Reported as skipped.
}
after(async () => {
  await runtime?.close();
  rmSync(directory, { recursive: true, force: true });
});

const subjects: readonly Subject[] = [
  {
    name: "d1",
    skip,
    isAtOnce: true,
    hasTransactions: false,
    takes: 100,
    async open() {
      const db = new Kysely<any>({ dialect: d1Dialect({ database: await runtime!.openD1() }) });
      return { db, close: () => db.destroy() };
    },
  },
  {
    name: "libsql",
    skip: libsql === undefined ? "@libsql/client does not load" : undefined,
    isAtOnce: true,
    hasTransactions: true,
    takes: 32_766,
    open() {
      const client = libsql!.createClient({
        url: `file:${join(directory, "app.db")}`,
        intMode: "bigint",
      });
      const db = new Kysely<any>({ dialect: libsqlDialect({ client }) });
      return Promise.resolve({ db, close: () => db.destroy() });
    },
  },
  {
    name: "neon",
    skip: postgresUrl === undefined ? "KYSERA_TEST_POSTGRES_URL is not set" : undefined,
    isAtOnce: true,
    hasTransactions: false,
    takes: 65_535,
    open: () => openNeon(postgresUrl!),
  },
  ...matrix.map(({ name, skip, open }) => ({
    name,
    skip,
    isAtOnce: false,
    hasTransactions: true,
    takes: Infinity,
    open,
  })),
];

for (const subject of subjects) {
  describe(`executor.batch() [${subject.name}]`, { skip: subject.skip ?? false }, () => {
    let opened: TestDatabase;
    let db: Kysely<Database>;
    const schema = defineRLSSchema<Database>({
      orders: {
        policies: [
          filter("all", (ctx) => ({ tenant_id: ctx.auth.tenantId }), { name: "tenants" }),
          allow(["create", "update", "delete"], (ctx) => ({ tenant_id: ctx.auth.tenantId })),
        ],
        stamp: { tenant_id: (ctx) => ctx.auth.tenantId },
      },
      stock: {
        policies: [
          filter("all", (ctx) => ({ tenant_id: ctx.auth.tenantId }), { name: "tenants" }),
          allow(["create", "update", "delete"], (ctx) => ({ tenant_id: ctx.auth.tenantId })),
        ],
        stamp: { tenant_id: (ctx) => ctx.auth.tenantId },
      },
    });
    const auth = { userId: 1, roles: [], tenantId: 1 };
    let ticks = 0;
    const make = async (...more: Plugin[]) =>
      bindContext(
        await createExecutor(db, [
          rlsPlugin({ schema }),
          softDeletePlugin({ onDelete: "soft", tables: ["stock"] }),
          timestampsPlugin({
            getTimestamp: () => new Date(Date.UTC(2030, 0, 1, 0, 0, ++ticks)).toISOString(),
          }),
          ...more,
        ]),
        { auth },
      );

    before(async () => {
      opened = await subject.open();
      db = opened.db;
      await db.schema.createTable("stock").addColumn("id", "integer", (c) => c.primaryKey())
        .addColumn("tenant_id", "integer").addColumn("left", "integer")
        .addColumn("updated_at", "varchar(40)").addColumn("deleted_at", "varchar(40)").execute();
      await db.schema.createTable("orders").addColumn("id", "integer", (c) => c.primaryKey())
        .addColumn("tenant_id", "integer").addColumn("item", "integer")
        .addColumn("created_at", "varchar(40)").execute();
      await createAuditTable(db);
    }, { timeout: 60_000 });
    after(() => opened?.close());

    const fill = async () => {
      await db.deleteFrom("orders").execute();
      await db.deleteFrom("stock").execute();
      await db.insertInto("stock").values([
        { id: 1, tenant_id: 1, left: 3 },
        { id: 2, tenant_id: 2, left: 3 },
      ]).execute();
    };
    const state = async () => ({
      stock: (await db.selectFrom("stock").select("left").orderBy("id").execute())
        .map(({ left }) => Number(left)),
      orders: (await db.selectFrom("orders").select("id").orderBy("id").execute())
        .map(({ id }) => Number(id)),
    });
    const UNTOUCHED = { stock: [3, 3], orders: [] };

    it("runs all statements under the plugins, and gives their results by key", async () => {
      await fill();
      const executor = await make();
      const { order, again, stock, rows, gone } = await executor.batch((b) => ({
        order: b.add((db) => db.insertInto("orders").values({ id: 10, item: 1 })),
        again: b.add((db) => db.insertInto("orders").values({ id: 11, item: 1 })),
        stock: b.add(
          (db) => db.updateTable("stock").set((eb) => ({ left: eb("left", "-", 1) })),
          { expect: { rows: 1 } },
        ),
        rows: b.add((db) => db.selectFrom("orders").select(["id", "tenant_id"]).orderBy("id")),
        gone: b.add((db) => db.deleteFrom("stock"), { expect: { rows: 1 } }),
      }));
      assert.equal(order[0]?.numInsertedOrUpdatedRows, 1n);
      assert.equal(again[0]?.numInsertedOrUpdatedRows, 1n);
      assert.equal(stock[0]?.numUpdatedRows, 1n);
      assert.deepEqual(rows.map(({ id, tenant_id }) => [Number(id), Number(tenant_id)]), [
        [10, 1],
        [11, 1],
      ]);
      assert.equal(gone[0]?.numDeletedRows, 1n);
      assert.deepEqual(await state(), { stock: [2, 3], orders: [10, 11] });
      const kept = await db.selectFrom("stock").select("deleted_at").orderBy("id").execute();
      assert.deepEqual(kept.map(({ deleted_at }) => deleted_at !== null), [true, false]);
      const times = await db.selectFrom("orders").select("created_at").execute();
      assert.equal(new Set(times.map(({ created_at }) => String(created_at))).size, 1);
    });

    it("does nothing where an expectation fails, and tells its key", async () => {
      await fill();
      const executor = await make();
      for (const position of [0, 1, 2]) {
        await assert.rejects(
          executor.batch((b) => {
            const adds = [
              () => ({ a: b.add((db) => db.insertInto("orders").values({ id: 20, item: 1 })) }),
              () => ({ b: b.add((db) => db.updateTable("stock").set({ left: 0 })) }),
            ];
            adds.splice(position, 0, () =>
              ({
                // A row of another tenant, which is not there for this one.
                short: b.add((db) => db.updateTable("stock").set({ left: 0 }).where("id", "=", 2), {
                  expect: { rows: 1 },
                }) as never,
              }) as never);
            return Object.assign({}, ...adds.map((add) => add()));
          }),
          (error) => {
            assert.ok(error instanceof BatchExpectationError, String(error));
            assert.deepEqual([error.key, error.expected, error.code], [
              "short",
              1,
              "BATCH_EXPECTATION",
            ]);
            return true;
          },
        );
        assert.deepEqual(await state(), UNTOUCHED);
      }
    });

    it("does nothing where any of its statements fails", async () => {
      await fill();
      const executor = await make();
      for (let failing = 0; failing < 3; failing++) {
        const ids = [30, 31, 32];
        ids[failing] = ids[(failing + 1) % 3]!;
        await assert.rejects(
          executor.batch((b) =>
            Object.fromEntries(
              ids.map((id, i) => [
                `o${i}`,
                b.add((db) => db.insertInto("orders").values({ id, item: i })),
              ]),
            )
          ),
          (error) => parseDatabaseError(error).code === "VALIDATION_UNIQUE_VIOLATION",
        );
        assert.deepEqual(await state(), UNTOUCHED);
      }
    });

    it("does nothing where a policy refuses a row", async () => {
      await fill();
      // What cannot be known before is checked by the database, where it can be.
      const moved = subject.name === "mysql" ? 2 : sql<number>`2`;
      const executor = await make();
      await assert.rejects(
        executor.batch((b) => ({
          order: b.add((db) => db.insertInto("orders").values({ id: 40, item: 1 })),
          moved: b.add((db) => db.updateTable("stock").set({ tenant_id: moved })),
        })),
        RLSPolicyViolation,
      );
      assert.deepEqual(await state(), UNTOUCHED);
    });

    it("refuses what is not a batch, and runs nothing", async () => {
      await fill();
      const executor = await make();
      const insert = (db: Kysely<Database>) => db.insertInto("orders").values({ id: 50, item: 1 });
      const refused = (build: (b: any) => unknown, message: RegExp) =>
        assert.rejects(
          executor.batch(build as never),
          (error) => error instanceof BatchError && message.test(error.message),
          String(message),
        );
      await refused((b) => Promise.resolve({ a: b.add(insert) }), /returned a promise/);
      await refused((b) => Promise.reject(b.add(insert)), /returned a promise/);
      await refused((b) => void b.add(insert), /has to return an object/);
      await refused((b) => (b.add(insert), {}), /does not return/);
      await refused(() => ({ a: {} }), /"a" is not what add\(\)/);
      await refused((b) => {
        const a = b.add(insert);
        return { a, b: a };
      }, /"b" and "a" are one entry/);
      await refused((b) => ({
        a: b.add((db: Kysely<Database>) => db.selectFrom("orders").selectAll().execute()),
      }), /a promise/);
      await refused((b) => ({ a: b.add(() => 7) }), /not a query/);
      await refused((b) => ({ a: b.add(insert, { expect: { rows: -1 } }) }), /whole number/);
      await refused((b) => ({ a: b.add(insert, { expect: {} }) }), /whole number/);
      await refused((b) => ({
        a: b.add((db: Kysely<any>) => db.schema.createTable("made").addColumn("a", "integer")),
      }), /"a" changes the schema/);
      for (const options of [{ expects: { rows: 1 } }, { expect: { rows: 1, row: 1 } }]) {
        await assert.rejects(
          executor.batch((b) => ({ a: b.add(insert, options as never) })),
          TypeError,
        );
      }
      assert.deepEqual(await state(), UNTOUCHED);
    });

    it("does nothing where a query returns another number of rows than expected", async () => {
      await fill();
      const executor = await make();
      const run = (rows: number, from: number) =>
        executor.batch((b) => ({
          order: b.add((db) => db.insertInto("orders").values({ id: 70, item: 1 })),
          there: b.add(
            (db) =>
              db.with("own", (q) => q.selectFrom("orders").selectAll().where("id", ">", from))
                .selectFrom("own").select(["id", "item"]).where("item", "<", 5).orderBy("id"),
            { expect: { rows } },
          ),
          after: b.add((db) => db.insertInto("orders").values({ id: 71, item: 2 })),
        }));
      for (const [rows, from] of [[0, 0], [2, 0], [1, 70]] as const) {
        await assert.rejects(run(rows, from), (error) => {
          assert.ok(error instanceof BatchExpectationError, String(error));
          assert.deepEqual([error.key, error.expected], ["there", rows]);
          return true;
        });
        assert.deepEqual(await state(), UNTOUCHED);
      }
      assert.deepEqual((await run(1, 69)).there, [{ id: 70, item: 1 }]);
      await db.deleteFrom("orders").execute();
      assert.deepEqual((await run(0, 70)).there, []);
      assert.deepEqual((await state()).orders, [70, 71]);
    });

    it("expects rows of a query with as many parameters as there may be", async () => {
      await fill();
      const most = Math.min(subject.takes, 100);
      const executor = await createExecutor(db, []);
      const ids = Array.from({ length: most }, (_, i) => i + 1);
      const run = (rows: number) =>
        executor.batch((b) => ({
          found: b.add((db) => db.selectFrom("stock").select("id").where("id", "in", ids), {
            expect: { rows },
          }),
        }));
      assert.equal((await run(2)).found.length, 2);
      await assert.rejects(run(1), BatchExpectationError);
    });

    it("runs a query past the plugins, where its builder is made so", async () => {
      await fill();
      const executor = await make();
      const { all, own } = await executor.batch((b) => ({
        all: b.add((db) => getRawDb<Database>(db).selectFrom("stock").select("id").orderBy("id")),
        own: b.add((db) => db.selectFrom("stock").select("id")),
      }));
      assert.ok(
        all.length > own.length,
        `${all.length} rows past the plugins, ${own.length} others`,
      );
    });

    it("runs audited writes, with their entries", async () => {
      await fill();
      const executor = await make(auditPlugin());
      const run = (rows: number) =>
        executor.batch((b) => ({
          order: b.add((db) => db.insertInto("orders").values({ id: 60, item: 1 })),
          stock: b.add((db) => db.updateTable("stock").set({ left: 1 }), { expect: { rows } }),
        }));
      await assert.rejects(run(2), (error) => {
        assert.ok(error instanceof BatchExpectationError, String(error));
        assert.equal(error.key, "stock");
        return true;
      });
      assert.deepEqual(await state(), UNTOUCHED);
      assert.deepEqual(await getAuditLogs(executor), []);
      await run(1);
      assert.deepEqual(await state(), { stock: [1, 3], orders: [60] });
      const entries = await getAuditLogs(executor);
      assert.deepEqual(entries.map(({ operation }) => operation).sort(), ["INSERT", "UPDATE"]);
    });

    it("reads the caller once for all of its statements", async () => {
      await fill();
      let asked = 0;
      const executor = await createExecutor(db, [
        rlsPlugin({
          schema,
          contextProvider: () => {
            asked++;
            return { auth };
          },
        } as never),
      ]);
      asked = 0;
      await executor.batch((b) => ({
        one: b.add((db) => db.insertInto("orders").values({ id: 70, item: 1 })),
        two: b.add((db) => db.insertInto("orders").values({ id: 71, item: 1 })),
      }));
      assert.equal(asked, 1);
    });

    it("gives an empty result for an empty batch", async () => {
      assert.deepEqual(await (await make()).batch(() => ({})), {});
    });

    it("is refused in a transaction", {
      skip: subject.hasTransactions ? false : `${subject.name} has no transactions`,
    }, async () => {
      const executor = await make();
      await executor.transaction().execute(async (transaction) => {
        const wrapped: unknown = await wrapTransaction(transaction, []);
        const { batch } = wrapped as typeof executor;
        await assert.rejects(batch.call(wrapped as typeof executor, () => ({})), BatchError);
      });
    });

    if (subject.isAtOnce) {
      it("refuses a statement with too many parameters, and tells its key", {
        skip: subject.takes > 100 ? `${subject.name} takes many` : false,
      }, async () => {
        await fill();
        const executor = await make();
        const ids = Array.from({ length: 101 }, (_, i) => i);
        await assert.rejects(
          executor.batch((b) => ({
            order: b.add((db) => db.insertInto("orders").values({ id: 95, item: 1 })),
            large: b.add((db) => db.deleteFrom("orders").where("id", "in", ids)),
          })),
          (error) => error instanceof BatchError && /"large" has 10\d param/.test(error.message),
        );
        assert.deepEqual(await state(), UNTOUCHED);
      });

      it("sends all statements at once", async () => {
        await fill();
        const sent: number[] = [];
        const executor = await createExecutor(counting(db, sent), []);
        await executor.batch((b) => ({
          one: b.add((db) => db.insertInto("orders").values({ id: 90, item: 1 })),
          two: b.add((db) => db.selectFrom("orders").selectAll()),
        }));
        assert.deepEqual(sent, [2]);
      });

      it("refuses a plugin that runs statements of its own, before anything is sent", async () => {
        await fill();
        const curious: Plugin = {
          name: "curious",
          version: "1.0.0",
          async aroundQuery(query, next, scope) {
            await sql`select 1`.execute(scope.db);
            return await next(query as CompiledQuery);
          },
        };
        const executor = await make(curious);
        const run = () =>
          executor.batch((b) => ({
            order: b.add((db) => db.insertInto("orders").values({ id: 80, item: 1 })),
          }));
        if (subject.hasTransactions) {
          await run();
          assert.deepEqual((await state()).orders, [80]);
        } else {
          await assert.rejects(run(), TransactionNotSupportedError);
          assert.deepEqual(await state(), UNTOUCHED);
        }
      });
    }
  });
}

/** The database, which tells how many statements each batch has, and lets nothing else through. */
function counting(db: Kysely<Database>, sent: number[]): Kysely<Database> {
  const inner = db.getExecutor();
  return withQueryExecutor(
    db,
    inner.withConnectionProvider({
      provideConnection: (consumer) =>
        inner.provideConnection((connection) =>
          consumer({
            executeQuery: () => Promise.reject(new Error("a statement was sent alone")),
            streamQuery: () => assert.fail("a statement was streamed"),
            executeBatch: (statements: readonly BatchStatement[]) => {
              sent.push(statements.length);
              return (connection as unknown as AtomicBatchConnection).executeBatch(statements);
            },
          } as DatabaseConnection)
        ),
    }),
  );
}
