import { DeadlockError, parseDatabaseError, SerializationError } from "@kysera/core";
import { CommitUnknownError, createContext, withTransaction } from "@kysera/dal";
import { type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { type Database, inWorld, type World } from "../executor/world.ts";
import { onEveryDialect } from "../support/matrix.ts";

const add = (db: Kysely<Database>, id: number): Promise<unknown> =>
  db.insertInto("tags").values({ id, label: `tag ${id}` }).execute();
const relabel = (db: Kysely<Database>, id: number, label: string): Promise<unknown> =>
  db.updateTable("tags").set({ label }).where("id", "=", id).execute();
const labels = async (db: Kysely<Database>): Promise<string[]> =>
  (await db.selectFrom("tags").select("label").where("id", ">=", 10).orderBy("id").execute())
    .map(({ label }) => label);

/** A place where two wait for each other, once: the second attempt goes through. */
function meeting(): () => Promise<void> {
  let arrived = 0;
  let open!: () => void;
  const met = new Promise<void>((resolve) => open = resolve);
  return async () => {
    if (++arrived === 2) open();
    if (arrived <= 2) await met;
  };
}

/** What PostgreSQL and MySQL call a serialization failure and a deadlock, as their drivers throw. */
const RETRYABLE: Readonly<Record<string, () => Error>> = {
  postgres: () => Object.assign(new Error("could not serialize access"), { code: "40001" }),
  mysql: () =>
    Object.assign(new Error("Deadlock found"), {
      code: "ER_LOCK_DEADLOCK",
      errno: 1213,
      sqlState: "40001",
    }),
  sqlite: () =>
    Object.assign(new Error("database is locked"), { code: "ERR_SQLITE_ERROR", errcode: 517 }),
};

onEveryDialect("withTransaction({ retry })", (dialect) => {
  const test = (name: string, body: (world: World) => Promise<void>): void => {
    it(name, () => inWorld(dialect, body));
  };
  const retryable = RETRYABLE[dialect.dialect]!;

  test("runs the whole transaction again, after a wait with jitter", async ({ executor, db }) => {
    const waits: number[] = [];
    const log: string[] = [];
    let attempt = 0;
    const result = await withTransaction(executor, async (tx) => {
      const mine = ++attempt;
      tx.afterCommit(() => log.push(`committed ${mine}`));
      tx.afterRollback(() => log.push(`rolled back ${mine}`));
      await add(tx.db, 9 + mine);
      if (mine < 4) throw retryable();
      return mine;
    }, {
      retry: {
        attempts: 4,
        baseDelay: 100,
        maxDelay: 300,
        random: () => 0.5,
        sleep: (ms) => {
          waits.push(ms);
          return Promise.resolve();
        },
      },
    });
    assert.equal(result, 4);
    assert.deepEqual(waits, [50, 100, 150]);
    assert.deepEqual(log, ["rolled back 1", "rolled back 2", "rolled back 3", "committed 4"]);
    assert.deepEqual(await labels(db), ["tag 13"]);
  });

  test("does not retry without being asked, other errors, or a query alone", async ({ executor }) => {
    const sleep = (): Promise<void> => Promise.reject(new Error("It slept"));
    for (
      const [options, error] of [
        [{}, retryable()],
        [{ retry: { attempts: 5, sleep } }, new Error("no")],
        [{ retry: { attempts: 1, sleep } }, retryable()],
        [{ retry: { deadline: 0, sleep } }, retryable()],
      ] as const
    ) {
      let runs = 0;
      await assert.rejects(
        withTransaction(executor, () => {
          runs++;
          throw error;
        }, options),
        (thrown) => thrown === error,
      );
      assert.equal(runs, 1);
    }
  });

  test("ends with the last attempt's error, and stops waiting when aborted", async (world) => {
    let runs = 0;
    await assert.rejects(
      withTransaction(world.executor, () => {
        runs++;
        throw Object.assign(retryable(), { run: runs });
      }, { retry: { attempts: 3, baseDelay: 1 } }),
      (error: { run?: number }) => error.run === 3,
    );
    const controller = new AbortController();
    const started = performance.now();
    await assert.rejects(
      withTransaction(createContext(world.executor, { signal: controller.signal }), () => {
        setTimeout(() => controller.abort(new Error("gone")), 5);
        throw retryable();
      }, { retry: { baseDelay: 60_000, maxDelay: 60_000, deadline: 120_000, random: () => 0.9 } }),
      /gone/,
    );
    assert.ok(performance.now() - started < 20_000);
  });
});

onEveryDialect("withTransaction({ retry }) where transactions really meet", (dialect) => {
  it("gets both through after a deadlock", () =>
    inWorld(dialect, async ({ executor, db }) => {
      await add(db, 10);
      await add(db, 11);
      const meet = meeting();
      let runs = 0;
      const failures: unknown[] = [];
      const swap = (first: number, second: number): Promise<void> =>
        withTransaction(executor, async (tx) => {
          runs++;
          try {
            await relabel(tx.db, first, `by ${first}`);
            await meet();
            await relabel(tx.db, second, `by ${first}`);
          } catch (error) {
            failures.push(error);
            throw error;
          }
        }, { retry: 5 });
      await Promise.all([swap(10, 11), swap(11, 10)]);
      assert.equal(runs, 3);
      assert.ok(parseDatabaseError(failures[0], dialect.dialect) instanceof DeadlockError);
      const [one, other] = await labels(db);
      assert.equal(one, other);
    }));

  it("retries a deadlock inside a nested transaction as a whole", () =>
    inWorld(dialect, async ({ executor, db }) => {
      await add(db, 10);
      await add(db, 11);
      const meet = meeting();
      let runs = 0;
      const swap = (first: number, second: number): Promise<void> =>
        withTransaction(executor, async (tx) => {
          const id = 20 + runs++;
          await add(tx.db, id);
          await relabel(tx.db, first, `by ${first}`);
          await withTransaction(tx, async (nested) => {
            await meet();
            await relabel(nested.db, second, `by ${first}`);
          });
        }, { retry: 5 });
      await Promise.all([swap(10, 11), swap(11, 10)]);
      assert.equal(runs, 3);
      // Of the victim's first attempt nothing is left: two of the three rows.
      assert.equal((await labels(db)).length, 4);
    }));
}, ["postgres", "mysql"]);

onEveryDialect("withTransaction() where MySQL has ended it at a deadlock", (dialect) => {
  it("does not go on as if the nested failure had been only that", () =>
    inWorld(dialect, async ({ executor, db }) => {
      await add(db, 10);
      await add(db, 11);
      const meet = meeting();
      const swap = (first: number, second: number): Promise<string> =>
        withTransaction(executor, async (tx) => {
          await relabel(tx.db, first, `by ${first}`);
          await withTransaction(tx, async (nested) => {
            await meet();
            await relabel(nested.db, second, `by ${first}`);
          }).catch(() => {});
          return "done";
        });
      const outcomes = await Promise.allSettled([swap(10, 11), swap(11, 10)]);
      const failed = outcomes.filter(({ status }) => status === "rejected");
      assert.equal(failed.length, 1);
      const [one, other] = await labels(db);
      assert.equal(one, other);
    }));
}, ["mysql"]);

onEveryDialect("withTransaction({ retry }) on PostgreSQL", (dialect) => {
  it("gets write skew through, also where only COMMIT finds it", () =>
    inWorld(dialect, async ({ executor, db }) => {
      const meet = meeting();
      let runs = 0;
      const count = (id: number): Promise<void> =>
        withTransaction(executor, async (tx) => {
          runs++;
          const before = (await labels(tx.db)).length;
          await meet();
          await tx.db.insertInto("tags").values({ id, label: `saw ${before}` }).execute();
          // Both have written before the first commits.
          await new Promise((resolve) => setTimeout(resolve, 30));
        }, { isolationLevel: "serializable", retry: 5 });
      await Promise.all([count(10), count(11)]);
      assert.equal(runs, 3);
      assert.deepEqual((await labels(db)).toSorted(), ["saw 0", "saw 1"]);
    }));

  it("without retry throws what PostgreSQL found", () =>
    inWorld(dialect, async ({ executor }) => {
      const meet = meeting();
      const count = (id: number): Promise<void> =>
        withTransaction(executor, async (tx) => {
          await labels(tx.db);
          await meet();
          await add(tx.db, id);
          await new Promise((resolve) => setTimeout(resolve, 30));
        }, { isolationLevel: "serializable" });
      const [failed, ...more] = (await Promise.allSettled([count(10), count(11)]))
        .filter((outcome) => outcome.status === "rejected");
      assert.ok(parseDatabaseError(failed?.reason, "postgres") instanceof SerializationError);
      assert.equal(more.length, 0);
    }));

  it("takes a deferred constraint that fails at COMMIT for what it is", () =>
    inWorld(dialect, async ({ executor, db }) => {
      await sql`create table parents (id int primary key)`.execute(db);
      await sql`create table children (
        parent int references parents deferrable initially deferred
      )`.execute(db);
      let undone = false;
      await assert.rejects(
        withTransaction(executor, async (tx) => {
          tx.afterRollback(() => undone = true);
          await sql`insert into children values (1)`.execute(tx.db);
        }, { retry: 3 }),
        (error) =>
          !(error instanceof CommitUnknownError) &&
          parseDatabaseError(error, "postgres").sqlState === "23503",
      );
      assert.ok(undone);
    }));

  it("retries a serialization failure that comes of COMMIT itself", () =>
    inWorld(dialect, async ({ executor, db }) => {
      await sql`create sequence attempts`.execute(db);
      await sql`create function fail_once() returns trigger language plpgsql as $$ begin
        if nextval('attempts') = 1 then raise exception 'once' using errcode = '40001'; end if;
        return null;
      end $$`.execute(db);
      await sql`create constraint trigger once after insert on tags deferrable initially deferred
        for each row execute function fail_once()`.execute(db);
      let runs = 0;
      await withTransaction(executor, async (tx) => {
        runs++;
        await add(tx.db, 10);
      }, { retry: { baseDelay: 1 } });
      assert.equal(runs, 2);
      assert.deepEqual(await labels(db), ["tag 10"]);
    }));

  it("does not call a transaction committed that PostgreSQL rolled back at COMMIT", () =>
    inWorld(dialect, async ({ executor, db }) => {
      let committed = false;
      await assert.rejects(
        withTransaction(executor, async (tx) => {
          tx.afterCommit(() => committed = true);
          await add(tx.db, 10);
          await add(tx.db, 10).catch(() => {});
        }),
        (error) => !(error instanceof CommitUnknownError),
      );
      assert.equal(committed, false);
      assert.deepEqual(await labels(db), []);
    }));
}, ["postgres"]);
