/** Whichever way a write comes: prepared, through the data access layer, for a caller, in a schema. */
import { auditPlugin, createAuditTable, getAuditLogs } from "@kysera/audit";
import { createContext, createQuery, prepareQuery, withTransaction } from "@kysera/dal";
import {
  bindContext,
  compilePlan,
  createExecutor,
  createExecutorSync,
  getRawDb,
  type Plugin,
  Slot,
} from "@kysera/executor";
import { createRepository } from "@kysera/repository";
import { type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect } from "../support/matrix.ts";
import { answering, openWorld } from "./_world.ts";

onEveryDialect("audit", (dialect) => {
  it("sees prepared writes, each with its own values", async () => {
    const { executor, entries, close } = await openWorld(dialect);
    try {
      const rename = prepareQuery(
        executor as Kysely<any>,
        (db, { id, name }: { id: any; name: any }) =>
          db.updateTable("people").set({ name }).where("id", "=", id),
      );
      await rename.execute({ id: 1, name: "one" });
      await rename.execute({ id: 2, name: "two" });
      const plan = compilePlan(
        executor as Kysely<any>,
        (db) => db.insertInto("people").values({ email: new Slot(0) }),
      );
      await (executor as Kysely<any>).executeQuery(plan.bind(executor, ["slot@x"]) as never);
      assert.deepEqual(
        (await entries()).map(({ entity_id, new_values }) => [
          entity_id,
          new_values!.name,
          new_values!.email,
        ]),
        [["1", "one", "ada@x"], ["2", "two", "bob@x"], ["4", null, "slot@x"]],
      );
    } finally {
      await close();
    }
  });

  it("tells each caller's own values of a query that is prepared for all of them", async () => {
    const { db, close } = await openWorld(dialect);
    try {
      let now = 0;
      const executor = await createExecutor(db as Kysely<any>, [
        auditPlugin({ getTimestamp: () => String(++now), metadata: ({ context }) => context! }),
      ]);
      const people = createRepository(executor, { tableName: "people" });
      for (const userId of ["u1", "u2", "u3", "u4"]) {
        const mine = people.on(bindContext(executor, { userId, requestId: `of ${userId}` }));
        await mine.update(1, { name: userId });
        await mine.create({ email: userId });
        await mine.delete(3);
      }
      const told = (await getAuditLogs(executor)).reverse().map((entry) => [
        entry.operation,
        entry.changed_by,
        entry.request_id,
        entry.metadata!.userId,
        entry.changed_at,
        entry.new_values?.name ?? entry.new_values?.email,
      ]);
      const of = (n: number, first: number): unknown[][] => [
        ["UPDATE", `u${n}`, `of u${n}`, `u${n}`, `${first}`, `u${n}`],
        ["INSERT", `u${n}`, `of u${n}`, `u${n}`, `${first + 1}`, `u${n}`],
      ];
      const gone = ["DELETE", "u1", "of u1", "u1", "3", undefined];
      assert.deepEqual(told, [...of(1, 1), gone, ...of(2, 4), ...of(3, 7), ...of(4, 10)]);
    } finally {
      await close();
    }
  });

  it("sees what the data access layer writes, and its transactions", async () => {
    const { executor, log, close } = await openWorld(dialect);
    try {
      const rename = createQuery((ctx: { db: Kysely<any> }, id: number) =>
        ctx.db.updateTable("people").set({ name: "dal" }).where("id", "=", id).execute()
      );
      await rename(createContext(executor), 1);
      await withTransaction(executor, async (ctx) => {
        await rename(ctx, 2);
        await withTransaction(ctx, async (inner) => {
          await rename(inner, 3);
          throw new Error("undo");
        }).catch(() => {});
      });
      assert.deepEqual(await log(), ["UPDATE people 1", "UPDATE people 2"]);
    } finally {
      await close();
    }
  });

  it("knows who, when, why and for which request", async () => {
    const said: string[] = [];
    const { db, close } = await openWorld(dialect);
    try {
      const executor = await createExecutor(db as Kysely<any>, [
        auditPlugin({
          logger: { debug: (message) => said.push(message) },
          getTimestamp: () => new Date(0),
          metadata: ({ tables, context }) => ({ tables, why: context?.["why"] ?? null }),
        }),
      ]);
      const one = bindContext(executor, { auth: { userId: 42 }, requestId: "r1", why: "test" });
      await one.updateTable("people").set({ age: 1 }).where("id", "=", 1).execute();
      await executor.deleteFrom("people").where("id", "=", 1).execute();
      const [second, first] = await getAuditLogs(executor);
      assert.deepEqual(
        [first!.changed_by, first!.changed_at, first!.request_id, first!.metadata],
        ["42", "1970-01-01T00:00:00.000Z", "r1", { tables: ["people"], why: "test" }],
      );
      assert.deepEqual([second!.changed_by, second!.request_id], [null, null]);
      assert.deepEqual(said, [
        'Audit writes down: update of "people"',
        'Audit writes down: delete of "people"',
      ]);
      assert.equal((await getAuditLogs(executor, { userId: 42 })).length, 1);
      assert.equal((await getAuditLogs(executor, { requestId: "r1" })).length, 1);
    } finally {
      await close();
    }
  });

  it("refuses a write of nobody where somebody is required, or leaves it out", async () => {
    const { db, close } = await openWorld(dialect);
    try {
      const strict = await createExecutor(db as Kysely<any>, [auditPlugin({ actor: "required" })]);
      await assert.rejects(strict.deleteFrom("people").execute(), {
        name: "AuditActorError",
        code: "AUDIT_ACTOR_MISSING",
      });
      assert.equal((await db.selectFrom("people").select("id").execute()).length, 3);
      await bindContext(strict, { auth: { userId: "u" } }).deleteFrom("people")
        .where("id", "=", 1).execute();
      const lax = await createExecutor(db as Kysely<any>, [
        auditPlugin({ skipSystemOperations: true, getUserId: async () => await null }),
      ]);
      await lax.deleteFrom("people").where("id", "=", 2).execute();
      assert.deepEqual((await getAuditLogs(lax)).map(({ entity_id }) => entity_id), ["1"]);
    } finally {
      await close();
    }
  });

  it("respects its tables and columns, and leaves its own table alone", async () => {
    const { db, close } = await openWorld(dialect);
    try {
      const only = await createExecutor(db as Kysely<any>, [auditPlugin({
        tables: ["people", "loose"],
        excludeTables: ["loose"],
        allowColumns: ["people.id", "people.name", "people.email"],
        maskColumns: ["email"],
        captureOldValues: false,
      })]);
      await only.insertInto("loose").values({ a: 1 }).execute();
      await only.deleteFrom("notes").execute();
      await only.updateTable("people").set({ age: 5 }).where("id", "=", 1).execute();
      const [entry, ...none] = await getAuditLogs(only);
      assert.deepEqual(none, []);
      assert.deepEqual([entry!.operation, entry!.old_values, entry!.new_values], ["UPDATE", null, {
        id: 1,
        email: "***",
        name: "Ada",
      }]);
      await assert.rejects(only.deleteFrom("audit_logs").execute(), {
        name: "AuditAppendOnlyError",
      });
      await getRawDb<any>(only).deleteFrom("audit_logs").execute();
      assert.deepEqual(await getAuditLogs(only), []);
    } finally {
      await close();
    }
  });

  it("works where the executor is made at once, and lets raw SQL pass", async () => {
    const { db, close } = await openWorld(dialect);
    try {
      const executor = createExecutorSync(db as Kysely<any>, [auditPlugin()]);
      await executor.updateTable("people").set({ age: 5 }).where("id", "=", 1).execute();
      await sql`update people set age = 6`.execute(executor);
      await getRawDb<any>(executor).updateTable("people").set({ age: 7 }).execute();
      assert.equal((await getAuditLogs(executor)).length, 1);
      const denied = await createExecutor(db as Kysely<any>, [auditPlugin()], { rawSql: "deny" });
      await assert.rejects(sql`update people set age = 6`.execute(denied), { name: "RawSqlError" });
    } finally {
      await close();
    }
  });

  it("writes down what other plugins have made of a query", async () => {
    const { db, close } = await openWorld(dialect);
    try {
      const other: Plugin = {
        name: "other",
        version: "1.0.0",
        appliesTo: ({ name }) => name === "people",
        filter: (people, { eb }) => eb(people.column("id"), "<", 3),
        stamp: (_, { value }) => ({ set: { name: value(() => "stamped") }, given: "replace" }),
      };
      const executor = await createExecutor(db as Kysely<any>, [auditPlugin(), other]);
      await executor.updateTable("people").set({ age: 5 }).execute();
      const entries = (await getAuditLogs(executor)).reverse();
      assert.deepEqual(entries.map(({ entity_id, new_values }) => [entity_id, new_values!.name]), [
        ["1", "stamped"],
        ["2", "stamped"],
      ]);
    } finally {
      await close();
    }
  });

  it("refuses a view, of which it does not know what is behind", async () => {
    const { db, executor, close } = await openWorld(dialect);
    try {
      await sql`create view seen as select * from people`.execute(db);
      await assert.rejects((executor as Kysely<any>).deleteFrom("seen").execute(), {
        name: "AuditNotPossibleError",
        message: /it is a view/,
      });
    } finally {
      await close();
    }
  });
});

