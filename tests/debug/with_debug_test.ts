import type { KyseraLogger } from "@kysera/core";
import {
  assertQueries,
  type DebugOptions,
  debugPlugin,
  explainPlugins,
  QueryProfiler,
  type Warning,
  withDebug,
} from "@kysera/debug";
import { createExecutor, getPlugins, isKyseraExecutor } from "@kysera/executor";
import { createRepository } from "@kysera/repository";
import { softDeletePlugin } from "@kysera/soft-delete";
import { type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { onEveryDialect, type TestDialect } from "../support/matrix.ts";

interface Database {
  users: { id: number; name: string; password: string | null; deleted_at: string | null };
}

const user = (id: number) => ({ id, name: `user ${id}`, password: "hunter2", deleted_at: null });

async function open(dialect: TestDialect) {
  const { db, close } = await dialect.open();
  await db.schema.createTable("users")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("name", "varchar(100)")
    .addColumn("password", "varchar(100)")
    .addColumn("deleted_at", "varchar(30)")
    .execute();
  return { db: db as Kysely<Database>, close };
}

/** A logger that keeps its lines. */
function log(): { lines: string[]; logger: KyseraLogger } {
  const lines: string[] = [];
  const write = (level: string) => (message: string, ...details: unknown[]) =>
    void lines.push(
      `${level} ${message} ${details.map((detail) => JSON.stringify(detail)).join(" ")}`.trim(),
    );
  return {
    lines,
    logger: {
      debug: write("debug"),
      info: write("info"),
      warn: write("warn"),
      error: write("error"),
    },
  };
}

onEveryDialect("withDebug()", (dialect) => {
  it("keeps and logs each query without a value of it", async () => {
    const { db, close } = await open(dialect);
    try {
      const { lines, logger } = log();
      const debug = withDebug(db, { logger });
      await debug.insertInto("users").values([user(1), user(2)]).execute();
      await debug.transaction().execute(async (trx) => {
        await trx.selectFrom("users").selectAll().where("password", "=", "hunter2").execute();
      });
      await sql`select ${"hunter2"} as x`.execute(debug);
      await assert.rejects(sql`select nothing from nowhere`.execute(debug));
      const queries = debug.getMetrics();
      assert.deepEqual(
        queries.map(({ summary, rows, inTransaction }) => [summary, rows, inTransaction]),
        [
          ["INSERT users", 2, false],
          ["SELECT users", 2, true],
          ["SELECT", 1, false],
          ["SELECT", 0, false],
        ],
      );
      assert.ok(queries.every(({ duration }) => duration >= 0));
      assert.ok(queries.at(-1)?.error instanceof Error);
      assert.equal(lines.length, 4);
      assert.match(lines[1]!, /^debug select .*users.* \(\d+\.\d ms, 2 rows\)$/);
      assert.doesNotMatch(JSON.stringify([lines, queries]), /hunter2/);
      debug.clearMetrics();
      assert.deepEqual(debug.getMetrics(), []);
    } finally {
      await close();
    }
  });

  it("keeps parameters where it is asked, except those of redacted columns", async () => {
    const { db, close } = await open(dialect);
    try {
      const debug = withDebug(db, { logQueries: false, logParams: true, redact: ["password"] });
      await debug.insertInto("users").values([user(1)]).execute();
      await debug.updateTable("users").set({ password: "secret", name: "Ann" }).where("id", "in", [
        1,
        2,
      ]).execute();
      await debug.selectFrom("users").select("id").where("name", "=", "Ann")
        .where("password", "in", ["secret", "other"]).execute();
      await sql`select ${"raw"} as x`.execute(debug);
      const shown = debug.getMetrics().map(({ params }) => params);
      const hidden = "[redacted]";
      assert.deepEqual(shown[0]?.slice(0, 3), [1, "user 1", hidden]);
      assert.deepEqual(shown[1], [hidden, "Ann", 1, 2]);
      assert.deepEqual(shown[2], ["Ann", hidden, hidden]);
      assert.deepEqual(shown[3], [hidden]);
    } finally {
      await close();
    }
  });

  it("keeps the plugins of an executor, and their view of repositories", async () => {
    const { db, close } = await open(dialect);
    try {
      const executor = await createExecutor(db, [softDeletePlugin({ tables: ["users"] })]);
      const debug = withDebug(executor, { logQueries: false });
      assert.ok(isKyseraExecutor(debug));
      assert.equal(getPlugins(debug).length, 2);
      await debug.insertInto("users").values([user(1), { ...user(2), deleted_at: "x" }]).execute();
      const users = createRepository(debug, { tableName: "users" });
      assert.equal((await users.findAll()).length, 1);
      assert.match(debug.getMetrics().at(-1)!.sql, /deleted_at. is null/);
    } finally {
      await close();
    }
  });

  it("asks how a slow query was run, and runs no write again", async () => {
    const { db, close } = await open(dialect);
    try {
      const warnings: Warning[] = [];
      const { lines, logger } = log();
      const debug = withDebug(db, {
        logger,
        logQueries: false,
        slowQueryThreshold: 0,
        explainSlow: "analyze",
        warnings: ["slow"],
        onWarning: (warning) => warnings.push(warning),
        onSlowQuery: () => {
          throw new Error("from the callback");
        },
      });
      await debug.insertInto("users").values([user(1)]).execute();
      await debug.updateTable("users").set((eb) => ({ name: eb.val("Ann") })).where("id", "=", 1)
        .execute();
      await debug.selectFrom("users").selectAll().where("id", "=", 1).execute();
      await debug.transaction().execute((trx) =>
        trx.deleteFrom("users").where("id", "=", 9).execute()
      );
      assert.equal(warnings.length, 4);
      assert.ok(warnings[2]?.plan?.some((line) => /users/i.test(line)), String(warnings[2]?.plan));
      assert.equal(warnings[3]?.plan, undefined);
      assert.equal((await db.selectFrom("users").selectAll().execute()).length, 1);
      assert.ok(lines.some((line) => line.startsWith("error onSlowQuery threw")));
    } finally {
      await close();
    }
  });

  it("warns of what is wrong with queries, once for each thing", async () => {
    const { db, close } = await open(dialect);
    try {
      const warnings: Warning[] = [];
      const { logger } = log();
      let clock = 0;
      const debug = withDebug(db, {
        logger,
        warnings: true,
        nPlusOneThreshold: 3,
        onWarning: (warning) => warnings.push(warning),
        now: () => clock,
      });
      const kinds = () => warnings.splice(0).map(({ kind }) => kind);
      const find = (id: number) =>
        debug.selectFrom("users").select("name").where("id", "=", id).execute();

      for (const id of [1, 2, 3, 4]) await find(id);
      assert.deepEqual(kinds(), ["n-plus-one"]);
      await find(4);
      assert.deepEqual(kinds(), ["duplicate"]);
      // What is read again after a write may be another thing.
      await debug.updateTable("users").set({ name: "x" }).where("id", "=", 4).execute();
      await find(4);
      assert.deepEqual(kinds(), []);
      clock += 5_000;
      await find(5);
      assert.deepEqual(kinds(), []);

      await debug.selectFrom("users").selectAll().execute();
      assert.deepEqual(kinds(), ["unbounded-select"]);
      await debug.selectFrom("users").select((eb) => eb.fn.countAll().as("n")).execute();
      await debug.selectFrom("users").selectAll().limit(1).execute();
      assert.deepEqual(kinds(), []);
      await debug.updateTable("users").set({ name: "y" }).execute();
      await debug.deleteFrom("users").execute();
      assert.deepEqual(kinds(), ["unconditional-write", "unconditional-write"]);
    } finally {
      await close();
    }
  });

  it("gives profilers what runs on every handle, while they are started", async () => {
    const { db, close } = await open(dialect);
    try {
      const debug = withDebug(db, { logQueries: false });
      const profiler = new QueryProfiler({ slowQueryThreshold: 0 });
      const find = (ids: number[]) =>
        debug.selectFrom("users").selectAll().where("id", "in", ids).execute();
      await find([1]);
      profiler.start();
      await find([1]);
      await find([1, 2, 3]);
      await assert.rejects(sql`select nothing from nowhere`.execute(debug));
      profiler.stop();
      await find([1]);

      const report = profiler.getReport();
      assert.equal(report.count, 3);
      assert.equal(report.errors, 1);
      assert.equal(report.slowQueries.length, 3);
      assert.deepEqual(report.byFingerprint.map(({ count }) => count).sort(), [1, 2]);
      assert.ok(report.p50 <= report.p95 && report.p95 <= report.p99 && report.p99 <= report.max);
      assert.equal(report.total, report.mean * 3);
      assert.equal(profiler.getSummary().totalQueries, 3);
      assert.equal(profiler.getSlowestQueries(1)[0]?.duration, report.max);
      profiler.clear();
      assert.equal(profiler.count, 0);
    } finally {
      await close();
    }
  });
});

onEveryDialect("withDebug()", (dialect) => {
  it("counts a stream as one query, also where it is left early or fails", async () => {
    const { db, close } = await open(dialect);
    try {
      const debug = withDebug(db, { logQueries: false });
      await db.insertInto("users").values([1, 2, 3].map(user)).execute();
      const all = debug.selectFrom("users").selectAll().orderBy("id");
      for await (const _ of all.stream(1));
      for await (const _ of all.stream(1)) break;
      const [whole, part] = debug.getMetrics();
      assert.equal(whole?.rows, 3);
      assert.ok(part!.rows >= 1);
      assert.equal(debug.getMetrics().length, 2);
      // Under bare Kysely as well, pg-cursor may wait for ever where the database refuses a stream.
      if (dialect.dialect === "postgres") return;
      await assert.rejects(async () => {
        for await (const _ of (debug as Kysely<any>).selectFrom("nowhere").selectAll().stream(1));
      });
      const failed = debug.getMetrics()[2];
      assert.ok(failed?.error instanceof Error);
      assert.equal(failed.rows, 0);
    } finally {
      await close();
    }
  });
}, ["sqlite", "postgres", "mysql"]);

onEveryDialect("assertQueries()", (dialect) => {
  it("counts the queries of some work, and lists them where they are too many", async () => {
    const { db, close } = await open(dialect);
    try {
      const find = (db: Kysely<Database>, id: number) =>
        db.selectFrom("users").selectAll().where("id", "=", id).execute();
      assert.deepEqual(await assertQueries(db, { exactly: 1 }, (db) => find(db, 1)), []);
      await assert.rejects(
        assertQueries(db, { max: 1 }, async (db) => {
          await find(db, 1);
          await find(db, 2);
        }),
        (error: Error) =>
          error.name === "QueryAssertionError" &&
          /^Expected at most 1 queries; there were 2\n {2}1\. select .*\n {2}2\. select/.test(
            error.message,
          ),
      );
      await assert.rejects(assertQueries(db, { max: 1 }, () => find(db, 1)), /at least 1 queries/);
      await assert.rejects(
        assertQueries(db, { noNPlusOne: true }, async (db) => {
          for (const id of [1, 2, 3]) await find(db, id);
        }),
        /each time with other values/,
      );
      await assert.rejects(
        assertQueries(db, { noDuplicates: true }, async (db) => {
          for (const id of [1, 1]) await find(db, id);
        }),
        /again with the same values/,
      );
      await assert.rejects(
        assertQueries(
          db,
          { noUnboundedSelect: true },
          (db) => db.selectFrom("users").selectAll().execute(),
        ),
        /neither WHERE nor LIMIT/,
      );
      await assert.rejects(
        assertQueries(db, { noUnconditionalWrite: true }, (db) => db.deleteFrom("users").execute()),
        /it has no WHERE/,
      );
      await assertQueries(db, { max: 0 }, async () => {});
    } finally {
      await close();
    }
  });

  it("sees all handles of a database that is debugged already", async () => {
    const { db, close } = await open(dialect);
    try {
      const debug = withDebug(db, { logQueries: false });
      await assertQueries(debug, { exactly: 2 }, async () => {
        await debug.selectFrom("users").selectAll().execute();
        await debug.transaction().execute((trx) => trx.selectFrom("users").selectAll().execute());
      });
    } finally {
      await close();
    }
  });
});

onEveryDialect("explainPlugins()", (dialect) => {
  it("shows the SQL without and with the plugins", async () => {
    const { db, close } = await open(dialect);
    try {
      const executor = await createExecutor(db, [softDeletePlugin({ tables: ["users"] })]);
      const effect = explainPlugins<Database>(
        executor,
        (db) => db.selectFrom("users").select("id").where("name", "=", "Ann"),
      );
      assert.ok(effect.changed);
      assert.doesNotMatch(effect.before, /deleted_at/);
      assert.match(effect.after, /deleted_at/);
    } finally {
      await close();
    }
  });
});

describe("withDebug()", () => {
  it("refuses an option that is unknown", () => {
    assert.throws(
      () => debugPlugin({ logQuerys: true } as DebugOptions),
      /there is no option "logQuerys"; the options are "logQueries"/,
    );
    assert.throws(() => new QueryProfiler({ max: 1 } as object), /no option "max"/);
    assert.rejects(assertQueries({} as Kysely<any>, { maks: 1 } as object, async () => {}));
  });
});
