import {
  bindContext,
  getContext,
  getRawDb,
  isKyseraExecutor,
  wrapTransaction,
} from "@kysera/executor";
import { type Kysely, sql, type Transaction } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect } from "../support/matrix.ts";
import { type Database, hideDeleted, inWorld, type World } from "./world.ts";

const ids = async (db: Kysely<Database>, table: "users" | "posts" = "users"): Promise<number[]> =>
  (await db.selectFrom(table).select("id").orderBy("id").execute()).map(({ id }) => id);
const tag = (id: number): Database["tags"] => ({ id, label: `tag ${id}` });
const tags = async (db: Kysely<Database>): Promise<number[]> =>
  (await db.selectFrom("tags").select("id").where("id", ">=", 10).orderBy("id").execute())
    .map(({ id }) => id);

onEveryDialect("a transaction of an executor", (dialect) => {
  const test = (name: string, body: (world: World) => Promise<void>): void => {
    it(name, () => inWorld(dialect, body));
  };

  test("is guarded, commits, and gives what its callback gives", async ({ executor, db }) => {
    const seen = await executor.transaction().execute(async (trx) => {
      assert.equal(trx.isTransaction, true);
      assert.ok(isKyseraExecutor(trx));
      await trx.insertInto("tags").values(tag(10)).execute();
      return await ids(trx);
    });
    assert.deepEqual(seen, [1, 2, 4]);
    assert.deepEqual(await tags(db), [10]);
  });

  test("rolls back where its callback throws", async ({ executor, db }) => {
    const failure = new Error("no");
    await assert.rejects(
      executor.transaction().execute(async (trx) => {
        await trx.insertInto("tags").values(tag(10)).execute();
        throw failure;
      }),
      (error) => error === failure,
    );
    assert.deepEqual(await tags(db), []);
  });

  test("rolls back where a query in it is refused", async ({ executor, db }) => {
    await assert.rejects(
      executor.transaction().execute(async (trx) => {
        await trx.insertInto("tags").values(tag(10)).execute();
        await sql`truncate users`.execute(trx);
      }),
      /Cannot truncate table "users"/,
    );
    assert.deepEqual(await tags(db), []);
  });

  if (dialect.dialect !== "sqlite") {
    test("takes an isolation level and an access mode", async ({ executor }) => {
      for (const level of ["read committed", "repeatable read", "serializable"] as const) {
        const seen = await executor.transaction().setIsolationLevel(level).execute(ids);
        assert.deepEqual(seen, [1, 2, 4]);
      }
      const readOnly = executor.transaction().setAccessMode("read only");
      assert.deepEqual(await readOnly.execute(ids), [1, 2, 4]);
      await assert.rejects(
        readOnly.execute((trx) => trx.insertInto("tags").values(tag(10)).execute()),
        /read.only/i,
      );
      if (dialect.dialect === "postgres") {
        const { level } = await executor.transaction().setIsolationLevel("serializable").execute(
          (trx) =>
            trx.selectNoFrom(sql<string>`current_setting('transaction_isolation')`.as("level"))
              .executeTakeFirstOrThrow(),
        );
        assert.equal(level, "serializable");
      }
      const trx = await executor.startTransaction().setAccessMode("read only").execute();
      assert.deepEqual(await ids(trx), [1, 2, 4]);
      await trx.commit().execute();
    });
  }

  test("can be controlled by hand: committed, and rolled back", async ({ executor, db }) => {
    const first = await executor.startTransaction().execute();
    assert.ok(isKyseraExecutor(first));
    assert.deepEqual(await ids(first), [1, 2, 4]);
    await first.insertInto("tags").values(tag(10)).execute();
    await first.commit().execute();
    const second = await executor.startTransaction().execute();
    await second.insertInto("tags").values(tag(11)).execute();
    await second.rollback().execute();
    assert.equal(first.isCommitted, true);
    assert.equal(second.isRolledBack, true);
    assert.deepEqual(await tags(db), [10]);
    await assert.rejects(ids(second));
  });

  test("has savepoints, whose handles are guarded", async ({ executor, db }) => {
    const trx = await executor.startTransaction().execute();
    await trx.insertInto("tags").values(tag(10)).execute();
    const a = await trx.savepoint("a").execute();
    assert.ok(isKyseraExecutor(a));
    assert.deepEqual(await ids(a), [1, 2, 4]);
    await a.insertInto("tags").values(tag(11)).execute();
    const b = await a.savepoint("b").execute();
    await b.insertInto("tags").values(tag(12)).execute();
    const again = await b.rollbackToSavepoint("b").execute();
    assert.deepEqual(await tags(again), [10, 11]);
    assert.deepEqual(await ids(again), [1, 2, 4]);
    await again.insertInto("tags").values(tag(13)).execute();
    await again.releaseSavepoint("a").execute();
    await trx.commit().execute();
    assert.deepEqual(await tags(db), [10, 11, 13]);
  });

  test("keeps the plugins under withSchema(), withPlugin() and withoutPlugins()", async ({ executor }) => {
    const nothing = {
      transformQuery: ({ node }: { node: any }) => node,
      transformResult: ({ result }: { result: any }) => Promise.resolve(result),
    };
    await executor.transaction().execute(async (trx) => {
      for (const handle of [trx.withPlugin(nothing), trx.withoutPlugins()]) {
        assert.equal(handle.isTransaction, true);
        assert.deepEqual(await ids(handle), [1, 2, 4]);
      }
    });
  });

  test("has the context of its executor, and takes another one", async ({ executor }) => {
    const bound = bindContext(executor, { tenant: 1 });
    await bound.transaction().execute(async (trx) => {
      assert.deepEqual(getContext(trx), { tenant: 1 });
      const other = bindContext(trx, { tenant: 2 });
      assert.deepEqual(getContext(other), { tenant: 2 });
      assert.deepEqual(await ids(other), [1, 2, 4]);
      await other.insertInto("tags").values(tag(10)).execute();
      assert.deepEqual(await tags(trx), [10]);
    });
  });

  test("gives by getRawDb() the same transaction without the plugins", async ({ executor, db }) => {
    const failure = new Error("roll back");
    const start = executor.transaction().execute(async (trx) => {
      const raw = getRawDb(trx);
      assert.equal(raw.isTransaction, true);
      assert.equal(isKyseraExecutor(raw), false);
      await trx.insertInto("tags").values(tag(10)).execute();
      assert.deepEqual(await tags(raw), [10], "it sees what the transaction wrote");
      assert.deepEqual(await ids(raw), [1, 2, 3, 4]);
      await raw.insertInto("tags").values(tag(11)).execute();
      assert.deepEqual(await tags(trx), [10, 11]);
      throw failure;
    });
    await assert.rejects(start, (error) => error === failure);
    assert.deepEqual(await tags(db), []);

    const trx = await executor.startTransaction().execute();
    const savepoint: Transaction<Database> = await trx.savepoint("a").execute();
    await getRawDb(savepoint).insertInto("tags").values(tag(12)).execute();
    await trx.rollback().execute();
    assert.deepEqual(await tags(db), []);
  });

  test("can be given its plugins afterwards, by wrapTransaction()", async ({ executor, db }) => {
    await assert.rejects(
      db.transaction().execute(async (trx) => {
        for (
          const wrapped of [wrapTransaction(trx, executor), wrapTransaction(trx, [hideDeleted])]
        ) {
          assert.deepEqual(await ids(wrapped), [1, 2, 4]);
          const id = 10 + (await tags(wrapped)).length;
          await wrapped.insertInto("tags").values(tag(id)).execute();
        }
        assert.deepEqual(await tags(trx), [10, 11]);
        assert.deepEqual(await ids(trx), [1, 2, 3, 4]);
        throw new Error("roll back");
      }),
      /roll back/,
    );
    assert.deepEqual(await tags(db), []);
  });

  test("runs inside connection(), on that connection", async ({ executor, db }) => {
    await executor.connection().execute(async (connection) => {
      await connection.transaction().execute(async (trx) => {
        await trx.insertInto("tags").values(tag(10)).execute();
        assert.deepEqual(await ids(trx), [1, 2, 4]);
      });
      assert.deepEqual(await tags(connection), [10]);
    });
    assert.deepEqual(await tags(db), [10]);
  });

  test("can be nothing but ended: it begins no other", async ({ executor }) => {
    await executor.transaction().execute((trx) => {
      const begin = (trx as Kysely<Database>).transaction;
      assert.throws(() => begin.call(trx));
      return Promise.resolve();
    });
  });
});
