/**
 * PostgreSQL with two streaming replicas, whose primary is lost in the middle of load: what was
 * acknowledged is kept, what is not known is told to be so, and no read is older than asked.
 */
import { ConnectionError, parseDatabaseError } from "@kysera/core";
import { CommitUnknownError, withTransaction } from "@kysera/dal";
import { createReplicaRouter, type ReplicaRouter } from "@kysera/infra";
import { Kysely, PostgresDialect, sql } from "kysely";
import assert from "node:assert/strict";
import type { EventEmitter } from "node:events";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { runsAll } from "../support/random.ts";
import { type Address, openAddress } from "./_address.ts";
import { startPostgres, startStandby, type TestServer, whyNoServer } from "./_servers.ts";

interface Database {
  entries: { writer: number; seq: number };
}

const WRITERS = 6;
/** How old what is read may be, in ms. */
const MAX_LAG = 1_000;

/** A server, and connections to it that no address stands for. */
interface Node {
  readonly server: TestServer;
  readonly db: Kysely<Database>;
}

async function connect(port: number, max: number): Promise<Kysely<Database>> {
  const { default: pg } = await import("pg");
  const pool = new pg.Pool({
    host: "127.0.0.1",
    port,
    user: "postgres",
    database: "postgres",
    max,
  });
  // A server that is killed says so on every connection.
  pool.on("error", () => {});
  pool.on("connect", (client: EventEmitter) => client.on("error", () => {}));
  return new Kysely({ dialect: new PostgresDialect({ pool }) });
}

async function until(what: string, condition: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!await condition()) {
    assert.ok(Date.now() < deadline, `It does not come true: ${what}`);
    await sleep(10);
  }
}

