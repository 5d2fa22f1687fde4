/** The chain of hashes finds what was done to the log. */
import { auditPlugin, createAuditTable, verifyAuditLog } from "@kysera/audit";
import { createExecutor, createExecutorSync } from "@kysera/executor";
import type { Kysely } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect } from "../support/matrix.ts";
import { openWorld } from "./_world.ts";

const hashChain = "a secret that nobody has";

onEveryDialect("verifyAuditLog()", (dialect) => {
  it("finds entries that were edited, removed, added or moved", async () => {
    const world = await openWorld(dialect, { hashChain });
    try {
      const { executor } = world;
      const db: Kysely<any> = world.db;
      await executor.insertInto("people").values([{ email: "1" }, { email: "2" }] as never)
        .execute();
      await executor.transaction().execute(async (trx) => {
        await trx.updateTable("people").set({ age: 1 }).execute();
        await trx.deleteFrom("people").where("email", "=", "2").execute();
      });
      const good = await verifyAuditLog(executor);
      assert.deepEqual([good.valid, good.entries, good.problems], [true, 8, []]);
      const entries = await db.selectFrom("audit_logs").selectAll().orderBy("id").execute();
      const [third, fourth, fifth] = [entries[2]!, entries[3]!, entries[4]!];
      const found = async (): Promise<string[]> =>
        (await verifyAuditLog(executor)).problems.map(({ id, problem }) => `${problem} ${id}`);
      const set = (row: any, values: object): Promise<unknown> =>
        db.updateTable("audit_logs").set(values).where("id", "=", row.id).execute();

      await set(third, { changed_by: "somebody else" });
      assert.deepEqual(await found(), [`edited ${third.id}`]);
      await set(third, { changed_by: third.changed_by });
      assert.deepEqual(await found(), []);

      const { id: _, ...ofThird } = third;
      const { id: __, ...ofFourth } = fourth;
      await set(third, ofFourth);
      await set(fourth, ofThird);
      assert.deepEqual((await found()).length > 0, true);
      await set(third, ofThird);
      await set(fourth, ofFourth);
      assert.deepEqual(await found(), []);

      await set(fourth, { hash: null });
      assert.deepEqual(await found(), [
        `unchained ${fourth.id}`,
        `edited ${fifth.id}`,
        "truncated null",
      ]);
      await set(fourth, { hash: fourth.hash });

      await db.deleteFrom("audit_logs").where("id", "=", fourth.id).execute();
      assert.deepEqual(await found(), [`edited ${fifth.id}`, "truncated null"]);
    } finally {
      await world.close();
    }
  });

  it("finds entries removed at the end, by its table or by what was kept elsewhere", async () => {
    const world = await openWorld(dialect, { hashChain });
    try {
      const { executor } = world;
      const db: Kysely<any> = world.db;
      await executor.updateTable("people").set({ age: 1 }).execute();
      const kept = await verifyAuditLog(executor);
      await executor.updateTable("people").set({ age: 2 }).where("id", "=", 1).execute();
      assert.equal((await verifyAuditLog(executor, { expected: kept })).valid, true);
      const entries = await db.selectFrom("audit_logs").selectAll().orderBy("id").execute();
      await db.deleteFrom("audit_logs").where("id", ">=", entries[2]!.id).execute();
      assert.deepEqual((await verifyAuditLog(executor)).problems, [{
        id: null,
        problem: "truncated",
      }]);
      // Somebody who sets the end back as well is found by what was kept.
      await db.updateTable("audit_logs_chain").set({ entries: 2, hash: entries[1]!.hash })
        .execute();
      assert.equal((await verifyAuditLog(executor)).valid, true);
      assert.equal((await verifyAuditLog(executor, { expected: kept })).valid, false);
    } finally {
      await world.close();
    }
  });

  it("is of no use with another secret, or without a chain", async () => {
    const world = await openWorld(dialect, { hashChain });
    try {
      await world.executor.updateTable("people").set({ age: 1 }).execute();
      const other = await createExecutor(world.db, [
        auditPlugin({ hashChain: "a secret that is another" }),
      ]);
      assert.equal((await verifyAuditLog(other)).problems.length, 3);
      const none = await createExecutor(world.db, [auditPlugin()]);
      await assert.rejects(verifyAuditLog(none), { message: /keeps no chain/ });
    } finally {
      await world.close();
    }
  });

  it("says where the table of the chain is missing, and nothing is written", async () => {
    const test = await dialect.open();
    try {
      const db: Kysely<any> = test.db;
      await createAuditTable(db);
      await db.schema.createTable("things").addColumn("id", "integer", (c) => c.primaryKey())
        .execute();
      const options = { hashChain: true, createTable: false };
      await assert.rejects(createExecutor(db, [auditPlugin(options)]), {
        message:
          /"audit_logs_chain": it is missing; .* createAuditTable\(db, { hashChain: true }\)/,
      });
      const executor = createExecutorSync(db, [auditPlugin(options)]);
      await assert.rejects(executor.insertInto("things").values({ id: 1 }).execute());
      assert.deepEqual(await db.selectFrom("things").selectAll().execute(), []);
    } finally {
      await test.close();
    }
  });
});

onEveryDialect("the chain of eight writers at once", (dialect) => {
  it("is one", async () => {
    const world = await openWorld(dialect, { hashChain: true }, { open: { connections: 8 } });
    try {
      const write = async (n: number): Promise<void> => {
        for (let i = 0; i < 5; i++) {
          await world.executor.insertInto("people").values({ email: `${n} ${i}` } as never)
            .execute();
        }
      };
      await Promise.all(Array.from({ length: 8 }, (_, n) => write(n)));
      const { valid, entries } = await verifyAuditLog(world.executor);
      assert.deepEqual([valid, entries], [true, 40]);
    } finally {
      await world.close();
    }
  });
}, ["postgres", "mysql"]);
