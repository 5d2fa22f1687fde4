import { CommitUnknownError, withTransaction } from "@kysera/dal";
import { nodeSqliteDialect } from "@kysera/dialects";
import { createExecutor } from "@kysera/executor";
import { type Dialect, type Driver, Kysely, PostgresDialect, sql } from "kysely";
import assert from "node:assert/strict";
import process from "node:process";
import { describe, it } from "node:test";
import { DatabaseSync } from "node:sqlite";
import type { EventEmitter } from "node:events";
import { onEveryDialect } from "../support/matrix.ts";

interface Database {
  notes: { id: number };
}

/** How the driver fails at the next COMMIT, and then at the ROLLBACK that follows. */
interface Fault {
  /** Whether COMMIT reaches the database before the connection dies. */
  readonly committed: boolean;
  /** What the driver throws. */
  readonly error: Error;
}

/** A real database whose driver loses the answer to COMMIT when it is told to. */
class Faulty {
  readonly db: Kysely<Database>;
  fault: Fault | undefined;
  held = 0;
  #broken = false;

  constructor() {
    const database = new DatabaseSync(":memory:");
    database.exec("create table notes (id integer primary key)");
    const dialect: Dialect = nodeSqliteDialect({ database });
    this.db = new Kysely({
      dialect: {
        createAdapter: () => dialect.createAdapter(),
        createDriver: () => this.#driver(dialect.createDriver()),
        createIntrospector: (db) => dialect.createIntrospector(db),
        createQueryCompiler: () => dialect.createQueryCompiler(),
      },
    });
  }

  async ids(): Promise<number[]> {
    return (await this.db.selectFrom("notes").select("id").execute()).map(({ id }) => id);
  }

  #driver(driver: Driver): Driver {
    return {
      init: () => driver.init(),
      destroy: () => driver.destroy(),
      beginTransaction: (connection, settings) => driver.beginTransaction(connection, settings),
      acquireConnection: async () => {
        const connection = await driver.acquireConnection();
        this.held++;
        return connection;
      },
      releaseConnection: async (connection) => {
        this.held--;
        await driver.releaseConnection(connection);
      },
      commitTransaction: async (connection) => {
        const { fault } = this;
        if (fault === undefined) return await driver.commitTransaction(connection);
        this.fault = undefined;
        this.#broken = true;
        if (fault.committed) await driver.commitTransaction(connection);
        else await driver.rollbackTransaction(connection);
        throw fault.error;
      },
      rollbackTransaction: async (connection) => {
        if (!this.#broken) return await driver.rollbackTransaction(connection);
        this.#broken = false;
        throw new Error("Cannot roll back: there is no connection");
      },
    };
  }
}

const LOST: Readonly<Record<string, () => Error>> = {
  "the connection ends": () => new Error("Connection terminated unexpectedly"),
  "the socket is reset": () => Object.assign(new Error("read"), { code: "ECONNRESET" }),
  "the driver stops to wait": () => new Error("Query read timeout"),
  "the driver throws what nobody knows": () => new Error("Something odd"),
};

