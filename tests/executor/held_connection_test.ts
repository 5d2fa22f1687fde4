/** Queries that wait for a connection: in vain, and not. */
import { ConnectionHeldError } from "@kysera/core";
import { withTransaction } from "@kysera/dal";
import { createExecutor, ExecutorError, getRawDb } from "@kysera/executor";
import { createORM } from "@kysera/repository";
import { type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect } from "../support/matrix.ts";

const TIMEOUT = 60;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

onEveryDialect("a database with one connection", (dialect) => {
  async function inDatabase(body: (plain: Kysely<any>) => Promise<void>): Promise<void> {
    const { db, close } = await dialect.open({ connections: 1 });
    try {
      await db.schema.createTable("t").addColumn("id", "integer", (id) => id.primaryKey())
        .execute();
      await db.insertInto("t").values([{ id: 7 }, { id: 8 }]).execute();
      await body(db);
    } finally {
      await close();
    }
  }

  it("is not waited for by what its holder waits for", () =>
    inDatabase(async (plain) => {
      const db = await createExecutor(plain, [], { acquireTimeout: TIMEOUT });
      const above = await createExecutor(db, [{
        name: "above",
        version: "1.0.0",
        aroundQuery: (query, next) => next(query),
      }]);
      const orm = await createORM(db, []);
      const read = (on: Kysely<any>) => on.selectFrom("t").selectAll().execute();
      const write = (on: Kysely<any>) => on.insertInto("t").values({ id: 1 }).execute();
      const inVain: Record<string, () => Promise<unknown>> = {
        withTransaction: () => withTransaction(db, () => read(db)),
        "a write": () => db.transaction().execute(() => write(db)),
        "connection()": () => db.connection().execute(() => read(db)),
        "a transaction in another": () =>
          db.transaction().execute(() => db.transaction().execute(read)),
        "withTransaction() of the outer one": () =>
          withTransaction(db, () => withTransaction(db, (tx) => read(tx.db))),
        "a stream": () =>
          db.transaction().execute(async () => {
            for await (const _ of db.selectFrom("t").select("id").stream()) assert.fail();
          }),
        "an executor above": () => db.transaction().execute(() => write(above)),
        "repositories of the outer ORM": () =>
          orm.transaction(async (ctx) => {
            await write(ctx.db);
            await orm.createRepository({ tableName: "t" }).findAll();
          }),
      };
      for (const [what, run] of Object.entries(inVain)) {
        await assert.rejects(run, (error) => {
          assert.ok(error instanceof ConnectionHeldError, `${what}: ${error}`);
          assert.equal(error.code, "DB_CONNECTION_HELD");
          assert.match(error.message, /run nothing for 60 ms.*"tx\.db"/);
          return true;
        });
      }
      // What was told to have failed was not done later.
      assert.equal((await read(plain)).length, 2);
      await withTransaction(db, (tx) => write(tx.db));
      assert.equal((await read(plain)).length, 3);
    }));

  it("is waited for as long as something runs on it, past the plugins as well", () =>
    inDatabase(async (plain) => {
      const db = await createExecutor(plain, [], { acquireTimeout: TIMEOUT });
      let waiting: Promise<unknown> | undefined;
      let hasWaited = false;
      await db.transaction().execute(async (trx) => {
        waiting = db.selectFrom("t").selectAll().execute().then(() => hasWaited = true);
        const started = performance.now();
        for (let i = 0; performance.now() - started < 3 * TIMEOUT; i++) {
          await sleep(1);
          await sql`select 1`.execute(i % 2 === 0 ? trx : getRawDb(trx));
        }
        assert.equal(hasWaited, false);
      });
      await waiting;
      assert.equal(hasWaited, true);
    }));

  it("is waited for in a queue, however long", () =>
    inDatabase(async (plain) => {
      const db = await createExecutor(plain, [], { acquireTimeout: TIMEOUT });
      const slowly = () =>
        withTransaction(db, async (tx) => {
          await sleep(TIMEOUT / 3);
          return (await tx.db.selectFrom("t").selectAll().execute()).length;
        });
      assert.deepEqual(await Promise.all(Array.from({ length: 8 }, slowly)), Array(8).fill(2));
    }));

  it("waits for ever where it is told to, and for no time that is none", () =>
    inDatabase(async (plain) => {
      const db = await createExecutor(plain, [], { acquireTimeout: Infinity });
      let waiting: Promise<unknown> | undefined;
      await db.transaction().execute(async () => {
        waiting = db.selectFrom("t").selectAll().execute();
        await sleep(5);
      });
      await waiting;
      for (const acquireTimeout of [0, -1, NaN, "5"] as number[]) {
        await assert.rejects(
          createExecutor(plain, [], { acquireTimeout }),
          (error) =>
            error instanceof ExecutorError && /"acquireTimeout" must be/.test(error.message),
        );
      }
    }));
});
