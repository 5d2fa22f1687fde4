/** Transactions that meet others for a lock: on one file of SQLite, and on servers. */
import { auditPlugin, getAuditLogs } from "@kysera/audit";
import { LockTimeoutError, parseDatabaseError } from "@kysera/core";
import { type TransactionOptions, withTransaction } from "@kysera/dal";
import { nodeSqliteDialect } from "@kysera/dialects";
import { createExecutor, inWriteTransaction, type Plugin } from "@kysera/executor";
import { type Dialect, Kysely, sql, SqliteDialect } from "kysely";
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Worker } from "node:worker_threads";
import { DatabaseSync } from "node:sqlite";
import { matrix, onEveryDialect } from "../support/matrix.ts";
import { type Counter, countUp, dialectOf } from "./_sqlite_writer.ts";

const [sqlite] = matrix;

async function onFile(
  body: (open: (dialect?: Dialect) => Kysely<Counter>, file: string) => Promise<void>,
  mode: "wal" | "delete" = "wal",
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "kysera-"));
  const opened: Kysely<any>[] = [];
  try {
    const file = join(directory, "test.db");
    const database = new DatabaseSync(file);
    database.exec(`pragma journal_mode = ${mode}`);
    database.exec("create table c (id integer primary key, n int); insert into c values (1, 0)");
    database.close();
    await body((dialect = dialectOf(file)) => {
      const db = new Kysely<Counter>({ dialect });
      opened.push(db);
      return db;
    }, file);
  } finally {
    for (const db of opened) await db.destroy();
    await rm(directory, { recursive: true });
  }
}

const count = async (db: Kysely<Counter>): Promise<number> =>
  (await db.selectFrom("c").select("n").executeTakeFirstOrThrow()).n;