describe("withTransaction() where COMMIT has no answer", () => {
  for (const [what, error] of Object.entries(LOST)) {
    for (const committed of [true, false]) {
      it(`throws a CommitUnknownError once: ${what}, committed: ${committed}`, async () => {
        const faulty = new Faulty();
        const executor = await createExecutor(faulty.db, []);
        const cause = error();
        const ran: string[] = [];
        let runs = 0;
        faulty.fault = { committed, error: cause };
        await assert.rejects(
          withTransaction(executor, async (tx) => {
            runs++;
            tx.afterCommit(() => ran.push("commit"));
            tx.afterRollback(() => ran.push("rollback"));
            await tx.db.insertInto("notes").values({ id: 1 }).execute();
          }, { retry: 5 }),
          (thrown) => thrown instanceof CommitUnknownError && thrown.cause === cause,
        );
        assert.equal(runs, 1);
        assert.deepEqual(ran, [], "nobody knows which callbacks would be right");
        assert.equal(faulty.held, 0, "a connection leaked");
        assert.deepEqual(await faulty.ids(), committed ? [1] : []);
        await executor.destroy();
      });
    }
  }

  it("shows what COMMIT failed with, and not the rollback after it", async () => {
    const faulty = new Faulty();
    const refused = Object.assign(new Error("FOREIGN KEY constraint failed"), {
      code: "ERR_SQLITE_ERROR",
      errcode: 787,
    });
    faulty.fault = { committed: false, error: refused };
    let undone = false;
    await assert.rejects(
      withTransaction(faulty.db, (tx) => tx.afterRollback(() => undone = true)),
      (thrown) => thrown === refused,
    );
    assert.ok(undone);
    assert.equal(faulty.held, 0);
    await faulty.db.destroy();
  });

  it("retries a serialization failure of COMMIT, though the rollback after it fails", async () => {
    const faulty = new Faulty();
    faulty.fault = {
      committed: false,
      error: Object.assign(new Error("locked"), { code: "ERR_SQLITE_ERROR", errcode: 517 }),
    };
    let runs = 0;
    await withTransaction(faulty.db, async (tx) => {
      runs++;
      await tx.db.insertInto("notes").values({ id: 1 }).execute();
    }, { retry: { baseDelay: 1 } });
    assert.equal(runs, 2);
    assert.equal(faulty.held, 0);
    assert.deepEqual(await faulty.ids(), [1]);
    await faulty.db.destroy();
  });
});

/** One connection, whose end is not an uncaught error of the process. */
async function openMortal(): Promise<Kysely<Database>> {
  const { default: pg } = await import("pg");
  const pool = new pg.Pool({ connectionString: process.env["KYSERA_TEST_POSTGRES_URL"], max: 1 });
  pool.on("error", () => {});
  pool.on("connect", (client: EventEmitter) => client.on("error", () => {}));
  return new Kysely({ dialect: new PostgresDialect({ pool }) });
}

onEveryDialect("withTransaction() where the server ends the session during COMMIT", (dialect) => {
  it("throws a CommitUnknownError, and the pool goes on", async () => {
    const { db: owner, close } = await dialect.open({ connections: 1 });
    const db = await openMortal();
    try {
      await sql`create table notes (id int primary key)`.execute(owner);
      await sql`create function die() returns trigger language plpgsql as $$ begin
        if new.id = 1 then perform pg_terminate_backend(pg_backend_pid()); end if;
        return null;
      end $$`.execute(owner);
      await sql`create constraint trigger deadly after insert on notes
        deferrable initially deferred for each row execute function die()`.execute(owner);
      const { rows } = await sql<{ name: string }>`select current_schema() as name`.execute(owner);
      const own = db.withSchema(rows[0]!.name);
      const add = (id: number): Promise<void> =>
        withTransaction(own, async (tx) => {
          await tx.db.insertInto("notes").values({ id }).execute();
        }, { retry: 3 });
      await assert.rejects(add(1), CommitUnknownError);
      await add(2);
      assert.deepEqual(await own.selectFrom("notes").select("id").execute(), [{ id: 2 }]);
    } finally {
      await db.destroy();
      await close();
    }
  });

  it("throws the function's own error where the session ends before COMMIT", async () => {
    const db = await openMortal();
    try {
      await assert.rejects(
        withTransaction(db, async (tx) => {
          await sql`select pg_terminate_backend(pg_backend_pid())`.execute(tx.db);
        }),
        (error) => !(error instanceof CommitUnknownError),
      );
      const again = await withTransaction(db, (tx) => sql`select 1 as one`.execute(tx.db));
      assert.deepEqual(again.rows, [{ one: 1 }]);
    } finally {
      await db.destroy();
    }
  });
}, ["postgres"]);