onEveryDialect("createAuditTable()", (dialect) => {
  it("makes the table once, under any name, and in a schema", async () => {
    const test = await dialect.open();
    try {
      const db: Kysely<any> = test.db;
      await createAuditTable(db, { auditTable: "history", hashChain: true });
      await assert.rejects(createAuditTable(db, { auditTable: "history" }), {
        code: "AUDIT_TABLE_CREATION_FAILED",
      });
      await createAuditTable(db, { auditTable: "history", hashChain: true, ifNotExists: true });
      await assert.rejects(createAuditTable(db, { table: "x" } as never), {
        message: /no option "table"/,
      });
      const plugin = auditPlugin({ auditTable: "own", createTable: true });
      await createExecutor(db, [plugin]);
      const executor = await createExecutor(db, [plugin]);
      await db.schema.createTable("things").addColumn("id", "integer", (c) => c.primaryKey())
        .execute();
      await executor.insertInto("things").values({ id: 1 }).execute();
      assert.equal((await db.selectFrom("own").selectAll().execute()).length, 1);
    } finally {
      await test.close();
    }
  });
});

onEveryDialect("audit on a server without RETURNING", (dialect) => {
  /** MariaDB, that says of itself that it is MySQL. */
  const open = () =>
    openWorld(dialect, {}, {
      open: {
        wrap: (real) =>
          answering(real, (row) =>
            /mariadb/i.test(String(row["type"])) ? { ...row, type: "8.0.40" } : row),
      },
    });

  it("finds the rows that were inserted by their keys, and refuses what it cannot find", async () => {
    const { executor, log, entries, close } = await open();
    try {
      const any: Kysely<any> = executor;
      await any.insertInto("people").values([{ email: "1" }, { email: "2" }]).execute();
      await any.insertInto("people").values({ id: 70, email: "70" }).execute();
      await any.insertInto("notes").values([{ owner: 8, place: 1 }, { owner: 8, place: 2 }])
        .execute();
      await any.updateTable("people").set({ age: 1 }).where("id", "=", 70).execute();
      await any.deleteFrom("people").where("id", ">", 4).execute();
      assert.deepEqual(await log(), [
        "INSERT people 4",
        "INSERT people 5",
        "INSERT people 70",
        "INSERT notes [8,1]",
        "INSERT notes [8,2]",
        "UPDATE people 70",
        "DELETE people 5",
        "DELETE people 70",
      ]);
      assert.equal((await entries())[0]!.new_values!.email, "1");
      const refused = { name: "AuditNotPossibleError" };
      await assert.rejects(
        any.insertInto("people").columns(["email"])
          .expression((eb) => eb.selectFrom("notes").select("text")).execute(),
        refused,
      );
      await assert.rejects(
        any.insertInto("people").values({ email: "1" }).onDuplicateKeyUpdate({ age: 1 }).execute(),
        refused,
      );
      assert.equal((await any.selectFrom("people").select("id").execute()).length, 4);
    } finally {
      await close();
    }
  });
}, ["mysql"]);
