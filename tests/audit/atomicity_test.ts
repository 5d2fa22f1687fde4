/** The write and its entries happen together or not at all, wherever the database fails. */
import { auditPlugin, createAuditTable, getAuditLogs, verifyAuditLog } from "@kysera/audit";
import { createExecutor } from "@kysera/executor";
import { type Fault, forEachFault } from "@kysera/testing";
import type { Kysely } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect, type TestDialect } from "../support/matrix.ts";
import { State } from "./_fold.ts";
import { createTables, createTriggers, openWorld } from "./_world.ts";

const TABLES = ["people", "notes"];
const FAULTS: Readonly<Record<TestDialect["name"], readonly Fault[]>> = {
  sqlite: [{ how: "fail" }, { how: "cut" }, { how: "cut", when: "after" }],
  pglite: [{ how: "fail" }],
  postgres: [{ how: "fail" }, { how: "cut", when: "after" }],
  mysql: [{ how: "fail" }, { how: "cut", when: "after" }],
};

type Mode = "statement" | "trigger";

const unwritten = (mode: Mode) => (dialect: TestDialect): void => {
  const drop = (db: Kysely<any>): Promise<void> => db.schema.dropTable("audit_logs").execute();
  const writes = (db: Kysely<any>): (() => Promise<unknown>)[] => [
    () => db.insertInto("people").values({ email: "z@x" }).execute(),
    () => db.updateTable("people").set({ age: 1 }).where("id", "=", 1).execute(),
    () => db.deleteFrom("people").where("id", "=", 1).execute(),
  ];

  it("is not done", async () => {
    const { db, executor, close } = await openWorld(dialect, { mode });
    try {
      const before = (await State.of(db, TABLES)).list();
      await drop(db);
      for (const write of writes(executor)) await assert.rejects(write());
      assert.deepEqual((await State.of(db, TABLES)).list(), before);
    } finally {
      await close();
    }
  });

  it("is not done in a transaction that goes on all the same", async () => {
    const { db, executor, close } = await openWorld(dialect, { mode });
    try {
      const before = (await State.of(db, TABLES)).list();
      await drop(db);
      const trx = await (executor as Kysely<any>).startTransaction().execute();
      for (const write of writes(trx)) await write().catch(() => {});
      await trx.commit().execute().catch(() => {});
      assert.deepEqual((await State.of(db, TABLES)).list(), before);
    } finally {
      await close();
    }
  });
};

const undone = (mode: Mode) => (dialect: TestDialect): void => {
  it("are gone where it fails, or is rolled back, in part or as a whole", async () => {
    const { executor, log, close } = await openWorld(dialect, { mode });
    try {
      await assert.rejects(
        executor.insertInto("people").values([{ email: "n@x" }, { email: "ada@x" }] as never)
          .execute(),
      );
      await assert.rejects(
        executor.transaction().execute(async (trx) => {
          await trx.deleteFrom("notes").execute();
          throw new Error("enough");
        }),
      );
      const trx = await executor.startTransaction().execute();
      await trx.updateTable("people").set({ age: 1 }).where("id", "=", 1).execute();
      const point = await trx.savepoint("p").execute();
      await point.updateTable("people").set({ age: 2 }).where("id", "=", 2).execute();
      await point.rollbackToSavepoint("p").execute();
      await trx.commit().execute();
      assert.deepEqual(await log(), ["UPDATE people 1"]);
    } finally {
      await close();
    }
  });
};

const failing = (mode: Mode) => (dialect: TestDialect): void => {
  const scenario = (hashChain: boolean, work: (db: Kysely<any>) => Promise<unknown>) => () =>
    tryEach(dialect, { mode, hashChain }, work);

  it(
    "leaves rows and entries that agree, for writes on their own",
    scenario(false, async (db) => {
      await db.insertInto("people").values({ email: "z@x", name: "Z" }).execute();
      await db.updateTable("people").set({ age: 1 }).where("id", "<", 3).execute();
      await db.deleteFrom("notes").where("owner", "=", 1).execute();
    }),
  );

  it(
    "leaves rows and entries that agree, for a transaction that goes on after errors",
    // Kysely 0.28 keeps the connection of a controlled transaction that could not begin.
    scenario(false, (db) =>
      db.connection().execute(async (connection) => {
        const trx = await connection.startTransaction().execute();
        try {
          await trx.insertInto("people").values({ email: "z@x", name: "Z" }).execute()
            .catch(() => {});
          await trx.updateTable("people").set({ age: 1 }).where("id", "<", 3).execute();
          await trx.commit().execute();
        } catch (error) {
          await trx.rollback().execute().catch(() => {});
          throw error;
        }
      })),
  );

  if (mode === "trigger") return;
  it(
    "leaves a chain that holds",
    scenario(true, async (db) => {
      await db.updateTable("people").set({ age: 1 }).where("id", "<", 3).execute();
    }),
  );
};

for (const mode of ["statement", "trigger"] as const) {
  onEveryDialect(`a write whose entry cannot be written, by ${mode}`, unwritten(mode));
  onEveryDialect(`the entries of a write, by ${mode}`, undone(mode));
  onEveryDialect(`a database that fails at any call, by ${mode}`, failing(mode));
}

async function tryEach(
  dialect: TestDialect,
  options: { readonly mode: Mode; readonly hashChain: boolean },
  work: (db: Kysely<any>) => Promise<unknown>,
): Promise<void> {
  const { mode, hashChain } = options;
  await forEachFault(async (faults) => {
    const test = await dialect.open({ wrap: (real) => faults.wrap(real) });
    try {
      await createTables(test.db, dialect);
      await createAuditTable(test.db, { hashChain });
      if (mode === "trigger") await createTriggers(test.db, {}, TABLES);
      const executor = await createExecutor(test.db, [auditPlugin(options)]);
      // So that the catalog is known.
      await executor.deleteFrom("people").where("id", "=", -1).execute();
      await executor.deleteFrom("notes").where("owner", "=", -1).execute();
      const before = await State.of(test.db, TABLES);
      await faults.during(() => work(executor));
      const entries = (await getAuditLogs(executor)).reverse();
      const told = before.fold(entries).list();
      assert.deepEqual(told, (await State.of(test.db, TABLES)).list());
      if (hashChain) {
        assert.deepEqual((await verifyAuditLog(executor)).problems, []);
      }
    } finally {
      await test.close();
    }
    // A database for each run takes long on a server.
  }, { faults: FAULTS[dialect.name] });
}
