import { bindContext, createExecutorSync, wrapTransaction } from "@kysera/executor";
import type { Plugin, QueryScope } from "@kysera/executor";
import { CompiledQuery, type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect } from "../support/matrix.ts";
import { type Database, hideDeleted, inWorld, type World } from "./world.ts";

type Around = NonNullable<Plugin["aroundQuery"]>;

const around = (name: string, aroundQuery: Around, more: Partial<Plugin> = {}): Plugin => ({
  name,
  version: "1.0.0",
  aroundQuery,
  ...more,
});

/** Writes down, for every query, whether a transaction was open round it. */
function watcher(): { plugin: Plugin; seen: boolean[]; scopes: QueryScope[] } {
  const seen: boolean[] = [];
  const scopes: QueryScope[] = [];
  return {
    seen,
    scopes,
    plugin: around("watcher", (query, next, scope) => {
      seen.push(scope.inTransaction);
      scopes.push(scope);
      return next(query);
    }),
  };
}

const read = async (db: Kysely<Database>): Promise<void> => {
  await db.selectFrom("tags").select("id").execute();
};
const tag = (id: number): Database["tags"] => ({ id, label: `tag ${id}` });

onEveryDialect("aroundQuery", (dialect) => {
  const test = (
    name: string,
    plugins: () => readonly Plugin[],
    body: (world: World) => Promise<void>,
  ): void => {
    it(name, () => inWorld(dialect, body, { with: plugins() }));
  };
  const log: string[] = [];
  const layer = (name: string, priority = 0): Plugin =>
    around(name, async (query, next) => {
      log.push(`${name} in`);
      try {
        return await next(query);
      } finally {
        log.push(`${name} out`);
      }
    }, { priority });

  test(
    "runs round every query like the skins of an onion, the first plugin outermost",
    () => [layer("inner"), layer("outer", 1), layer("innermost")],
    async ({ executor }) => {
      log.length = 0;
      await read(executor);
      assert.deepEqual(log, [
        "outer in",
        "inner in",
        "innermost in",
        "innermost out",
        "inner out",
        "outer out",
      ]);
    },
  );

  test("sees the query as it was rewritten, and its result", () => [
    hideDeleted,
    around("look", async (query, next) => {
      const result = await next(query);
      log.push(query.sql, `${result.rows.length} rows`);
      return result;
    }),
  ], async ({ executor }) => {
    log.length = 0;
    await executor.selectFrom("users").select("id").execute();
    assert.match(log[0]!, /deleted_at.* is null/);
    assert.equal(log[1], "3 rows");
  });

  test("may answer with other rows, and run the query twice", () => [
    around("double", async (query, next) => {
      const { rows } = await next(query);
      const again = await next(query);
      return { ...again, rows: [...rows, ...again.rows] };
    }),
  ], async ({ executor }) => {
    assert.equal((await executor.selectFrom("users").select("id").execute()).length, 8);
  });

  test("has a connection on which it can run queries of its own, in the same transaction", () => [
    around("log", async (query, next, { connection }) => {
      if (query.query.kind !== "UpdateQueryNode") return await next(query);
      const result = await next(query);
      await connection.executeQuery(CompiledQuery.raw("insert into tags values (99, 'log')"));
      return result;
    }),
  ], async ({ executor, db }) => {
    const logged = async () =>
      (await db.selectFrom("tags").select("id").where("id", "=", 99).execute()).length;
    await assert.rejects(
      executor.transaction().execute(async (trx) => {
        await trx.updateTable("users").set({ name: "x" }).where("id", "=", 1).execute();
        throw new Error("roll back");
      }),
    );
    assert.equal(await logged(), 0);
    await executor.updateTable("users").set({ name: "x" }).where("id", "=", 1).execute();
    assert.equal(await logged(), 1);
  });

  const { plugin, seen, scopes } = watcher();
  test("knows of no transaction outside of one", () => [plugin], async ({ executor }) => {
    seen.length = 0;
    await read(executor);
    await executor.connection().execute(read);
    await sql`select 1`.execute(executor);
    assert.deepEqual(seen, [false, false, false]);
  });

  test(
    "knows of a transaction inside it, and no longer after it",
    () => [plugin],
    async ({ executor }) => {
      seen.length = 0;
      await executor.transaction().execute(read);
      await read(executor);
      await assert.rejects(
        executor.transaction().execute(async (trx) => {
          await read(trx);
          throw new Error("roll back");
        }),
      );
      await read(executor);
      await executor.connection().execute(async (db) => {
        await read(db);
        await db.transaction().execute(read);
        await read(db);
      });
      assert.deepEqual(seen, [true, false, true, false, false, true, false]);
    },
  );

  test(
    "knows that a savepoint's end is not the transaction's",
    () => [plugin],
    async ({ executor }) => {
      seen.length = 0;
      const trx = await executor.startTransaction().execute();
      await read(trx);
      const a = await trx.savepoint("a").execute();
      await read(a);
      const b = await a.rollbackToSavepoint("a").execute();
      await read(b);
      const released = await b.releaseSavepoint("a").execute();
      await read(released);
      await trx.commit().execute();
      await read(executor);
      const second = await executor.startTransaction().execute();
      await second.rollback().execute();
      await read(executor);
      assert.deepEqual(seen, [true, true, true, true, false, false]);
    },
  );

  test(
    "knows of a transaction after a query in it failed",
    () => [plugin],
    async ({ executor }) => {
      seen.length = 0;
      const trx = await executor.startTransaction().execute();
      await trx.savepoint("a").execute();
      await assert.rejects(trx.insertInto("tags").values(tag(1)).execute());
      const back = await (trx as any).rollbackToSavepoint("a").execute();
      await read(back);
      await trx.rollback().execute();
      assert.deepEqual(seen, [true, true]);
    },
  );

  test("keeps transactions of several connections apart", () => [plugin], async ({ executor }) => {
    // SQLite and PGlite have one connection: nothing else runs while a transaction is open.
    if (dialect.name === "sqlite" || dialect.name === "pglite") return;
    seen.length = 0;
    const trx = await executor.startTransaction().execute();
    await read(executor);
    await read(trx);
    await trx.commit().execute();
    assert.deepEqual(seen, [false, true]);
  });

  test(
    "knows of a transaction that was begun by raw SQL on a connection",
    () => [plugin],
    async ({ executor }) => {
      seen.length = 0;
      await executor.connection().execute(async (db) => {
        await sql`begin`.execute(db);
        await read(db);
        await sql`rollback`.execute(db);
        await read(db);
      });
      assert.deepEqual(seen, [false, true, true, false]);
    },
  );

  test(
    "knows of the transaction that wrapTransaction() is given",
    () => [plugin],
    async ({ executor, db }) => {
      seen.length = 0;
      await db.transaction().execute(async (trx) => {
        await read(wrapTransaction(trx, executor));
        await read(wrapTransaction(trx, [plugin]));
      });
      assert.deepEqual(seen, [true, true]);
    },
  );

  test(
    "knows the handle's context and flags, and the dialect",
    () => [plugin],
    async ({ executor }) => {
      scopes.length = 0;
      await read(bindContext(executor, { tenant: 1 }));
      assert.deepEqual(scopes[0]!.context, { tenant: 1 });
      assert.deepEqual(scopes[0]!.metadata, {});
      assert.equal(scopes[0]!.dialect, dialect.dialect);
    },
  );

  test("gives the connection back whatever happens", () => [
    around("odd", () => Promise.reject(new Error("broken"))),
  ], async ({ executor, db }) => {
    for (let i = 0; i < 10; i++) await assert.rejects(read(executor), /broken/);
    await read(db);
  });

  test("applies to executors made of the executor, the inner one's plugins outermost", () => [
    layer("below"),
  ], async ({ executor }) => {
    log.length = 0;
    await read(createExecutorSync(executor, [layer("above")]));
    assert.deepEqual(log, ["below in", "above in", "above out", "below out"]);
  });

  test(
    "leaves the results of Kysely's plugins as they are",
    () => [plugin],
    async ({ executor }) => {
      const doubled = executor.withPlugin({
        transformQuery: ({ node }) => node,
        transformResult: ({ result }) =>
          Promise.resolve({ ...result, rows: [...result.rows, ...result.rows] }),
      });
      assert.equal((await doubled.selectFrom("tags").selectAll().execute()).length, 4);
    },
  );
});
