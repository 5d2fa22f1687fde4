/** Nothing of a value is logged, kept or told unless it is asked for, wherever it stands. */
import { type KyseraLogger, paginateCursor, UniqueConstraintError } from "@kysera/core";
import { assertQueries, type DebugOptions, QueryProfiler, withDebug } from "@kysera/debug";
import { traceDialect } from "@kysera/debug/otel";
import { nodeSqliteDialect } from "@kysera/dialects";
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { matrix, onEveryDialect, type TestDialect } from "../support/matrix.ts";

const SECRET = "hunter2'\\";

async function inTable(
  dialect: TestDialect,
  body: (db: Kysely<any>) => Promise<void>,
): Promise<void> {
  const { db, close }: { db: Kysely<any>; close(): Promise<void> } = await dialect.open();
  try {
    await db.schema.createTable("ot").addColumn("id", "integer", (c) => c.primaryKey())
      .addColumn("name", "varchar(40)", (c) => c.unique())
      .addColumn("password", "varchar(40)").execute();
    await db.insertInto("ot").values({ id: 123456, name: SECRET, password: SECRET }).execute();
    await body(db);
  } finally {
    await close();
  }
}

function recordingLogger(lines: string[]): KyseraLogger {
  const log = (...parts: unknown[]): void => void lines.push(parts.map(show).join(" "));
  return { debug: log, info: log, warn: log, error: log, trace: log, fatal: log } as KyseraLogger;
}

function show(value: unknown): string {
  if (value instanceof Error) return `${value} ${value.stack} ${show(value.cause)}`;
  return typeof value === "string" ? value : JSON.stringify(value) ?? "";
}

/** Queries with the secret in every place that it can stand in. */
async function runAll(db: Kysely<any>): Promise<void> {
  const ot = db.selectFrom("ot");
  const lit = sql.lit(SECRET);
  await ot.selectAll().where("name", "=", lit).execute();
  await ot.select(sql`${lit}`.as("x")).where("id", "=", sql.lit(123456)).execute();
  await ot.selectAll().where("name", "=", SECRET).execute();
  await ot.selectAll().where("name", "in", [SECRET]).execute();
  await sql`select * from ot where name = ${lit} and id = 123456`.execute(db);
  await db.updateTable("ot").set({ password: lit }).where("id", "=", 123456).execute();
  await assert.rejects(db.insertInto("ot").values({ id: 7, name: SECRET }).execute());
  await assert.rejects(sql`insert into ot (id, name) values (8, ${lit})`.execute(db));
}

const isSecret = /hunter2|123456/;

