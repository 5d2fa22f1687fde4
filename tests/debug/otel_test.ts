import { traceDialect, type TraceOptions } from "@kysera/debug/otel";
import { context, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { type DatabaseConnection, type Dialect, type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { onEveryDialect, type TestDialect } from "../support/matrix.ts";

before(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
});
after(() => {
  context.disable();
});

async function open(dialect: TestDialect, options: TraceOptions = {}) {
  const spans = new InMemorySpanExporter();
  const tracerProvider = new TracerProvider({
    spanProcessors: [new SimpleSpanProcessor({ exporter: spans })],
  });
  const metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({
    exporter: metrics,
    exportIntervalMillis: 1_000_000,
    exportTimeoutMillis: 1_000,
  });
  const meterProvider = new MeterProvider({ readers: [reader] });
  const { db, close } = await dialect.open({
    wrap: (real) => traceDialect(real, { tracerProvider, meterProvider, ...options }),
  });
  await db.schema.createTable("users")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("name", "varchar(100)")
    .execute();
  spans.reset();
  return {
    db: db as Kysely<{ users: { id: number; name: string } }>,
    tracer: tracerProvider.getTracer("test"),
    finished: () => spans.getFinishedSpans(),
    async durations() {
      await reader.forceFlush();
      return metrics.getMetrics().at(-1)!.scopeMetrics[0]!.metrics[0]!;
    },
    async close() {
      await close();
      await meterProvider.shutdown();
    },
  };
}

const SYSTEM = { sqlite: "sqlite", postgres: "postgresql", mysql: "mysql" };

onEveryDialect("traceDialect()", (dialect) => {
  it("has the span of a call active while the driver works, and only then", async () => {
    for (const driverSpans of ["nested", "none"] as const) {
      const spans = new InMemorySpanExporter();
      const tracerProvider = new TracerProvider({
        spanProcessors: [new SimpleSpanProcessor({ exporter: spans })],
      });
      const tracer = tracerProvider.getTracer("driver");
      // As an instrumentation of a driver does.
      const instrumented = (real: Dialect): Dialect => {
        const driver = real.createDriver();
        const begin = driver.beginTransaction.bind(driver);
        driver.beginTransaction = async (...args) => {
          tracer.startSpan("driver begin").end();
          await begin(...args);
        };
        const acquire = driver.acquireConnection.bind(driver);
        const known = new WeakMap<DatabaseConnection, DatabaseConnection>();
        driver.acquireConnection = async (...args) => {
          const connection = await acquire(...args);
          const own = known.get(connection) ?? new Proxy(connection, {
            get(target, key) {
              const value: unknown = Reflect.get(target, key, target);
              if (typeof value !== "function") return value;
              return (...args: unknown[]) => {
                if (key === "executeQuery") tracer.startSpan("driver query").end();
                return value.apply(target, args);
              };
            },
          });
          known.set(connection, own);
          return own;
        };
        return {
          createAdapter: () => real.createAdapter(),
          createIntrospector: (db) => real.createIntrospector(db),
          createQueryCompiler: () => real.createQueryCompiler(),
          createDriver: () => driver,
        };
      };
      const { db, close } = await dialect.open({
        wrap: (real) => traceDialect(instrumented(real), { tracerProvider, driverSpans }),
      });
      try {
        await sql`select 1`.execute(db);
        spans.reset();
        await tracer.startActiveSpan("request", async (request) => {
          await db.transaction().execute(async (trx) => {
            await sql`select 2`.execute(trx);
            assert.equal(trace.getSpan(context.active()), request);
          });
          request.end();
        });
        const finished = spans.getFinishedSpans();
        const byId = new Map(finished.map((span) => [span.spanContext().spanId, span]));
        const parents = finished.filter(({ name }) => name.startsWith("driver"))
          .map(({ parentSpanContext }) => byId.get(parentSpanContext?.spanId ?? "")?.name);
        if (driverSpans === "none") assert.deepEqual(parents, []);
        else {
          assert.ok(parents.length >= 2);
          for (const parent of parents) {
            const isInner = parent !== undefined && !["request", "transaction"].includes(parent);
            assert.ok(isInner, String(parent));
          }
          assert.ok(parents.includes("BEGIN"));
        }
      } finally {
        await close();
      }
    }
  });

  it("refuses options that have no such value", () => {
    const real = {} as Dialect;
    for (const wrong of [{ driverSpans: "off" }, { comment: { traceparent: true } }]) {
      assert.throws(() => traceDialect(real, wrong as never), TypeError);
    }
    assert.throws(
      () => traceDialect(real, { comment: { traceparent: true } } as never),
      /the option for the span is traceparent: true/,
    );
  });

  it("makes a client span of each query, by the semantic conventions", async () => {
    const { db, finished, durations, close } = await open(dialect, {
      namespace: "shop",
      serverAddress: "db.internal",
      serverPort: 5433,
    });
    try {
      await db.insertInto("users").values({ id: 1, name: "hunter2" }).execute();
      const insert = finished().find(({ name }) => name === "INSERT users")!;
      assert.equal(insert.kind, SpanKind.CLIENT);
      const { "db.query.text": text, ...attributes } = insert.attributes;
      assert.match(String(text), /^insert into .*users/);
      assert.deepEqual(attributes, {
        "db.system.name": SYSTEM[dialect.dialect],
        "db.namespace": "shop",
        "server.address": "db.internal",
        "server.port": 5433,
        "db.operation.name": "INSERT",
        "db.collection.name": "users",
        "db.query.summary": "INSERT users",
      });

      await sql`select 'hunter2' as x`.execute(db);
      const duplicate = db.insertInto("users").values({ id: 1, name: "hunter2" }).execute();
      await assert.rejects(duplicate);
      const failed = finished().at(-1)!;
      assert.equal(failed.status.code, SpanStatusCode.ERROR);
      const status = { sqlite: /./, postgres: /^23505$/, mysql: /^23000$/ }[dialect.dialect];
      assert.match(String(failed.attributes["db.response.status_code"]), status);
      assert.equal(failed.attributes["error.type"], failed.attributes["db.response.status_code"]);
      const told = finished().map((span) => [span.name, span.attributes, span.status, span.events]);
      assert.doesNotMatch(JSON.stringify(told), /hunter2/);

      const { descriptor, dataPoints } = await durations();
      assert.equal(descriptor.name, "db.client.operation.duration");
      assert.equal(descriptor.unit, "s");
      const inserts = dataPoints.filter(({ attributes }) =>
        attributes["db.operation.name"] === "INSERT"
      );
      assert.deepEqual(
        inserts.map(({ attributes, value }) => [
          attributes["error.type"] !== undefined,
          (value as { count: number }).count,
        ]).sort(),
        [[false, 1], [true, 1]],
      );
      assert.ok(
        inserts.every(({ value }) => (value as { sum?: number }).sum! < 10),
        "seconds, not milliseconds",
      );
    } finally {
      await close();
    }
  });

  it("puts a transaction's queries under one span, and under the application's own", async () => {
    const { db, finished, tracer, close } = await open(dialect);
    try {
      await tracer.startActiveSpan("request", async (request) => {
        await db.transaction().execute(async (trx) => {
          await trx.insertInto("users").values({ id: 1, name: "a" }).execute();
          await tracer.startActiveSpan("step", async (step) => {
            await trx.selectFrom("users").selectAll().execute();
            step.end();
          });
        });
        request.end();
      });
      await assert.rejects(
        db.transaction().execute(() => Promise.reject(new Error("no"))),
        { message: "no" },
      );
      const spans = finished();
      const named = (name: string) => spans.filter((span) => span.name === name);
      const [committed, rolledBack] = named("transaction");
      const parentOf = (name: string) => named(name)[0]?.parentSpanContext?.spanId;
      assert.equal(parentOf("transaction"), named("request")[0]?.spanContext().spanId);
      for (const name of ["BEGIN", "INSERT users", "COMMIT"]) {
        assert.equal(parentOf(name), committed?.spanContext().spanId, name);
      }
      assert.equal(parentOf("SELECT users"), named("step")[0]?.spanContext().spanId);
      assert.equal(committed?.attributes["kysera.transaction.outcome"], "committed");
      assert.equal(rolledBack?.attributes["kysera.transaction.outcome"], "rolled back");
      assert.equal(parentOf("ROLLBACK"), rolledBack?.spanContext().spanId);
    } finally {
      await close();
    }
  });

  it("sends tags with each query, and tells the span where it is asked to", async () => {
    const sent: string[] = [];
    const { db, finished, close } = await open({
      ...dialect,
      open: (options) =>
        dialect.open({
          wrap: (real) =>
            options!.wrap!({
              ...methodsOf(real),
              createDriver() {
                const driver = real.createDriver();
                const acquire = driver.acquireConnection.bind(driver);
                driver.acquireConnection = async (...rest) => {
                  const connection = await acquire(...rest);
                  return new Proxy(connection, {
                    get(target, key) {
                      const value: unknown = Reflect.get(target, key, target);
                      if (key !== "executeQuery") {
                        return typeof value === "function" ? value.bind(target) : value;
                      }
                      return (query: { sql: string }, ...rest: []) => {
                        sent.push(query.sql);
                        return target.executeQuery(query as never, ...rest);
                      };
                    },
                  });
                };
                return driver;
              },
            }),
        }),
    }, { comment: { application: "shop" }, traceparent: true });
    try {
      sent.length = 0;
      await db.selectFrom("users").selectAll().execute();
      const { traceId, spanId } = finished().at(-1)!.spanContext();
      assert.ok(
        sent[0]!.endsWith(` /*application='shop',traceparent='00-${traceId}-${spanId}-01'*/`),
        String(sent[0]),
      );
    } finally {
      await close();
    }
  });
});

function methodsOf(dialect: Parameters<typeof traceDialect>[0]) {
  return {
    createAdapter: () => dialect.createAdapter(),
    createIntrospector: (db: Kysely<any>) => dialect.createIntrospector(db),
    createQueryCompiler: () => dialect.createQueryCompiler(),
  };
}

onEveryDialect("traceDialect()", (dialect) => {
  it("makes one span of a stream, also where it is left early", async () => {
    const { db, finished, close } = await open(dialect);
    try {
      await db.insertInto("users").values([1, 2, 3].map((id) => ({ id, name: "a" }))).execute();
      for await (const row of db.selectFrom("users").selectAll().stream(1)) {
        assert.ok(row.id);
        break;
      }
      assert.equal(finished().filter(({ name }) => name === "SELECT users").length, 1);
    } finally {
      await close();
    }
  });
}, ["sqlite", "postgres", "mysql"]);

describe("traceDialect()", () => {
  it("refuses an option that is unknown", () => {
    assert.throws(() => traceDialect({} as never, { sytem: "x" } as object), /no option "sytem"/);
  });

  it("does nothing where no SDK is registered", () => {
    assert.equal(trace.getActiveSpan(), undefined);
  });
});
