import { createExecutorSync, type Plugin } from "@kysera/executor";
import * as kysely from "kysely";
import type { Kysely } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect } from "../support/matrix.ts";
import { type Database, hideDeleted, inWorld, type World } from "./world.ts";

/** Runs a query with options that Kysely has since the same version. */
const run = <T>(query: { execute(): Promise<T> }, options: object): Promise<T> =>
  (query.execute as (options: object) => Promise<T>).call(query, options);

/** Streams and queries take a signal since Kysely 0.29. */
const hasSignals = "AbortedTransactionError" in kysely;

const idsOf = (db: Kysely<Database>): Promise<number[]> =>
  db.selectFrom("users").select("id").orderBy("id").execute()
    .then((rows) => rows.map(({ id }) => id));

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const rows: T[] = [];
  for await (const row of stream) rows.push(row);
  return rows;
}

onEveryDialect("a stream of an executor", (dialect) => {
  // One connection: a stream that kept it would leave none for the query after it.
  const test = (name: string, body: (world: World) => Promise<void>): void => {
    it(name, () => inWorld(dialect, body, { connections: 1 }));
  };
  const users = (db: Kysely<Database>) =>
    db.selectFrom("users as u").select("u.id").orderBy("u.id");

  test("gives visible rows only, whatever the size of its chunks", async ({ executor }) => {
    for (const size of [undefined, 1, 2, 100]) {
      const rows = await collect(users(executor).stream(size));
      assert.deepEqual(rows.map(({ id }) => id), [1, 2, 4]);
    }
    assert.deepEqual(await idsOf(executor), [1, 2, 4]);
  });

  test("gives its connection back where it is left early", async ({ executor }) => {
    for await (const { id } of users(executor).stream(1)) {
      assert.equal(id, 1);
      break;
    }
    assert.deepEqual(await idsOf(executor), [1, 2, 4]);
    await assert.rejects(async () => {
      for await (const _ of users(executor).stream(1)) throw new Error("inside the loop");
    }, /inside the loop/);
    assert.deepEqual(await idsOf(executor), [1, 2, 4]);
  });

  test("gives visible rows in a transaction, which can go on when it is left early", async ({ executor }) => {
    await executor.transaction().execute(async (trx) => {
      assert.deepEqual(await collect(users(trx).stream()), [{ id: 1 }, { id: 2 }, { id: 4 }]);
      for await (const _ of users(trx).stream(1)) break;
      assert.deepEqual(await idsOf(trx), [1, 2, 4]);
    });
    assert.deepEqual(await idsOf(executor), [1, 2, 4]);
  });

  test("of a handle under another view is refused where the query was compiled elsewhere", async ({ executor, db }) => {
    const foreign = db.selectFrom("users").select("id").compile();
    const stream = () => executor.getExecutor().stream(foreign, 10);
    await assert.rejects(async () => await collect(stream()), { name: "ForeignQueryError" });
    assert.deepEqual(await idsOf(executor), [1, 2, 4]);
  });

  test("comes past aroundQuery where it writes, and leaves nothing out", async ({ db }) => {
    const seen: string[] = [];
    const around: Plugin = {
      name: "around",
      version: "1.0.0",
      async aroundQuery(query, next) {
        const result = await next(query);
        seen.push(query.query.kind);
        return result;
      },
    };
    const executor = createExecutorSync(db, [hideDeleted, around]);
    if (dialect.dialect === "mysql") {
      // MySQL has no RETURNING for Kysely, so nothing of a write can be streamed.
      assert.deepEqual(await collect(users(executor).stream()), [{ id: 1 }, { id: 2 }, { id: 4 }]);
      return;
    }
    const removed = await collect(
      executor.deleteFrom("posts").where("user_id", "in", [1, 3]).returning("id").stream(),
    );
    assert.deepEqual(removed.map(({ id }) => id).sort(), [1, 3]);
    assert.deepEqual(seen, ["DeleteQueryNode"]);
    const added = await collect(
      executor.insertInto("tags").values({ id: 5, label: "five" }).returningAll().stream(),
    );
    assert.deepEqual(added, [{ id: 5, label: "five" }]);
    assert.deepEqual(seen, ["DeleteQueryNode", "InsertQueryNode"]);
  });

  it("comes past aroundStream, the first plugin outermost", async () => {
    const log: string[] = [];
    const layer = (name: string): Plugin => ({
      name,
      version: "1.0.0",
      async *aroundStream(query, next, scope) {
        log.push(`${name} ${query.query.kind} ${scope.dialect}`);
        try {
          for await (const { rows } of next(query)) yield { rows: rows.filter(({ id }) => id < 4) };
        } finally {
          log.push(`${name} ends`);
        }
      },
    });
    await inWorld(dialect, async ({ executor }) => {
      assert.deepEqual(await collect(users(executor).stream(10)), [{ id: 1 }, { id: 2 }]);
      const first = `SelectQueryNode ${dialect.dialect}`;
      assert.deepEqual(log.splice(0), [`a ${first}`, `b ${first}`, "b ends", "a ends"]);
      for await (const _ of users(executor).stream(1)) break;
      assert.deepEqual(log.slice(2).sort(), ["a ends", "b ends"]);
      assert.deepEqual(await idsOf(executor), [1, 2, 4]);
    }, { with: [hideDeleted, layer("a"), layer("b")], connections: 1 });
  });

  if (hasSignals) {
    test("ends by a signal and gives its connection back", async ({ executor }) => {
      const controller = new AbortController();
      const reason = new Error("enough");
      await assert.rejects(async () => {
        const stream = users(executor).stream({ chunkSize: 1, signal: controller.signal } as any);
        for await (const _ of stream) controller.abort(reason);
      }, (error) => error === reason || (error as Error).cause === reason);
      assert.deepEqual(await idsOf(executor), [1, 2, 4]);
    });
  }
}, ["sqlite", "postgres", "mysql"]);