onEveryDialect("values", (dialect) => {
  for (
    const options of [
      {},
      { explainSlow: true, slowQueryThreshold: 0 },
      { explainSlow: "analyze", slowQueryThreshold: 0, warnings: true },
      {
        logParams: true,
        redact: ["password", "name", "id"],
        explainSlow: true,
        slowQueryThreshold: 0,
      },
    ] satisfies DebugOptions[]
  ) {
    it(`are neither logged nor kept: ${JSON.stringify(options)}`, () =>
      inTable(dialect, async (db) => {
        const lines: string[] = [];
        const logger = recordingLogger(lines);
        const debugged = withDebug(db, { ...options, logger });
        const profiler = new QueryProfiler({ slowQueryThreshold: 0 });
        profiler.start();
        try {
          await runAll(debugged);
        } finally {
          profiler.stop();
        }
        assert.ok(lines.length >= 8);
        for (const line of lines) assert.doesNotMatch(line, isSecret);
        for (const record of debugged.getMetrics()) {
          assert.doesNotMatch(show(record), isSecret);
          assert.doesNotMatch(show((record as any).error), isSecret);
        }
        assert.doesNotMatch(JSON.stringify(profiler.getReport()), isSecret);
        for (const { error } of profiler.getSummary().queries as any[]) {
          assert.doesNotMatch(show(error), isSecret);
        }
        const failed = debugged.getMetrics().filter((record: any) => record.error !== undefined);
        assert.equal(failed.length, 2);
        const [{ error }] = failed as any[];
        assert.ok(error.name === new UniqueConstraintError(undefined, undefined, []).name);
        await assert.rejects(
          assertQueries(db, { max: 0 }, async (db) => {
            await db.selectFrom("ot").selectAll().where("name", "=", sql.lit(SECRET)).execute();
          }),
          (error) => !isSecret.test(show(error)) && /"?name"? = \?|`name` = \?/.test(show(error)),
        );
      }));
  }

  it("are shown where they are asked for", () =>
    inTable(dialect, async (db) => {
      const lines: string[] = [];
      await runAll(withDebug(db, { logParams: true, logger: recordingLogger(lines) }));
      assert.ok(lines.filter((line) => isSecret.test(line)).length >= 6);
    }));

  it("of a column are hidden where the option names its table, or is misspelt", () =>
    inTable(dialect, async (db) => {
      for (const redact of [["ot.password"], ["pasword"], ["PassWord_"]]) {
        const lines: string[] = [];
        const debugged = withDebug(db, { logParams: true, redact, logger: recordingLogger(lines) });
        await debugged.selectFrom("ot").select("id").where("password", "=", SECRET).execute();
        await debugged.selectFrom("ot as o").select("o.password as p").groupBy("o.password")
          .having("o.password", "=", SECRET).execute();
        await debugged.selectFrom("ot").select("id").where("id", "=", 4711).execute();
        for (const line of lines) assert.doesNotMatch(line, isSecret);
        assert.deepEqual(debugged.getMetrics().map(({ params }) => params?.[0]), [
          "[redacted]",
          "[redacted]",
          4711,
        ]);
        const warnings = lines.filter((line) =>
          /names "pasword".*did you mean "password"/.test(line)
        );
        assert.equal(warnings.length, redact[0] === "pasword" ? 1 : 0);
      }
      for (const redact of ["password", [""], [7], ["users."], [null]]) {
        assert.throws(
          () => withDebug(db, { logParams: true, redact } as never),
          /"redact" is a list/,
        );
      }
    }));

  it("of redacted columns are hidden under every alias", () =>
    inTable(dialect, async (db) => {
      const lines: string[] = [];
      const debugged = withDebug(db, {
        logParams: true,
        redact: ["password"],
        logger: recordingLogger(lines),
      });
      const renamed = debugged.selectFrom("ot").select(["id", "password as p"]);
      await debugged.selectFrom(renamed.as("d")).select("id").where("p", "=", SECRET).execute();
      await debugged.selectFrom(renamed.as("d")).select(["p as q", "id"]).where("d.p", "=", SECRET)
        .execute();
      await debugged.with("c", () => renamed).selectFrom("c").select("id").where("p", "=", SECRET)
        .execute();
      await debugged.with("c(a, b)", () => renamed as any).selectFrom("c").select("a")
        .where("b", "=", SECRET).execute();
      await debugged.selectFrom(
        debugged.selectFrom("ot").select(sql<string>`upper(password)`.as("up")).as("e"),
      ).select("up").where("up", "=", SECRET).execute();
      await debugged.selectFrom("ot").select("id").where("id", "=", 4711).execute();
      for (const line of lines) assert.doesNotMatch(line, isSecret);
      assert.match(lines.at(-1)!, /4711/);
    }));
});

const [sqlite] = matrix;

describe("spans and warnings", { skip: sqlite?.skip ?? false }, () => {
  it("hold no literals", async () => {
    const { DatabaseSync } = await import("node:sqlite");
    const exporter = new InMemorySpanExporter();
    const tracerProvider = new TracerProvider({
      spanProcessors: [new SimpleSpanProcessor({ exporter })],
    });
    for (const queryText of ["built", "all"] as const) {
      exporter.reset();
      const dialect = nodeSqliteDialect({ database: new DatabaseSync(":memory:") });
      const db = new Kysely<any>({ dialect: traceDialect(dialect, { tracerProvider, queryText }) });
      await db.schema.createTable("ot").addColumn("id", "integer").addColumn("name", "text")
        .addColumn("password", "text").execute();
      await db.selectFrom("ot").select(sql`'SECRET'`.as("x")).where("name", "=", sql.lit(SECRET))
        .where("id", "=", sql.lit(123456)).execute();
      await db.destroy();
      const texts = exporter.getFinishedSpans().map(({ attributes }) =>
        String(attributes["db.query.text"])
      );
      const told = texts.filter((text) => /SECRET|hunter2|123456/.test(text));
      assert.equal(told.length, queryText === "all" ? 1 : 0);
      if (queryText === "built") {
        assert.ok(
          texts.includes('select ? as "x" from "ot" where "name" = ? and "id" = ?'),
          `${texts}`,
        );
      }
    }
  });

  it("assertQueries() says how often a query ran, and takes pages for pages", () =>
    inTable(sqlite!, async (db) => {
      await assert.rejects(
        assertQueries(db, { noNPlusOne: true }, async (db) => {
          for (let id = 0; id < 11; id++) {
            await db.selectFrom("ot").selectAll().where("id", "=", id).execute();
          }
        }),
        /ran 11 times/,
      );
      for (let id = 1; id < 8; id++) {
        await db.insertInto("ot").values({ id, name: `n${id}` }).execute();
      }
      await assertQueries(db, { noNPlusOne: true }, async (db) => {
        let cursor: string | undefined;
        do {
          const query = db.selectFrom("ot").selectAll();
          const page = await paginateCursor(query, {
            orderBy: [{ column: "name" }],
            limit: 1,
            cursor,
          });
          cursor = page.pagination.nextCursor;
        } while (cursor !== undefined);
      });
    }));
});
