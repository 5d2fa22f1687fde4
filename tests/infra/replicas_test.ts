/** Routing to a real streaming replica of PostgreSQL, whose replay the test holds back and lets go. */
import { createExecutor } from "@kysera/executor";
import {
  createGracefulShutdown,
  createReplicaRouter,
  type ReplicaRouter,
  ShutdownError,
} from "@kysera/infra";
import { softDeletePlugin } from "@kysera/soft-delete";
import { type Generated, Kysely, PostgresDialect, sql } from "kysely";
import assert from "node:assert/strict";
import type { EventEmitter } from "node:events";
import { after, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startPostgres, startStandby, type TestServer, whyNoServer } from "./_servers.ts";

interface Database {
  notes: { id: Generated<number>; text: string; deleted_at: Date | null };
}

const skip = whyNoServer("postgres");

async function connect(server: TestServer): Promise<Kysely<Database>> {
  const { default: pg } = await import("pg");
  const { default: Cursor } = await import("pg-cursor");
  const pool = new pg.Pool({ connectionString: server.url, max: 4 });
  // A server that is killed says so on every connection.
  pool.on("error", () => {});
  pool.on("connect", (client: EventEmitter) => client.on("error", () => {}));
  return new Kysely({ dialect: new PostgresDialect({ pool, cursor: Cursor }) });
}

/** Waits until something is true; the servers need a moment to pass on what was written. */
async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!await condition()) {
    assert.ok(Date.now() < deadline, "it does not come true");
    await sleep(10);
  }
}