onEveryDialect("a query of an executor with a signal", (dialect) => {
  if (!hasSignals) return;
  const around: Plugin = {
    name: "around",
    version: "1.0.0",
    aroundQuery: (query, next) => next(query),
  };
  for (
    const [name, plugins] of [["", [hideDeleted]], [" and aroundQuery", [
      hideDeleted,
      around,
    ]]] as const
  ) {
    const test = (title: string, body: (world: World) => Promise<void>): void => {
      it(`${title}${name && `, with a plugin round it`}`, () =>
        // A query is cancelled through another connection.
        inWorld(dialect, body, { with: plugins, connections: 2 }));
    };

    test("runs while the signal is quiet", async ({ executor }) => {
      const { signal } = new AbortController();
      const rows = await run(executor.selectFrom("users").select("id"), { signal });
      assert.equal(rows.length, 3);
    });

    test("does not run where the signal was raised before", async ({ executor, db }) => {
      const reason = new Error("too late");
      const query = executor.insertInto("tags").values({ id: 9, label: "nine" });
      await assert.rejects(
        run(query, { signal: AbortSignal.abort(reason) }),
        (error) => error === reason || (error as Error).cause === reason,
      );
      assert.deepEqual(await db.selectFrom("tags").select("id").where("id", "=", 9).execute(), []);
    });

    if (dialect.name === "postgres" || dialect.name === "mysql") {
      test("is given up while it runs, and cancelled in the database", async ({ executor, db }) => {
        const reason = new Error("enough");
        const controller = new AbortController();
        const timer = setTimeout(() => controller.abort(reason), 150);
        const start = performance.now();
        const pause = dialect.dialect === "mysql"
          ? kysely.sql<number>`sleep(5)`
          : kysely.sql<number>`1 from pg_sleep(5)`;
        await assert.rejects(
          run(executor.selectNoFrom(pause.as("n")), {
            signal: controller.signal,
            inflightQueryAbortStrategy: "cancel query",
          }),
          (error) => error === reason || (error as Error).cause === reason,
        );
        clearTimeout(timer);
        // Both connections are free again at once.
        await Promise.all([1, 2].map(() => db.selectFrom("tags").select("id").execute()));
        assert.ok(performance.now() - start < 4_000, "the query went on in the database");
      });
    }
  }
});
