import { detectDialect, type Dialect, parseDatabaseError } from "@kysera/core";
import {
  type Attributes,
  type Context,
  context,
  createContextKey,
  type Histogram,
  metrics,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import type { CompiledQuery, DialectAdapter } from "kysely";
import { withoutLiterals } from "../format/_without_literals.ts";
import { summarize } from "../query_summary.ts";
import { addSqlComment } from "./sql_comment.ts";
import type { TraceOptions } from "./trace_dialect.ts";

const NAME = "@kysera/debug";
const VERSION = "0.9.0";
const SYSTEMS = {
  postgres: "postgresql",
  mysql: "mysql",
  sqlite: "sqlite",
  mssql: "microsoft.sql_server",
} as const;
/** What the conventions advise for `db.client.operation.duration`, in seconds. */
const BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

/** The key by which `suppressTracing()` of `@opentelemetry/core` keeps SDKs from recording spans. */
const SUPPRESSED: symbol = createContextKey("OpenTelemetry SDK Context Key SUPPRESS_TRACING");

/** One call of the database, while it runs. */
export interface Operation {
  readonly span: Span;
  readonly attributes: Attributes;
  readonly start: number;
}

/** Makes spans and measures. */
export class Telemetry {
  readonly #tracer: Tracer;
  readonly #durations: Histogram;
  readonly #common: Attributes;
  readonly #options: TraceOptions;
  readonly #dialect: Dialect;

  constructor(adapter: DialectAdapter, options: TraceOptions) {
    const { tracerProvider, meterProvider } = options;
    this.#options = options;
    this.#dialect = detectDialect(adapter);
    this.#tracer = (tracerProvider ?? trace.getTracerProvider()).getTracer(NAME, VERSION);
    this.#durations = (meterProvider ?? metrics.getMeterProvider()).getMeter(NAME, VERSION)
      .createHistogram("db.client.operation.duration", {
        description: "Duration of database client operations.",
        unit: "s",
        advice: { explicitBucketBoundaries: BUCKETS },
      });
    this.#common = present({
      "db.system.name": options.system ?? SYSTEMS[this.#dialect],
      "db.namespace": options.namespace,
      "server.address": options.serverAddress,
      "server.port": options.serverPort,
    });
  }

  /** The span of a transaction: what the application does, not a call. */
  transaction(): Span {
    return this.#tracer.startSpan("transaction", { attributes: this.#common });
  }

  /** Begins a call that has no query of its own: BEGIN, COMMIT, .. */
  control(operation: string, parent: Span | undefined): Operation {
    return this.#begin(operation, present({ "db.operation.name": operation }), {}, parent);
  }

  /** Begins a query. */
  query(query: CompiledQuery, parent: Span | undefined): Operation {
    const { operation, tables, text } = summarize(query);
    const { queryText = "built" } = this.#options;
    const isTold = queryText === "all" || (queryText === "built" && query.query.kind !== "RawNode");
    return this.#begin(
      text,
      present({
        "db.operation.name": operation,
        "db.collection.name": tables.length === 1 ? tables[0] : undefined,
        "db.query.summary": text,
      }),
      present({ "db.query.text": isTold ? this.#textOf(query) : undefined }),
      parent,
    );
  }

  #textOf({ sql }: CompiledQuery): string {
    return this.#options.queryText === "all" ? sql : withoutLiterals(sql, this.#dialect);
  }

  /** A query with its comment. */
  commented(query: CompiledQuery, { span }: Operation): CompiledQuery {
    const { comment, traceparent = false } = this.#options;
    if (comment === undefined && !traceparent) return query;
    const sql = addSqlComment(query.sql, {
      ...comment,
      ...(traceparent ? { traceparent: parentOf(span) } : {}),
    });
    return { ...query, parameters: query.parameters, sql };
  }

  /**
   * Runs a call of the driver with its span as the active one, so that spans of the driver's own
   * instrumentation stand under it, or with none of these.
   */
  within<T>({ span }: Operation, call: () => T): T {
    const active = trace.setSpan(context.active(), span);
    const { driverSpans = "nested" } = this.#options;
    return context.with(driverSpans === "none" ? active.setValue(SUPPRESSED, true) : active, call);
  }

  /** Ends a call. */
  end({ span, attributes, start }: Operation, failure?: { readonly error: unknown }): void {
    let outcome: Attributes = {};
    if (failure !== undefined) {
      outcome = this.#failure(failure.error);
      span.setAttributes(outcome);
      const { error } = failure;
      // The messages of databases may hold values.
      span.setStatus({ code: SpanStatusCode.ERROR, message: String(outcome["error.type"]) });
      if (error instanceof Error) span.addEvent("exception", { "exception.type": error.name });
    }
    span.end();
    this.#durations.record((performance.now() - start) / 1_000, { ...attributes, ...outcome });
  }

  #begin(name: string, own: Attributes, more: Attributes, parent: Span | undefined): Operation {
    const attributes = { ...this.#common, ...own };
    const span = this.#tracer.startSpan(
      name,
      { kind: SpanKind.CLIENT, attributes: { ...attributes, ...more } },
      contextOf(parent),
    );
    return { span, attributes, start: performance.now() };
  }

  #failure(error: unknown): Attributes {
    const parsed = parseDatabaseError(error, this.#dialect);
    const { code, errno } = (typeof error === "object" && error !== null ? error : {}) as {
      code?: unknown;
      errno?: unknown;
    };
    const status = parsed.sqlState ?? (typeof errno === "number" ? errno : undefined) ?? code;
    return present({
      "db.response.status_code": status === undefined ? undefined : String(status),
      "error.type": status === undefined
        ? error instanceof Error ? error.name : "_OTHER"
        : String(status),
    });
  }
}

/** Whoever began a span of his own within the transaction wants the query there. */
function contextOf(parent: Span | undefined): Context {
  return parent === undefined ? context.active() : trace.setSpan(context.active(), parent);
}

function parentOf(span: Span): string {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;
}

function present(attributes: Record<string, string | number | undefined>): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).filter(([, value]) => value !== undefined),
  ) as Attributes;
}