describe("a failover of PostgreSQL", {
  skip: whyNoServer("postgres") ?? (!runsAll() && "--full runs it"),
}, () => {
  const nodes: Node[] = [];
  let address: Address;
  let primary: Kysely<Database>;
  let router: ReplicaRouter<Database>;

  async function addNode(server: TestServer): Promise<Node> {
    const node = { server, db: await connect(server.port, 4) };
    nodes.push(node);
    return node;
  }

  /** Has a primary acknowledge what one of its standbys has, and shows there. */
  async function replicateSynchronously({ db }: Node, standbys: number): Promise<void> {
    await sql`alter system set synchronous_standby_names = 'ANY 1 (*)'`.execute(db);
    await sql`select pg_reload_conf()`.execute(db);
    await until(
      "the standbys are synchronous",
      async () => {
        const { rows } = await sql<{ n: number }>`select count(*)::int as n
          from pg_stat_replication where sync_state = 'quorum' and state = 'streaming'`.execute(db);
        return rows[0]!.n === standbys;
      },
    );
  }

  const positionOf = async ({ db }: Node): Promise<bigint> => {
    const { rows } = await sql<{ bytes: string }>`select
      pg_wal_lsn_diff(pg_last_wal_receive_lsn(), '0/0')::text as bytes`.execute(db);
    return BigInt(rows[0]!.bytes);
  };
  /** How many COMMITs wait for a standby. */
  const waiting = async ({ db }: Node): Promise<number> => {
    const { rows } = await sql<{ n: number }>`select count(*)::int as n from pg_stat_activity
      where wait_event = 'SyncRep'`.execute(db);
    return rows[0]!.n;
  };
  const promote = async ({ db }: Node): Promise<void> => {
    const { rows } = await sql<{ done: boolean }>`select pg_promote(true, 20) as done`.execute(db);
    assert.equal(rows[0]!.done, true);
  };
  const follow = async ({ db }: Node, { server }: Node): Promise<void> => {
    await sql`alter system set primary_conninfo =
      ${sql.lit(`host=127.0.0.1 port=${server.port} user=postgres`)}`.execute(db);
    await sql`select pg_reload_conf()`.execute(db);
  };
  const has = async (db: Kysely<Database>, writer: number, seq: number): Promise<boolean> =>
    await db.selectFrom("entries").select("seq").where("writer", "=", writer)
      .where("seq", "=", seq).executeTakeFirst() !== undefined;

  before(async () => {
    address = await openAddress();
    const first = await addNode(await startPostgres());
    address.pointTo(first.server.port);
    await sql`alter database postgres set synchronous_commit = remote_apply`.execute(first.db);
    await sql`create table entries (writer integer, seq integer, primary key (writer, seq))`
      .execute(first.db);
    await addNode(await startStandby(first.server));
    await addNode(await startStandby(first.server));
    await replicateSynchronously(first, 2);
    primary = await connect(address.port, WRITERS + 4);
    router = createReplicaRouter(primary, {
      replicas: nodes.slice(1).map(({ db }) => db),
      maxLag: MAX_LAG,
      checkInterval: 20,
      checkTimeout: 500,
    });
  }, { timeout: 120_000 });
  after(async () => {
    await primary?.destroy();
    for (const { db } of nodes) await db.destroy();
    await address?.close();
    for (const { server } of nodes.reverse()) await server.remove();
  });

  it("loses nothing that was acknowledged, and reads nothing older than asked", async () => {
    /** When each entry was acknowledged, by writer: those of one are in their order. */
    const acknowledged: number[][] = Array.from({ length: WRITERS }, () => []);
    const counts = { reads: 0, ownReads: 0, lookedUp: 0, kept: 0 };
    let isOver = false;
    const failures: unknown[] = [];

    /** Runs a read until it is answered: a server that is gone has none. */
    const answered = async <T>(read: () => Promise<T>): Promise<T | undefined> => {
      while (!isOver) {
        try {
          return await read();
        } catch (error) {
          if (!(parseDatabaseError(error, "postgres") instanceof ConnectionError)) throw error;
          await sleep(10);
        }
      }
      return undefined;
    };

    const write = async (writer: number): Promise<void> => {
      const own = router.session();
      for (let seq = 1; !isOver; seq++) {
        let isDone = false;
        while (!isDone && !isOver) {
          try {
            await withTransaction(
              own,
              ({ db }) => db.insertInto("entries").values({ writer, seq }).execute(),
              { retry: { attempts: 1_000, maxDelay: 50, deadline: 25_000 } },
            );
            isDone = true;
          } catch (error) {
            // Any other error would say that the transaction was not committed.
            if (!(error instanceof CommitUnknownError)) throw error;
            counts.lookedUp++;
            // What is done when it is not known: one looks.
            isDone = await answered(() => has(primary, writer, seq)) ?? true;
            if (isDone) counts.kept++;
          }
        }
        if (isOver) return;
        acknowledged[writer]![seq - 1] = performance.now();
        const row = await answered(() =>
          own.selectFrom("entries").select((eb) => eb.fn.max("seq").as("last"))
            .where("writer", "=", writer).executeTakeFirstOrThrow()
        );
        if (row === undefined) return;
        assert.ok(row.last >= seq, `writer ${writer} reads ${row.last}, and has written ${seq}`);
        counts.ownReads++;
      }
    };
    const read = async (): Promise<void> => {
      while (!isOver) {
        const asked = performance.now() - MAX_LAG;
        const rows = await answered(() =>
          router.session().selectFrom("entries").select(["writer"])
            .select((eb) => eb.fn.max("seq").as("last")).groupBy("writer").execute()
        );
        if (rows === undefined) return;
        const last = new Map(rows.map((row) => [row.writer, Number(row.last)]));
        // An answer may have been asked for again, later than this: then it is fresher.
        for (const [writer, times] of acknowledged.entries()) {
          const least = times.filter((at) => at <= asked).length;
          const seen = last.get(writer) ?? 0;
          assert.ok(seen >= least, `${seen} of writer ${writer} are read, and ${least} are older`);
        }
        counts.reads++;
        await sleep(2);
      }
    };
    const running = Promise.all(
      [...Array.from({ length: WRITERS }, (_, i) => write(i)), read(), read()].map((each) =>
        each.catch((error) => {
          failures.push(error);
          isOver = true;
        })
      ),
    );
    const reads = (): number => router.getReplicas().reduce((sum, { reads }) => sum + reads, 0);
    const written = (): number => acknowledged.reduce((sum, times) => sum + times.length, 0);
    /** Waits, unless a writer or a reader has failed. */
    const meanwhile = async (
      what: string,
      condition: () => Promise<boolean> | boolean,
    ): Promise<void> => {
      await until(what, async () => isOver || await condition());
      if (failures.length > 0) throw failures[0];
    };
    const going = (more: number): Promise<void> => {
      const from = written();
      return meanwhile(`${more} more are written`, () => written() >= from + more);
    };

    try {
      const [old, ...standbys] = nodes as [Node, Node, Node];
      await going(150);
      assert.ok(reads() > 0, "no replica was read from");

      // One of them is enough for a COMMIT; the other one is not read by who has written since.
      await sql`select pg_wal_replay_pause()`.execute(standbys[1].db);
      await going(100);
      await sql`select pg_wal_replay_resume()`.execute(standbys[1].db);

      // Commits have reached the standbys, and nobody is told: then the primary is gone.
      for (const { db } of standbys) await sql`select pg_wal_replay_pause()`.execute(db);
      await meanwhile("each writer waits at COMMIT", async () => await waiting(old) === WRITERS);
      const { rows: [end] } = await sql<{ bytes: string }>`select
        pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::text as bytes`.execute(old.db);
      for (const standby of standbys) {
        await meanwhile(
          "it has received all there is",
          async () => await positionOf(standby) >= BigInt(end!.bytes),
        );
      }
      address.pointTo(undefined);
      await old.server.kill();

      const [next, other] = await positionOf(standbys[0]) >= await positionOf(standbys[1])
        ? standbys
        : [standbys[1], standbys[0]];
      await promote(next);
      address.pointTo(next.server.port);
      await meanwhile("what was not known is looked up", () => counts.lookedUp >= WRITERS);
      await going(50);
      assert.equal(counts.kept, WRITERS, "what the standbys had is kept");
      // The other one follows nobody yet, and is soon too old to be read from.
      const since = performance.now();
      await meanwhile(
        "the replica is older than asked",
        () => performance.now() - since > 1.5 * MAX_LAG,
      );
      await follow(other, next);
      await sql`select pg_wal_replay_resume()`.execute(other.db);
      await replicateSynchronously(next, 1);
      const before = reads();
      await meanwhile("it is read from again", () => reads() > before);
      await going(100);

      // The old primary comes back, and nobody replicates it: it acknowledges nothing.
      await old.server.restart();
      const stale = withTransaction(
        old.db,
        ({ db }) => db.insertInto("entries").values({ writer: 99, seq: 1 }).execute(),
      ).then(() => "acknowledged", (error: unknown) => error);
      await meanwhile("its COMMIT waits", async () => await waiting(old) === 1);
      await old.server.kill();
      const came = await stale;
      assert.ok(came instanceof CommitUnknownError, String(came));
      assert.equal(await has(next.db, 99, 1), false);

      // Now the last standby is lost: commits wait for ever, and where the primary is lost as well
      // they are gone, which was never said otherwise.
      await going(50);
      await other.server.kill();
      await meanwhile("each writer waits at COMMIT", async () => await waiting(next) === WRITERS);
      const lookedUp = counts.lookedUp;
      address.pointTo(undefined);
      await next.server.kill();
      await other.server.restart();
      await promote(other);
      address.pointTo(other.server.port);
      await meanwhile("it is looked up again", () => counts.lookedUp >= lookedUp + WRITERS);
      await going(50);
      assert.ok(counts.kept < counts.lookedUp, "something was lost that nobody knew of");

      isOver = true;
      await running;
      assert.deepEqual(failures, []);
      const rows = await other.db.selectFrom("entries").selectAll().execute();
      const there = new Set(rows.map(({ writer, seq }) => `${writer}:${seq}`));
      for (const [writer, times] of acknowledged.entries()) {
        for (let seq = 1; seq <= times.length; seq++) {
          assert.ok(there.has(`${writer}:${seq}`), `entry ${seq} of writer ${writer} is lost`);
          there.delete(`${writer}:${seq}`);
        }
      }
      // The test ends while a writer has sent a COMMIT: no more than one of each.
      assert.ok(there.size <= WRITERS, `nobody knows of ${[...there].join()}`);
      assert.ok(counts.reads > 100 && counts.ownReads > 300, JSON.stringify(counts));
    } finally {
      isOver = true;
      address.pointTo(undefined);
      await running;
    }
  });
});
