/** What a cluster with several writers promises, and what it does not. */
import { auditPlugin, getAuditLogs } from "@kysera/audit";
import { DeadlockError, parseDatabaseError } from "@kysera/core";
import { withTransaction } from "@kysera/dal";
import { mysql2Dialect } from "@kysera/dialects";
import { createExecutor, type KyseraExecutor } from "@kysera/executor";
import { type Generated, Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type GaleraCluster, startGalera, whyNoGalera } from "./_galera.ts";
import { runsAll } from "../support/random.ts";

interface Database {
  stock: { id: number; left: number };
  sales: { id: Generated<number>; buyer: number };
}

describe("a Galera cluster of three nodes", {
  skip: whyNoGalera() ?? (!runsAll() && "--full runs it"),
}, () => {
  let cluster: GaleraCluster;
  let nodes: Kysely<Database>[];
  const [STOCK, BUYERS] = [20, 60];

  before(async () => {
    cluster = await startGalera(3);
    const { createPool } = await import("mysql2");
    nodes = cluster.nodes.map(({ url }) =>
      new Kysely<Database>({
        dialect: mysql2Dialect({ pool: createPool({ uri: url, connectionLimit: 8 }) }),
      })
    );
    const [db] = nodes as [Kysely<Database>];
    await sql`create table stock (id integer primary key, \`left\` integer not null)`.execute(db);
    await sql`create table sales (id bigint auto_increment primary key, buyer integer not null)`
      .execute(db);
    await db.insertInto("stock").values([{ id: 1, left: 0 }, { id: 2, left: STOCK }]).execute();
    await Promise.all(nodes.map((node) => caughtUp(node)));
  }, { timeout: 300_000 });
  after(async () => {
    await Promise.all((nodes ?? []).map((node) => node.destroy()));
    await cluster?.remove();
  });

  /** Waits until a node has what the others have written before. */
  async function caughtUp(node: Kysely<Database>): Promise<void> {
    await node.connection().execute(async (connection) => {
      await sql`set wsrep_sync_wait = 1`.execute(connection);
      await sql`select 1 from stock limit 1`.execute(connection);
      await sql`set wsrep_sync_wait = 0`.execute(connection);
    });
  }
  const leftOf = async (id: number): Promise<number> => {
    await caughtUp(nodes[2]!);
    const { left } = await nodes[2]!.selectFrom("stock").select("left").where("id", "=", id)
      .executeTakeFirstOrThrow();
    return left;
  };
  const audited = (node: number): Promise<KyseraExecutor<Database>> =>
    createExecutor(nodes[node]!, [auditPlugin({ tables: ["stock"] })]) as Promise<
      KyseraExecutor<Database>
    >;

  it("refuses the loser with 1213, at COMMIT or before, and its whole transaction runs again", async () => {
    const [one, two] = [await audited(0), await audited(1)];
    await caughtUp(nodes[1]!);
    let attempts = 0;
    await withTransaction(two, async ({ db }) => {
      attempts++;
      const { left } = await db.selectFrom("stock").select("left").where("id", "=", 1)
        .executeTakeFirstOrThrow();
      if (attempts === 1) {
        await db.updateTable("stock").set({ left: left + 1 }).where("id", "=", 1).execute();
        // Another node has its write certified first.
        await one.updateTable("stock").set((eb) => ({ left: eb("left", "+", 10) }))
          .where("id", "=", 1).execute();
        return;
      }
      await db.updateTable("stock").set({ left: left + 1 }).where("id", "=", 1).execute();
    }, {
      retry: {
        attempts: 10,
        sleep: async () => {
          // What has won is there before it begins again.
          await caughtUp(nodes[1]!);
        },
      },
    });
    assert.equal(attempts, 2);
    assert.equal(await leftOf(1), 11);
    await caughtUp(nodes[0]!);
    const entries = await getAuditLogs(one, { table: "stock" });
    assert.equal(entries.length, 2, "one entry for each write that was committed");

    await assert.rejects(
      withTransaction(two, async ({ db }) => {
        await db.updateTable("stock").set({ left: 0 }).where("id", "=", 1).execute();
        await one.updateTable("stock").set({ left: 5 }).where("id", "=", 1).execute();
      }),
      (error) => {
        const parsed = parseDatabaseError(error, "mysql");
        assert.ok(parsed instanceof DeadlockError, String(error));
        assert.equal(parsed.retryable, true);
        return true;
      },
    );
    assert.equal(await leftOf(1), 5);
  });

  it("takes FOR UPDATE and GET_LOCK for its own node alone", async () => {
    const [one, two] = nodes as [Kysely<Database>, Kysely<Database>];
    await caughtUp(two);
    await one.transaction().execute(async (trx) => {
      await trx.selectFrom("stock").selectAll().where("id", "=", 1).forUpdate().execute();
      // It does not wait: where it did, this would never end.
      await two.transaction().execute((other) =>
        other.selectFrom("stock").selectAll().where("id", "=", 1).forUpdate().execute()
      );
    });
    await one.connection().execute(async (a) => {
      await two.connection().execute(async (b) => {
        const locked = async (on: Kysely<Database>): Promise<number> => {
          const { rows: [row] } = await sql<{ got: number }>`select get_lock('kysera', 0) as got`
            .execute(on);
          return Number(row!.got);
        };
        assert.deepEqual([await locked(a), await locked(b)], [1, 1]);
        for (const each of [a, b]) await sql`select release_lock('kysera')`.execute(each);
      });
    });
  });

  it(`sells a stock of ${STOCK} to ${BUYERS} buyers on all nodes, and no more`, async () => {
    const executors = await Promise.all([0, 1, 2].map(audited));
    await Promise.all(nodes.map((node) => caughtUp(node)));
    const buy = (buyer: number): Promise<boolean> =>
      withTransaction(executors[buyer % 3]!, async ({ db }) => {
        const { numUpdatedRows } = await db.updateTable("stock")
          .set((eb) => ({ left: eb("left", "-", 1) })).where("id", "=", 2).where("left", ">", 0)
          .executeTakeFirstOrThrow();
        if (numUpdatedRows === 0n) return false;
        await db.insertInto("sales").values({ buyer }).execute();
        return true;
      }, { retry: { attempts: 200, baseDelay: 5, maxDelay: 200, deadline: 120_000 } });
    const outcomes = await Promise.allSettled(
      Array.from({ length: BUYERS }, (_, buyer) => buy(buyer)),
    );
    const failed = outcomes.filter(({ status }) => status === "rejected");
    assert.deepEqual(failed, []);
    const sold = outcomes.filter((each) => each.status === "fulfilled" && each.value).length;
    assert.equal(sold, STOCK);
    assert.equal(await leftOf(2), 0);
    const sales = await nodes[2]!.selectFrom("sales").select("buyer").distinct().execute();
    assert.equal(sales.length, STOCK);
    const { n } = await nodes[2]!.selectFrom("audit_logs" as never)
      .select((eb) => eb.fn.countAll<number>().as("n")).where(
        "entity_id" as never,
        "=",
        "2" as never,
      )
      .executeTakeFirstOrThrow() as { n: number };
    assert.equal(Number(n), STOCK, "one entry for each sale");
  });
});