describe("createReplicaRouter() with a streaming replica", { skip: skip ?? false }, () => {
  let primary: TestServer;
  let standby: TestServer;
  let db: Kysely<Database>;
  let replica: Kysely<Database>;
  let router: ReplicaRouter<Database>;

  const where = sql<boolean>`pg_is_in_recovery()`.as("standby");
  // Which server answers, by a read that the router knows.
  const askedStandby = async (handle: Kysely<Database>): Promise<boolean> => {
    const row = await handle.selectNoFrom(where).executeTakeFirstOrThrow();
    return row.standby;
  };
  const replay = (action: "pause" | "resume"): Promise<unknown> =>
    sql`select ${sql.raw(`pg_wal_replay_${action}`)}()`.execute(replica);
  const fresh = (): Promise<void> =>
    until(async () => {
      await router.refresh();
      return await askedStandby(router.session());
    });

  let started: Promise<void> | undefined;
  const start = async (): Promise<void> => {
    primary = await startPostgres();
    standby = await startStandby(primary);
    db = await connect(primary);
    replica = await connect(standby);
    await sql`create table notes (
      id serial primary key, text text not null, deleted_at timestamptz
    )`.execute(db);
  };

  /** Not in a hook: some runners give those no more than five seconds. */
  const test = (title: string, body: () => Promise<void>): void => {
    it(title, async () => {
      await (started ??= start());
      await replay("resume");
      router = createReplicaRouter(db, {
        replicas: [replica],
        maxLag: 2_000,
        checkInterval: 20,
        readFunctions: ["pg_is_in_recovery"],
      });
      await body();
    });
  };

  after(async () => {
    await db?.destroy();
    await replica?.destroy();
    await standby?.remove();
    await primary?.remove();
  });

  test("reads from the primary before it knows how fresh the replica is", async () => {
    assert.equal(await askedStandby(router.db), false);
    assert.equal(router.getReplicas()[0]!.reads, 0);
  });

  test("reads from the replica once it does", async () => {
    await fresh();
    assert.equal(await askedStandby(router.db), true);
    const [state] = router.getReplicas();
    assert.equal(state!.inUse, true);
    assert.ok(state!.lag! < 2_000);
  });

  test("has the replica measured by the reads alone", async () => {
    await until(() => askedStandby(router.db));
  });

  test("sends writes, transactions, connections, locks and what may write to the primary", async () => {
    const onPrimary = async (run: (handle: Kysely<Database>) => Promise<unknown>) => {
      await fresh();
      const { reads } = router.getReplicas()[0]!;
      await run(router.session());
      assert.equal(router.getReplicas()[0]!.reads, reads, run.toString());
    };
    await onPrimary((handle) => handle.insertInto("notes").values({ text: "a" }).execute());
    await onPrimary((handle) => handle.updateTable("notes").set({ text: "b" }).execute());
    await onPrimary((handle) => handle.transaction().execute((trx) => askedStandby(trx)));
    await onPrimary((handle) => handle.connection().execute((one) => askedStandby(one)));
    await onPrimary((handle) => handle.selectFrom("notes").selectAll().forUpdate().execute());
    await onPrimary((handle) =>
      handle.with("new", (qb) => qb.insertInto("notes").values({ text: "c" }).returning("id"))
        .selectFrom("new").selectAll().execute()
    );
    await onPrimary((handle) => sql`select 1`.execute(handle));
    await onPrimary((handle) =>
      handle.selectNoFrom(sql`nextval('notes_id_seq')`.as("x")).execute()
    );
    await onPrimary((handle) =>
      handle.selectNoFrom((eb) => eb.fn("pg_advisory_xact_lock", [eb.val(1)]).as("x")).execute()
    );
  });

  test("keeps a transaction on the primary, its reads as well", async () => {
    const careless = createReplicaRouter(db, {
      replicas: [replica],
      readFunctions: ["pg_is_in_recovery"],
      readYourWrites: false,
    });
    await until(async () => {
      await careless.refresh();
      return await askedStandby(careless.db);
    });
    const trx = await careless.db.startTransaction().execute();
    const { id } = await trx.insertInto("notes").values({ text: "not yet" }).returning("id")
      .executeTakeFirstOrThrow();
    assert.equal(await askedStandby(trx), false);
    const find = (handle: Kysely<Database>) =>
      handle.selectFrom("notes").select("text").where("id", "=", id).executeTakeFirst();
    assert.deepEqual(await find(trx), { text: "not yet" });
    assert.equal(await find(careless.db), undefined);
    assert.equal(await askedStandby(careless.db), true);
    await trx.rollback().execute();
  });

  test("streams from the replica", async () => {
    await db.insertInto("notes").values({ text: "streamed" }).execute();
    await fresh();
    const session = router.session();
    const { reads } = router.getReplicas()[0]!;
    let count = 0;
    for await (const _ of session.selectFrom("notes").selectAll().stream(10)) count++;
    assert.ok(count > 0);
    assert.equal(router.getReplicas()[0]!.reads, reads + 1);
  });

  test("reads what was written, also while the replica has not got it", async () => {
    await fresh();
    await replay("pause");
    const writer = router.session();
    const reader = router.session();
    const { id } = await writer.insertInto("notes").values({ text: "mine" }).returning("id")
      .executeTakeFirstOrThrow();
    const find = (handle: Kysely<Database>) =>
      handle.selectFrom("notes").select("text").where("id", "=", id).executeTakeFirst();

    await router.refresh();
    assert.deepEqual(await find(writer), { text: "mine" });
    // Who has written nothing may read the past, as long as it is not too long ago.
    assert.equal(await askedStandby(reader), true);
    assert.equal(await find(reader), undefined);

    await replay("resume");
    await until(async () => {
      await router.refresh();
      return await askedStandby(writer);
    });
    assert.deepEqual(await find(writer), { text: "mine" });
    assert.deepEqual(await find(reader), { text: "mine" });
  });

  test("does not read from a replica that is too far behind, and does again when it is not", async () => {
    await fresh();
    await replay("pause");
    await db.insertInto("notes").values({ text: "behind" }).execute();
    const reader = router.session();
    await until(async () => {
      await router.refresh();
      return !await askedStandby(reader);
    });
    const [state] = router.getReplicas();
    assert.equal(state!.inUse, false);
    assert.ok(state!.lag! > 2_000, `${state!.lag} ms behind`);
    await replay("resume");
    await fresh();
  });

  test("knows that a primary at rest leaves no lag", async () => {
    await fresh();
    await sleep(2_100);
    // The server itself writes to its log now and then, and takes a moment to send it.
    await until(async () => {
      await router.refresh();
      return router.getReplicas()[0]!.lag! < 1_000;
    });
  });

  test("has the primary do what the standby cannot", async () => {
    const lenient = createReplicaRouter(db, {
      replicas: [replica],
      readFunctions: ["nextval", "pg_is_in_recovery"],
    });
    await lenient.refresh();
    await until(async () => {
      await lenient.refresh();
      return await askedStandby(lenient.db);
    });
    const next = await lenient.db.selectNoFrom(sql<string>`nextval('notes_id_seq')`.as("id"))
      .executeTakeFirstOrThrow();
    assert.ok(Number(next.id) > 0);
  });

  test("routes what plugins have rewritten", async () => {
    const executor = await createExecutor(db, [softDeletePlugin({ tables: ["notes"] })]);
    await db.insertInto("notes").values({ text: "hidden", deleted_at: new Date() }).execute();
    const routed = createReplicaRouter(executor, { replicas: [replica], checkInterval: 20 });
    await until(async () => {
      await routed.refresh();
      return routed.getReplicas()[0]!.inUse;
    });
    await sleep(50);
    const session = routed.session();
    const rows = await session.selectFrom("notes").selectAll().where("text", "=", "hidden")
      .execute();
    assert.deepEqual(rows, []);
    assert.equal(routed.getReplicas()[0]!.reads, 1);
  });

  test("is shut down with the primary, when its reads have ended", async () => {
    const shutdown = createGracefulShutdown<Database>(await connect(primary));
    const routed = createReplicaRouter(shutdown.db, {
      replicas: [shutdown.track(await connect(standby))],
      readFunctions: ["pg_is_in_recovery", "pg_sleep"],
    });
    await until(async () => {
      await routed.refresh();
      return await askedStandby(routed.db);
    });
    const slow = routed.db.selectNoFrom([where, sql`pg_sleep(0.2)`.as("x")]).execute();
    await until(() => shutdown.inFlight === 1);
    const done = shutdown.shutdown();
    await assert.rejects(askedStandby(routed.db), ShutdownError);
    assert.equal((await slow)[0]!.standby, true);
    assert.equal((await done).drained, true);
  });

  test("falls back to the primary when the replica is killed", async () => {
    await fresh();
    await standby.kill();
    assert.equal(await askedStandby(router.session()), false);
    await router.refresh();
    assert.deepEqual(router.getReplicas()[0]!.lag, undefined);
    await standby.restart();
    await fresh();
  });
});