describe("writers of one file of SQLite", { skip: sqlite?.skip ?? false }, () => {
  for (const options of [{}, { mode: "immediate" }, { mode: "exclusive" }] as const) {
    it(`wait for each other: ${JSON.stringify(options)}`, () =>
      onFile(async (open) => {
        const [a, b] = [open(), open()];
        let began!: () => void;
        const hasBegun = new Promise<void>((resolve) => began = resolve);
        let end!: () => void;
        const mayEnd = new Promise<void>((resolve) => end = resolve);
        const first = withTransaction(b, async (tx) => {
          await countUp(tx.db);
          began();
          await mayEnd;
        }, options);
        await hasBegun;
        let tries = 0;
        const second = withTransaction(a, async (tx) => {
          tries++;
          await countUp(tx.db);
        }, options);
        // The program goes on while it waits.
        setTimeout(end, 20);
        await Promise.all([first, second]);
        assert.equal(tries, 1);
        assert.equal(await count(a), 2);
      }));
  }

  it("in several threads lose nothing, in either mode of the journal", async () => {
    for (const mode of ["wal", "delete"] as const) {
      await onFile(async (open, file) => {
        const times = 25;
        const failures = await Promise.all([1, 2].map(() => inThread({ file, times })));
        assert.deepEqual(failures.flat(), []);
        assert.equal(await count(open()), 2 * times);
      }, mode);
    }
  });

  it("give up at the deadline, and where the signal is aborted", () =>
    onFile(async (open) => {
      const [a, b] = [open(), open()];
      await withTransaction(b, async () => {
        let runs = 0;
        const run = (options: TransactionOptions): Promise<void> =>
          withTransaction(a, () => void runs++, options);
        await assert.rejects(
          run({ retry: { deadline: 30 } }),
          (error) => parseDatabaseError(error, "sqlite") instanceof LockTimeoutError,
        );
        const controller = new AbortController();
        setTimeout(() => controller.abort(new Error("gone")), 5);
        await assert.rejects(run({ signal: controller.signal }), /gone/);
        assert.equal(runs, 0);
      });
    }));

  it("are retried as a whole where they begin as readers", () =>
    onFile(async (open) => {
      const [a, b] = [open(), open()];
      let tries = 0;
      const run = (options: TransactionOptions): Promise<void> =>
        withTransaction(a, async (tx) => {
          await count(tx.db);
          if (tries++ === 0) await withTransaction(b, (other) => countUp(other.db));
          await countUp(tx.db);
        }, { mode: "deferred", ...options });
      await assert.rejects(run({}));
      tries = 0;
      await run({ retry: 5 });
      assert.equal(tries, 2);
      assert.equal(await count(a), 3);
    }));

  it("do not keep those away that only read", () =>
    onFile(async (open) => {
      const [a, b] = [open(), open()];
      await withTransaction(b, async (tx) => {
        await countUp(tx.db);
        const read = (options: TransactionOptions): Promise<number> =>
          withTransaction(a, (tx) => count(tx.db), options);
        assert.equal(await read({ accessMode: "read only" }), 0);
        assert.equal(await read({ mode: "deferred" }), 0);
      });
    }));

  it("are readers where nobody may write", () =>
    onFile(async (open, file) => {
      const readOnly = open(
        nodeSqliteDialect({ database: new DatabaseSync(file, { readOnly: true }) }),
      );
      assert.equal(await withTransaction(readOnly, (tx) => count(tx.db)), 0);
      const queryOnly = open();
      await sql`pragma query_only = on`.execute(queryOnly);
      assert.equal(await withTransaction(queryOnly, (tx) => count(tx.db)), 0);
    }));

  it("keep the busy timeout, the plugins, and nested transactions", () =>
    onFile(async (open) => {
      const plain = open();
      const db = await createExecutor(plain, []);
      const timeout = async (): Promise<unknown> =>
        (await sql<{ timeout: number }>`pragma busy_timeout`.execute(plain)).rows[0]?.timeout;
      assert.equal(await timeout(), 2_000);
      await withTransaction(db, async (tx) => {
        await countUp(tx.db);
        await assert.rejects(
          withTransaction(tx, async (nested) => {
            await countUp(nested.db);
            throw new Error("no");
          }),
          /no/,
        );
        await withTransaction(tx, (nested) => countUp(nested.db));
      });
      await assert.rejects(
        withTransaction(db, async (tx) => {
          await countUp(tx.db);
          throw new Error("not at all");
        }),
        /not at all/,
      );
      assert.equal(await count(plain), 2);
      assert.equal(await timeout(), 2_000);
    }));

  it("are so through the dialect of Kysely as well", () =>
    onFile(async (open, file) => {
      const sent: string[] = [];
      const database = new DatabaseSync(file);
      const a = open(
        new SqliteDialect({
          database: {
            close: () => database.close(),
            prepare: (text) => {
              sent.push(text);
              const statement = database.prepare(text);
              return {
                reader: statement.columns().length > 0,
                all: (values) => statement.all(...values as number[]),
                run: (values) => statement.run(...values as number[]),
                iterate: (values) => statement.iterate(...values as number[]),
              };
            },
          },
        }),
      );
      await withTransaction(a, (tx) => countUp(tx.db));
      await withTransaction(a, (tx) => count(tx.db), { mode: "deferred" });
      assert.deepEqual(sent.filter((text) => text.startsWith("begin")), [
        "begin immediate",
        "begin",
      ]);
    }));

  it("are all transactions of an executor whose plugins read before they write", async () => {
    await onFile(async (open, file) => {
      const db = await createExecutor(open(), [auditPlugin({ tables: ["c"] })]);
      const times = 25;
      let own = 0;
      let isAlone = false;
      const other = inThread({ file, times }).finally(() => isAlone = true);
      for (; !isAlone; own++) {
        // The thread is heard.
        await new Promise((resolve) => setTimeout(resolve));
        await db.transaction().execute((trx) =>
          trx.updateTable("c").set((eb) => ({ n: eb("n", "+", 1) })).execute()
        );
      }
      assert.deepEqual(await other, []);
      assert.equal(await count(db), own + times);
      assert.equal((await getAuditLogs(db)).length, own);
    });
  });

  it("are told apart from readers by what an executor is asked for", () =>
    onFile(async (open, file) => {
      const sent: string[] = [];
      const reading: Plugin = {
        name: "reading",
        version: "1.0.0",
        around: "writes",
        aroundQuery: (query, next) => next(query),
      };
      const plain = open(recording(dialectOf(file), sent));
      const db = await createExecutor(plain, [reading]);
      const other = await createExecutor(plain, []);
      const read = (trx: Kysely<Counter>): Promise<number> => count(trx);
      await db.transaction().execute(read);
      await (await db.startTransaction().execute()).rollback().execute();
      await db.connection().execute((one) => one.transaction().execute(read));
      await inWriteTransaction(other, read);
      await other.transaction().execute(read);
      await db.transaction().setAccessMode("read only").execute(read);
      await withTransaction(db, (tx) => read(tx.db), { mode: "deferred" });
      await withTransaction(db, (tx) => read(tx.db), { accessMode: "read only" });
      assert.deepEqual(sent.filter((text) => text.startsWith("begin")), [
        "begin immediate",
        "begin immediate",
        "begin immediate",
        "begin immediate",
        "begin",
        "begin deferred",
        "begin deferred",
        "begin deferred",
      ]);
      const readOnly = nodeSqliteDialect({ database: new DatabaseSync(file, { readOnly: true }) });
      const reader = await createExecutor(open(readOnly), [reading]);
      assert.equal(await reader.transaction().execute(read), 0);
    }));

  it("a mode that there is not is refused, and one of a nested transaction", () =>
    onFile(async (open) => {
      const db = open();
      // @ts-expect-error: there is no such mode
      await assert.rejects(withTransaction(db, () => {}, { mode: "concurrent" }), /the mode is/);
      await withTransaction(db, (tx) =>
        assert.rejects(
          withTransaction(tx, () => {}, { mode: "immediate" }),
          /nested transaction with "mode"/,
        ));
    }));
});

