import {
  bindContext,
  createExecutor,
  destroyExecutor,
  ExecutorDestroyedError,
  ExecutorError,
  getRawDb,
  withMetadata,
  wrapTransaction,
} from "@kysera/executor";
import type { Plugin } from "@kysera/executor";
import { type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dummy } from "../../tests/executor/dummy.ts";

function mortal(name: string, calls: string[], failure?: unknown): Plugin {
  return {
    name,
    version: "1.0.0",
    async onDestroy() {
      await Promise.resolve();
      calls.push(name);
      if (failure !== undefined) throw failure;
    },
  };
}

describe("destroyExecutor()", () => {
  it("calls every onDestroy, the last plugin's first, and waits for each", async () => {
    const calls: string[] = [];
    const executor = await createExecutor(dummy(), [
      mortal("low", calls),
      { ...mortal("high", calls), priority: 1 },
      mortal("lower", calls),
    ]);
    await destroyExecutor(executor);
    assert.deepEqual(calls, ["lower", "low", "high"]);
  });

  it("calls them all where some throw, and gathers what they threw", async () => {
    const calls: string[] = [];
    const failure = new Error("cannot close");
    const executor = await createExecutor(dummy(), [
      mortal("a", calls, "a string"),
      mortal("b", calls),
      mortal("c", calls, failure),
    ]);
    await assert.rejects(destroyExecutor(executor), (error) => {
      assert.ok(error instanceof AggregateError);
      assert.match(error.message, /Cannot destroy 2 of the executor's plugins/);
      assert.deepEqual(error.errors, [failure, "a string"]);
      return true;
    });
    assert.deepEqual(calls, ["c", "b", "a"]);
    assert.throws(() => executor.selectFrom("users").compile(), ExecutorDestroyedError);
  });

  it("does nothing a second time, whichever handle asks", async () => {
    const calls: string[] = [];
    const executor = await createExecutor(dummy(), [mortal("a", calls, new Error("once"))]);
    await assert.rejects(destroyExecutor(executor), AggregateError);
    await destroyExecutor(executor);
    await destroyExecutor(bindContext(executor, {}));
    await Promise.all([destroyExecutor(executor), destroyExecutor(executor)]);
    assert.deepEqual(calls, ["a"]);
  });

  it("calls each once where two callers destroy at the same time", async () => {
    const calls: string[] = [];
    const executor = await createExecutor(dummy(), [mortal("a", calls)]);
    await Promise.all([destroyExecutor(executor), destroyExecutor(executor)]);
    assert.deepEqual(calls, ["a"]);
  });

  it("can be called through any instance of the executor", async () => {
    for (
      const handle of [
        (db: Kysely<any>) => db.withSchema("other"),
        (db: Kysely<any>) => bindContext(db, { tenant: 1 }),
        (db: Kysely<any>) => withMetadata(db, { includeDeleted: true }),
        (db: Kysely<any>) => db.withoutPlugins(),
      ]
    ) {
      const calls: string[] = [];
      const executor = await createExecutor(dummy(), [mortal("a", calls)]);
      await destroyExecutor(handle(executor));
      assert.deepEqual(calls, ["a"]);
      assert.throws(() => executor.selectFrom("users").compile(), ExecutorDestroyedError);
    }
  });

  it("leaves the database open", async () => {
    const db = dummy();
    const executor = await createExecutor(db, []);
    await destroyExecutor(executor);
    assert.deepEqual(await db.selectFrom("users").selectAll().execute(), []);
    assert.deepEqual(await getRawDb(executor).selectFrom("users").selectAll().execute(), []);
  });

  it("refuses what is not an executor", async () => {
    for (const value of [dummy(), undefined, null, {}, 5]) {
      await assert.rejects(
        destroyExecutor(value as Kysely<any>),
        (error) =>
          error instanceof ExecutorError && error.code === "NOT_AN_EXECUTOR" &&
          /Cannot destroy the executor.*createExecutor\(db, plugins\)/.test(error.message),
      );
    }
  });

  describe("afterwards", () => {
    const handles: Record<string, (db: Kysely<any>) => Kysely<any>> = {
      "the executor": (db) => db,
      "a handle of withSchema": (db) => db.withSchema("other"),
      "a handle of withoutPlugins": (db) => db.withoutPlugins(),
      "a handle with a context": (db) => bindContext(db, { tenant: 1 }),
      "a handle with flags": (db) => withMetadata(db, { includeDeleted: true }),
    };
    for (const [name, make] of Object.entries(handles)) {
      it(`${name} that was made before refuses to build, run and stream`, async () => {
        const executor = await createExecutor(dummy(), []);
        const handle = make(executor);
        const query = handle.selectFrom("users").selectAll();
        const compiled = query.compile();
        await destroyExecutor(executor);

        assert.throws(() => query.compile(), ExecutorDestroyedError);
        assert.throws(() => handle.deleteFrom("users").compile(), ExecutorDestroyedError);
        await assert.rejects(query.execute(), ExecutorDestroyedError);
        await assert.rejects(handle.executeQuery(compiled), ExecutorDestroyedError);
        await assert.rejects(query.stream().next(), ExecutorDestroyedError);
        await assert.rejects(sql`select 1`.execute(handle), ExecutorDestroyedError);
        await assert.rejects(
          handle.schema.createTable("t").addColumn("n", "integer").execute(),
          ExecutorDestroyedError,
        );
        await assert.rejects(
          handle.connection().execute((db) => db.selectFrom("users").selectAll().execute()),
          ExecutorDestroyedError,
        );
        await assert.rejects(
          handle.transaction().execute((trx) => trx.selectFrom("users").selectAll().execute()),
          ExecutorDestroyedError,
        );
      });
      it(`${name} that is made afterwards refuses as well`, async () => {
        const executor = await createExecutor(dummy(), []);
        await destroyExecutor(executor);
        assert.throws(
          () => make(executor).selectFrom("users").compile(),
          ExecutorDestroyedError,
        );
      });
    }

    it("a transaction that is open refuses to go on", async () => {
      const executor = await createExecutor(dummy(), []);
      await executor.transaction().execute(async (trx) => {
        await destroyExecutor(executor);
        await assert.rejects(trx.selectFrom("users").selectAll().execute(), ExecutorDestroyedError);
      });
    });

    it("a controlled transaction refuses queries, but can be rolled back", async () => {
      const executor = await createExecutor(dummy(), []);
      const trx = await executor.startTransaction().execute();
      await destroyExecutor(executor);
      await assert.rejects(trx.selectFrom("users").selectAll().execute(), ExecutorDestroyedError);
      await trx.rollback().execute();
      assert.equal(trx.isRolledBack, true);
    });

    it("a transaction that was wrapped with the executor refuses as well", async () => {
      const db = dummy();
      const executor = await createExecutor(db, []);
      await db.transaction().execute(async (trx) => {
        const wrapped = wrapTransaction(trx, executor);
        await destroyExecutor(executor);
        assert.throws(() => wrapped.selectFrom("users").compile(), ExecutorDestroyedError);
        await trx.selectFrom("users").selectAll().execute();
      });
    });

    it("the error says what to do, and has a stable code", async () => {
      const executor = await createExecutor(dummy(), []);
      await destroyExecutor(executor);
      assert.throws(() => executor.selectFrom("users").compile(), (error) => {
        assert.ok(error instanceof ExecutorDestroyedError && error instanceof ExecutorError);
        assert.equal(error.code, "EXECUTOR_DESTROYED");
        assert.equal(error.name, "ExecutorDestroyedError");
        assert.match(error.message, /createExecutor\(\)/);
        return true;
      });
    });
  });
});
