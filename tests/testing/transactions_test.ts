import { createTransactionalQuery, withTransaction } from "@kysera/dal";
import { createExecutor } from "@kysera/executor";
import { createRepository } from "@kysera/repository";
import { softDelete, softDeletePlugin } from "@kysera/soft-delete";
import {
  assertRowExists,
  assertRowNotExists,
  countRows,
  inEachTest,
  inTransaction,
  snapshotTable,
  TestEscapedError,
  testInTransaction,
  testWithIsolation,
  testWithSavepoints,
} from "@kysera/testing";
import { type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { onEveryDialect } from "../support/matrix.ts";
import { add, alice, bob, type Database, openUsers } from "./_world.ts";

onEveryDialect("testInTransaction()", (dialect) => {
  it("rolls back what a test wrote, whether it passes or fails", async () => {
    const { db, close } = await openUsers(dialect);
    try {
      const result = await testInTransaction(db, async (trx) => {
        await add(trx, alice);
        await assertRowExists(trx, "users", { name: "Alice" });
        return 7;
      });
      assert.equal(result, 7);
      const failing = testInTransaction(db, async (trx) => {
        await add(trx, alice);
        throw new Error("no");
      });
      await assert.rejects(failing, { message: "no" });
      assert.equal(await countRows(db, "users"), 0);
    } finally {
      await close();
    }
  });

  it("lets the code under test commit and roll back transactions of its own", async () => {
    const { db, close } = await openUsers(dialect);
    try {
      await testInTransaction(db, async (trx, test) => {
        await test.db.transaction().execute((own) => add(own, alice));
        await assert.rejects(
          test.db.transaction().execute(async (own) => {
            await add(own, bob);
            throw new Error("no");
          }),
          { message: "no" },
        );
        await (trx as typeof db).transaction().execute((own) => add(own, { ...bob, id: 3 }));
        const controlled = await test.db.startTransaction().execute();
        await add(controlled, { ...bob, id: 4 });
        const saved = await controlled.savepoint("s").execute();
        await add(saved, { ...bob, id: 5 });
        await saved.rollbackToSavepoint("s").execute();
        await controlled.commit().execute();
        const rows = await trx.selectFrom("users").select("id").orderBy("id").execute();
        assert.deepEqual(rows.map(({ id }) => id), [1, 3, 4]);
      });
      assert.equal(await countRows(db, "users"), 0);
    } finally {
      await close();
    }
  });

  it("runs transactions one after the other that would run side by side", async () => {
    const { db, close } = await openUsers(dialect);
    try {
      await testInTransaction(db, async (trx, test) => {
        const outcomes = await Promise.allSettled(
          [1, 2, 3, 4].map((id) =>
            test.db.transaction().execute(async (own) => {
              await add(own, { ...alice, id });
              await new Promise((resolve) => setTimeout(resolve, 5));
              if (id % 2 === 0) throw new Error("even");
            })
          ),
        );
        assert.deepEqual(outcomes.map(({ status }) => status), [
          "fulfilled",
          "rejected",
          "fulfilled",
          "rejected",
        ]);
        assert.equal(await countRows(trx, "users"), 2);
      });
    } finally {
      await close();
    }
  });

  it("works with withTransaction(), which runs what waits for a commit", async () => {
    const { db, close } = await openUsers(dialect);
    try {
      const done: string[] = [];
      const rename = createTransactionalQuery((ctx, name: string) =>
        (ctx.db as typeof db).updateTable("users").set({ name }).execute()
      );
      await testInTransaction(db, async (trx, test) => {
        await add(trx, alice);
        await rename(trx, "Alicia");
        await withTransaction(test.db, async (ctx) => {
          ctx.afterCommit(() => void done.push("committed"));
          await rename(ctx, "Ally");
        });
        await assertRowExists(trx, "users", { name: "Ally" });
      });
      assert.deepEqual(done, ["committed"]);
    } finally {
      await close();
    }
  });

  it("collects what waits for the commit of its own transaction, and runs it when told", async () => {
    const { db, close } = await openUsers(dialect);
    try {
      await testInTransaction(db, async (trx, test) => {
        const done: string[] = [];
        await withTransaction(trx, async (ctx) => {
          ctx.afterCommit(() => void done.push("outer"));
          ctx.afterRollback(() => void done.push("rolled back"));
          await withTransaction(ctx, (nested) => {
            nested.afterCommit(() => void done.push("nested"));
            return Promise.resolve();
          });
        });
        await assert.rejects(withTransaction(trx, (ctx) => {
          ctx.afterCommit(() => void done.push("never"));
          return Promise.reject(new Error("no"));
        }));
        assert.deepEqual([test.pendingCallbacks, done], [2, []]);
        await test.runCallbacks();
        assert.deepEqual([test.pendingCallbacks, done], [0, ["outer", "nested"]]);
      });
    } finally {
      await close();
    }
  });

  it("keeps the plugins of an executor", async () => {
    const { db, close } = await openUsers(dialect);
    try {
      const executor = await createExecutor(db, [softDeletePlugin()]);
      await testInTransaction(executor, async (trx, test) => {
        await add(trx, alice);
        await softDelete(trx, "users", 1);
        assert.equal(await countRows(trx, "users"), 0);
        assert.equal(await countRows(test.db, "users"), 0);
        await test.db.transaction().execute(async (own) => {
          assert.equal(await countRows(own, "users"), 0);
        });
      });
    } finally {
      await close();
    }
  });

  it("fails where the code under test ends its transaction", async () => {
    const { db, close } = await openUsers(dialect);
    try {
      const endings = [sql`commit`, sql`rollback`];
      if (dialect.dialect === "mysql") endings.push(sql`create table implicit (id int)`);
      for (const ending of endings) {
        const escaping = async (trx: Kysely<Database>, error?: Error): Promise<void> => {
          await add(trx, alice);
          await ending.execute(trx);
          if (error !== undefined) throw error;
          await add(trx, bob);
        };
        const own = new Error("own");
        const tests: [() => Promise<unknown>, unknown?][] = [
          [() => testInTransaction(db, (trx) => escaping(trx))],
          [() => testInTransaction(db, (_, test) => escaping(test.db))],
          [() => testInTransaction(db, (trx) => escaping(trx, own)), own],
          [() => testWithSavepoints(db, (trx) => escaping(trx))],
        ];
        for (const [run, cause] of tests) {
          await assert.rejects(run, (error) => {
            assert.ok(error instanceof TestEscapedError, String(error));
            // On PostgreSQL the statement itself fails that ends the transaction.
            if (cause !== undefined && dialect.dialect !== "postgres") {
              assert.equal(error.cause, cause);
            }
            return true;
          });
          await db.deleteFrom("users").execute();
          await sql`drop table if exists implicit`.execute(db);
        }
      }
      // The connection is as it was.
      await testInTransaction(db, (trx) => add(trx, alice));
      assert.equal(await countRows(db, "users"), 0);
    } finally {
      await close();
    }
  });

  it("goes on after a statement that fails, as outside of transactions", async () => {
    const { db, close } = await openUsers(dialect);
    try {
      const executor = await createExecutor(db, []);
      for (const each of [db, executor]) {
        await testInTransaction(each, async (trx, test) => {
          for (const handle of [test.db, trx as Kysely<Database>]) {
            await handle.deleteFrom("users").execute();
            await add(handle, alice);
            await assert.rejects(add(handle, alice));
            const both = await Promise.allSettled([add(handle, alice), add(handle, bob)]);
            assert.deepEqual(both.map(({ status }) => status), ["rejected", "fulfilled"]);
            assert.equal(await countRows(handle, "users"), 2);
          }
          if (dialect.dialect !== "postgres") return;
          // A transaction of the code under test is aborted, as it would be elsewhere.
          await assert.rejects(
            test.db.transaction().execute(async (own) => {
              await add(own, alice).catch(() => {});
              await countRows(own, "users");
            }),
            { code: "25P02" },
          );
          assert.equal(await countRows(test.db, "users"), 2);
        });
      }
      assert.equal(await countRows(db, "users"), 0);
    } finally {
      await close();
    }
  });

  it("takes repositories into transactions of the code under test", async () => {
    const { db, close } = await openUsers(dialect);
    try {
      const executor = await createExecutor(db, [softDeletePlugin()]);
      const users = createRepository(executor, { tableName: "users" });
      await testInTransaction(executor, async (trx, test) => {
        await add(trx, alice);
        assert.equal(await withTransaction(trx, (tx) => users.withTransaction(tx).count()), 1);
        assert.equal(await withTransaction(test.db, (tx) => users.withTransaction(tx).count()), 1);
        assert.equal(
          await withTransaction(
            trx,
            (tx) => withTransaction(tx, (nested) => users.withTransaction(nested).count()),
          ),
          1,
        );
      });
    } finally {
      await close();
    }
  });

  it("refuses a transaction", async () => {
    const { db, close } = await openUsers(dialect);
    try {
      await db.transaction().execute(async (trx) => {
        await assert.rejects(testInTransaction(trx, async () => {}), { name: "TypeError" });
      });
    } finally {
      await close();
    }
  });
});

onEveryDialect("testInTransaction()", (dialect) => {
  it("checks what waits for COMMIT at the end of a test", async () => {
    const { db, close } = await openUsers(dialect, { connections: 1 });
    try {
      if (dialect.dialect === "sqlite") await sql`pragma foreign_keys = on`.execute(db);
      await sql`create table posts (author_id integer references users (id) deferrable initially deferred)`
        .execute(db);
      const orphan = testInTransaction(db, async (trx) => {
        await sql`insert into posts values (7)`.execute(trx);
      });
      await assert.rejects(orphan, /foreign key/i);
      await testInTransaction(db, async (trx) => {
        await sql`insert into posts values (1)`.execute(trx);
        await add(trx, alice);
      });
      // A COMMIT of the code under test looks at once.
      await testInTransaction(db, async (_, test) => {
        await assert.rejects(
          test.db.transaction().execute((own) => sql`insert into posts values (7)`.execute(own)),
          /foreign key/i,
        );
      });
    } finally {
      await close();
    }
  });
}, ["sqlite", "pglite", "postgres"]);

onEveryDialect("testWithIsolation()", (dialect) => {
  it("sets the isolation level", async () => {
    const { db, close } = await openUsers(dialect);
    try {
      await testWithIsolation(db, "serializable", async (trx) => {
        const { rows: [row] } = dialect.dialect === "postgres"
          ? await sql<{ level: string }>`select current_setting('transaction_isolation') as level`
            .execute(trx)
          : { rows: [{ level: "serializable" }] };
        assert.equal(row?.level, "serializable");
        await add(trx, alice);
      });
      assert.equal(await countRows(db, "users"), 0);
    } finally {
      await close();
    }
  });
}, ["pglite", "postgres", "mysql"]);

onEveryDialect("testWithSavepoints()", (dialect) => {
  it("brings a saved state back, as often as it is asked", async () => {
    const { db, close } = await openUsers(dialect);
    try {
      await testWithSavepoints(db, async (trx, { save }) => {
        await add(trx, alice);
        const restore = await save();
        const before = await snapshotTable(trx, "users");
        for (let i = 0; i < 2; i++) {
          await add(trx, bob);
          await restore();
          assert.deepEqual(await snapshotTable(trx, "users"), before);
        }
        await assertRowNotExists(trx, "users", { name: "Bob" });
      });
    } finally {
      await close();
    }
  });
});

onEveryDialect("inEachTest()", (dialect) => {
  describe("a file of tests", () => {
    let world: Awaited<ReturnType<typeof openUsers>>;
    const test = inEachTest<Database>({
      beforeEach,
      afterEach: (fn) => {
        afterEach(async () => {
          await fn();
          assert.equal(await countRows(world.db, "users"), 0);
          await world.close();
        });
      },
    }, async () => (world = await openUsers(dialect)).db);
    for (const user of [alice, bob]) {
      it(`begins with ${user.name} alone`, async () => {
        await add(test.trx, user);
        await assertRowExists(test.db, "users", { name: user.name });
        assert.equal(await countRows(test.trx, "users"), 1);
      });
    }
  });

  it("is of no use outside of a test", () => {
    const test = inEachTest({ beforeEach() {}, afterEach() {} }, () => {
      throw new Error("not asked");
    });
    assert.throws(() => test.trx, /outside of a test/);
  });

  it("has a form for runners that take a function", async () => {
    const { db, close } = await openUsers(dialect);
    try {
      await inTransaction(() => db, async (trx) => {
        await add(trx, alice);
      })();
      assert.equal(await countRows(db, "users"), 0);
    } finally {
      await close();
    }
  });
});