onEveryDialect(
  "a transaction that waits too long for a lock of a server",
  ({ open, dialect }) => {
    it("is run again where retry says so", async () => {
      const { db, close }: { db: Kysely<Counter>; close(): Promise<void> } = await open();
      try {
        await db.schema.createTable("c").addColumn("id", "integer", (c) => c.primaryKey())
          .addColumn("n", "integer").execute();
        await db.insertInto("c").values({ id: 1, n: 0 }).execute();
        for (const retry of [undefined, 2]) {
          const holder = await db.startTransaction().execute();
          try {
            await holder.updateTable("c").set({ n: 7 }).execute();
            let tries = 0;
            const run = withTransaction(db, async (tx) => {
              if (tries++ > 0) await holder.rollback().execute();
              else if (dialect === "postgres") {
                await sql`set local lock_timeout = '20ms'`.execute(tx.db);
              } else await sql`set innodb_lock_wait_timeout = 1`.execute(tx.db);
              await countUp(tx.db);
            }, { retry });
            if (retry === undefined) {
              await assert.rejects(
                run,
                (error) => parseDatabaseError(error, dialect) instanceof LockTimeoutError,
              );
            } else await run;
            assert.equal(tries, retry ?? 1);
          } finally {
            if (!holder.isRolledBack) await holder.rollback().execute();
          }
        }
        assert.equal(await count(db), 1);
      } finally {
        await close();
      }
    });
  },
  ["postgres", "mysql"],
);

onEveryDialect("a transaction of which the connection is lost", ({ open }) => {
  it("before COMMIT is run again", async () => {
    const { db, close }: { db: Kysely<Counter>; close(): Promise<void> } = await open();
    try {
      await db.schema.createTable("c").addColumn("id", "integer", (c) => c.primaryKey())
        .addColumn("n", "integer").execute();
      await db.insertInto("c").values({ id: 1, n: 0 }).execute();
      let tries = 0;
      await withTransaction(db, async (tx) => {
        await countUp(tx.db);
        if (tries++ === 0) throw Object.assign(new Error("read"), { code: "ECONNRESET" });
      }, { retry: { attempts: 3, baseDelay: 1 } });
      assert.equal(tries, 2);
      assert.equal(await count(db), 1);
    } finally {
      await close();
    }
  });
});

/** A dialect that notes what is sent. */
function recording(dialect: Dialect, sent: string[]): Dialect {
  return {
    createAdapter: () => dialect.createAdapter(),
    createIntrospector: (db) => dialect.createIntrospector(db),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createDriver: () => {
      const driver = dialect.createDriver();
      const acquire = driver.acquireConnection.bind(driver);
      driver.acquireConnection = async (...rest) => {
        const connection = await acquire(...rest);
        return {
          executeQuery: (query, ...rest) => {
            sent.push(query.sql);
            return connection.executeQuery(query, ...rest);
          },
          streamQuery: (query, size, ...rest) => connection.streamQuery(query, size, ...rest),
        };
      };
      return driver;
    },
  };
}

function inThread(data: { file: string; times: number }): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./_sqlite_writer.ts", import.meta.url), {
      workerData: data,
    });
    worker.once("message", (failures: string[]) => resolve(failures));
    worker.once("error", reject);
  });
}
