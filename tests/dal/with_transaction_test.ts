import { BadRequestError } from "@kysera/core";
import {
  createContext,
  type DbContext,
  isInTransaction,
  SAVEPOINT_COUNTER_SYMBOL,
  TransactionCallbackError,
  withTransaction,
} from "@kysera/dal";
import { bindContext, getContext, getRawDb, isKyseraExecutor } from "@kysera/executor";
import { type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { type Database, hideDeleted, inWorld, type World } from "../executor/world.ts";
import { onEveryDialect } from "../support/matrix.ts";

type Handle = DbContext<Database> | Kysely<Database>;

const add = (context: { readonly db: Kysely<Database> }, id: number): Promise<unknown> =>
  context.db.insertInto("tags").values({ id, label: `tag ${id}` }).execute();
const tags = async (db: Kysely<Database>): Promise<number[]> =>
  (await db.selectFrom("tags").select("id").where("id", ">=", 10).orderBy("id").execute())
    .map(({ id }) => id);
const fail = (): never => {
  throw new Error("no");
};
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

onEveryDialect("withTransaction()", (dialect) => {
  const test = (name: string, body: (world: World) => Promise<void>): void => {
    it(name, () => inWorld(dialect, body));
  };

  test("commits, gives what its function gives, and keeps plugins and extras", async (world) => {
    const { executor, db } = world;
    const context = createContext(bindContext(executor, { who: "ada" }), { requestId: "r-1" });
    const seen = await withTransaction(context, async (tx) => {
      assert.equal(tx.isTransaction, true);
      assert.ok(isInTransaction(tx) && Object.isFrozen(tx) && isKyseraExecutor(tx.db));
      assert.deepEqual(getContext(tx.db), { who: "ada" });
      await add(tx, 10);
      const rows = await tx.db.selectFrom("users").select("id").orderBy("id").execute();
      return [tx.requestId, rows.map(({ id }) => id)];
    });
    assert.deepEqual(seen, ["r-1", [1, 2, 4]]);
    assert.deepEqual(await tags(db), [10]);
  });

  test("rolls back where its function throws, and throws the same", async ({ executor, db }) => {
    const failure = new Error("no");
    await assert.rejects(
      withTransaction(executor, async (tx) => {
        await add(tx, 10);
        throw failure;
      }),
      (error) => error === failure,
    );
    assert.deepEqual(await tags(db), []);
  });

  test("undoes at each depth what failed there, and no more", async ({ executor, db }) => {
    await withTransaction(executor, async (one) => {
      await add(one, 10);
      await withTransaction(one, async (two) => {
        await add(two, 11);
        await assert.rejects(
          withTransaction(two, async (three) => {
            assert.equal(three[SAVEPOINT_COUNTER_SYMBOL], 2);
            await add(three, 12);
            await withTransaction(three, async (four) => {
              await add(four, 13);
            });
            fail();
          }),
          /no/,
        );
        await withTransaction(two, (three) => add(three, 14));
      });
      await assert.rejects(withTransaction(one, async (two) => {
        await add(two, 15);
        await withTransaction(two, (three) => add(three, 16));
        fail();
      }));
    });
    assert.deepEqual(await tags(db), [10, 11, 14]);
  });

  const nestingPlaces: Readonly<
    Record<string, (world: World, run: (on: Handle) => Promise<void>) => Promise<unknown>>
  > = {
    "its own context": ({ executor }, run) => withTransaction(executor, (tx) => run(tx)),
    "the db of its context": ({ executor }, run) => withTransaction(executor, (tx) => run(tx.db)),
    "a transaction of plain Kysely": ({ db }, run) => db.transaction().execute(run),
    "a transaction of the executor": ({ executor }, run) => executor.transaction().execute(run),
    "a context of a transaction": ({ executor }, run) =>
      executor.transaction().execute((trx) => run(createContext(trx))),
    "a bound handle": ({ executor }, run) =>
      withTransaction(executor, (tx) => run(bindContext(tx.db, { who: "ada" }))),
    "a controlled transaction": async ({ executor }, run) => {
      const trx = await executor.startTransaction().execute();
      await run(trx).catch(async (error) => {
        await trx.rollback().execute();
        throw error;
      });
      await trx.commit().execute();
    },
    "an executor that holds a connection": ({ executor }, run) =>
      executor.connection().execute((connection) => withTransaction(connection, (tx) => run(tx))),
    "the way past the plugins": ({ executor }, run) =>
      withTransaction(executor, (tx) => run(getRawDb(tx.db))),
  };
  for (const [place, open] of Object.entries(nestingPlaces)) {
    test(`keeps apart what is nested at the same time in ${place}`, async (world) => {
      await open(world, async (on) => {
        const outcomes = await Promise.allSettled([
          withTransaction(on, async (tx) => {
            await add(tx, 20);
            await pause();
            fail();
          }),
          withTransaction(on, async (tx) => {
            await add(tx, 21);
            await withTransaction(tx.db, (inner) => add(inner, 22));
          }),
          pause().then(() =>
            withTransaction(on, async (tx) => {
              await add(tx, 23);
              await pause();
              fail();
            })
          ),
          pause().then(() => withTransaction(on, (tx) => add(tx, 24))),
        ]);
        assert.deepEqual(
          outcomes.map(({ status }) => status),
          ["rejected", "fulfilled", "rejected", "fulfilled"],
        );
      });
      assert.deepEqual(await tags(world.db), [21, 22, 24]);
    });
  }

  if (dialect.dialect === "postgres") {
    test("nests in a context of withSchema()", async ({ executor, db }) => {
      const [row] = (await sql<{ name: string }>`select current_schema() as name`.execute(db)).rows;
      await withTransaction(executor, async (tx) => {
        const context = createContext(tx.db.withSchema(row!.name));
        await assert.rejects(withTransaction(context, async (nested) => {
          await add(nested, 10);
          fail();
        }));
        await withTransaction(context, (nested) => add(nested, 11));
      });
      assert.deepEqual(await tags(db), [11]);
    });
  }

  test("waits for what its function left running", async ({ executor, db }) => {
    let late: Promise<void> | undefined;
    await withTransaction(executor, (tx) => {
      late = withTransaction(tx, async (nested) => {
        await pause();
        await add(nested, 10);
      });
    });
    await late;
    assert.deepEqual(await tags(db), [10]);
  });

  test("has no use for a context that has ended", async ({ executor, db }) => {
    const left = await withTransaction(executor, (tx) => tx);
    assert.throws(() => left.afterCommit(fail), /has ended/);
    await assert.rejects(withTransaction(left, () => 1), /has ended/);
    await assert.rejects(add(left, 10));
    assert.deepEqual(await tags(db), []);
  });

  test("runs callbacks after COMMIT, in their order, on a free connection", async (world) => {
    const { executor, db } = world;
    const log: string[] = [];
    await withTransaction(executor, async (tx) => {
      tx.afterCommit(async () => {
        log.push(`first sees ${await tags(db)}`);
      });
      tx.afterRollback(() => log.push("never"));
      await add(tx, 10);
      await withTransaction(tx, (nested) => {
        nested.afterCommit(() => log.push("nested"));
        nested.afterRollback(() => log.push("never"));
      });
      await withTransaction(tx, (nested) => {
        nested.afterCommit(() => log.push("never"));
        nested.afterRollback(() => log.push("undone"));
        fail();
      }).catch(() => log.push("caught"));
      tx.afterCommit(() => log.push("last"));
      log.push("done");
    });
    assert.deepEqual(log, ["undone", "caught", "done", "first sees 10", "nested", "last"]);
  });

  test("runs callbacks of the nested ones when the outer one is rolled back", async (world) => {
    const log: string[] = [];
    await assert.rejects(withTransaction(world.executor, async (tx) => {
      await withTransaction(tx, (nested) => {
        nested.afterCommit(() => log.push("never"));
        nested.afterRollback(() => log.push("nested"));
      });
      tx.afterRollback(() => log.push("outer"));
      fail();
    }));
    assert.deepEqual(log, ["nested", "outer"]);
  });

  test("tells of callbacks that throw the outcome of the transaction", async (world) => {
    const { executor, db } = world;
    let ran = false;
    const failure = new Error("Cannot publish");
    await assert.rejects(
      withTransaction(executor, async (tx) => {
        await add(tx, 10);
        tx.afterCommit(() => Promise.reject(failure));
        tx.afterCommit(() => ran = true);
        return "result";
      }),
      (error) => {
        assert.ok(error instanceof TransactionCallbackError);
        assert.equal(error.committed, true);
        assert.equal(error.result, "result");
        assert.deepEqual(error.errors, [failure]);
        return true;
      },
    );
    assert.ok(ran);
    assert.deepEqual(await tags(db), [10]);

    const reason = new Error("no");
    await assert.rejects(
      withTransaction(executor, (tx) => {
        tx.afterRollback(() => Promise.reject(failure));
        throw reason;
      }),
      (error) =>
        error instanceof TransactionCallbackError && !error.committed && error.cause === reason &&
        error.errors.length === 1,
    );
  });

  test("takes no callbacks where nobody tells when the transaction ends", async (world) => {
    await world.executor.transaction().execute((trx) =>
      withTransaction(trx, (tx) => {
        assert.throws(() => tx.afterCommit(fail), /begun elsewhere/);
        assert.throws(() => tx.afterRollback(fail), /begun elsewhere/);
      })
    );
  });

  test("does not begin where the signal is aborted already", async ({ executor }) => {
    const reason = new Error("gone");
    const signal = AbortSignal.abort(reason);
    let ran = false;
    const work = (): void => void (ran = true);
    const same = (error: unknown): boolean => error === reason;
    await assert.rejects(withTransaction(executor, work, { signal }), same);
    await assert.rejects(withTransaction(createContext(executor, { signal }), work), same);
    assert.equal(ran, false);
  });

  test("rolls back where the signal is aborted before COMMIT, not after", async (world) => {
    const { executor, db } = world;
    for (const own of [true, false]) {
      const controller = new AbortController();
      const context = createContext(executor, {
        signal: own ? controller.signal : new AbortController().signal,
      });
      const options = own ? {} : { signal: controller.signal };
      await assert.rejects(
        withTransaction(context, async (tx) => {
          await add(tx, 10);
          controller.abort(new Error("gone"));
          assert.ok(tx.signal?.aborted);
        }, options),
        /gone/,
      );
    }
    assert.deepEqual(await tags(db), []);
    const late = new AbortController();
    await withTransaction(executor, async (tx) => {
      await add(tx, 10);
      tx.afterCommit(() => late.abort());
    }, { signal: late.signal });
    assert.deepEqual(await tags(db), [10]);
  });

  test("undoes a nested one whose own signal is aborted", async ({ executor, db }) => {
    const controller = new AbortController();
    await withTransaction(executor, async (tx) => {
      await add(tx, 10);
      await assert.rejects(
        withTransaction(tx, async (nested) => {
          await add(nested, 11);
          controller.abort(new Error("gone"));
        }, { signal: controller.signal }),
        /gone/,
      );
    });
    assert.deepEqual(await tags(db), [10]);
  });

  test("refuses options that it does not know, or that come too late", async ({ executor }) => {
    const run = (options: unknown, on: Handle = executor): Promise<unknown> =>
      // The test is the treatment of options that the types refuse.
      withTransaction(on, () => 1, options as object);
    for (
      const options of [
        { isolation: "serializable" },
        { isolationLevel: "strict" },
        { accessMode: "write only" },
        { retry: 0 },
        { retry: 1.5 },
        { retry: "3" },
        { retry: null },
        { retry: { attempts: 2, delay: 5 } },
        { retry: { baseDelay: -1 } },
        { retry: { sleep: 5 } },
        null,
        5,
      ]
    ) await assert.rejects(run(options), /Cannot begin a transaction|invalid transaction/);
    await withTransaction(executor, async (tx) => {
      for (const options of [{ isolationLevel: "serializable" }, { retry: 2 }]) {
        await assert.rejects(run(options, tx), BadRequestError);
      }
    });
    await assert.rejects(withTransaction(executor, 5 as never), /not a function/);
    await assert.rejects(withTransaction(5 as never, () => 1), BadRequestError);
  });

  test("sets the access mode, for this transaction only", async ({ executor, db }) => {
    await assert.rejects(
      withTransaction(executor, (tx) => add(tx, 10), { accessMode: "read only" }),
    );
    assert.equal(
      await withTransaction(executor, async (tx) => (await tags(tx.db)).length, {
        accessMode: "read only",
      }),
      0,
    );
    await withTransaction(executor, (tx) => add(tx, 11), { accessMode: "read write" });
    assert.deepEqual(await tags(db), [11]);
  });

  if (dialect.dialect === "postgres") {
    test("sets the isolation level, as the database says", async ({ executor }) => {
      for (const isolationLevel of ["read committed", "repeatable read", "serializable"] as const) {
        const seen = await withTransaction(
          executor,
          (tx) =>
            sql<{ level: string }>`select current_setting('transaction_isolation') as level`
              .execute(tx.db),
          { isolationLevel },
        );
        assert.equal(seen.rows[0]?.level, isolationLevel);
      }
    });
  }

  if (dialect.name === "mysql") {
    it("sets the isolation level, as what it sees of others says", () =>
      inWorld(dialect, async ({ executor, db }) => {
        for (
          const [isolationLevel, seen] of [["read committed", 1], ["repeatable read", 0]] as const
        ) {
          await db.deleteFrom("tags").where("id", ">=", 10).execute();
          await withTransaction(executor, async (tx) => {
            assert.deepEqual(await tags(tx.db), []);
            await add({ db }, 10);
            assert.equal((await tags(tx.db)).length, seen);
          }, { isolationLevel });
        }
      }));
  }

  it("leaves no connection behind, whatever fails", () =>
    inWorld(dialect, async ({ executor, db }) => {
      // With one connection, a second one that is not given back would hang.
      for (let round = 0; round < 5; round++) {
        await withTransaction(executor, (tx) => add(tx, 10 + round));
        await assert.rejects(withTransaction(executor, (tx) => add(tx, 10)));
        await assert.rejects(withTransaction(executor, async (tx) => {
          await withTransaction(tx, fail);
        }));
        await assert.rejects(
          withTransaction(executor, () => 1, { isolationLevel: "nonsense" as never }),
        );
      }
      assert.equal((await tags(db)).length, 5);
    }, { connections: 1, with: [hideDeleted] }));
});
