import { assertKnownOptions } from "@kysera/core";
import type { MeterProvider, TracerProvider } from "@opentelemetry/api";
import type { Dialect } from "kysely";
import { Telemetry } from "./_telemetry.ts";
import { TracedDriver } from "./_traced_driver.ts";

/** Options of {@linkcode traceDialect}. */
export interface TraceOptions {
  /** `db.system.name`. Default: that of the dialect; MariaDB cannot be told from `"mysql"`. */
  readonly system?:
    | "postgresql"
    | "mysql"
    | "mariadb"
    | "sqlite"
    | "microsoft.sql_server"
    | undefined;
  /** `db.namespace`: the name of the database, and of its schema where it matters. */
  readonly namespace?: string | undefined;
  /** `server.address`. */
  readonly serverAddress?: string | undefined;
  /** `server.port`, where it is not the usual one. */
  readonly serverPort?: number | undefined;
  /**
   * Whether `db.query.text` is set: for queries that builders made, which hold no values
   * (`"built"`), for raw SQL as well, which may (`"all"`), or not at all. Default `"built"`.
   */
  readonly queryText?: "built" | "all" | "none" | undefined;
  /** Tags for the database's own logs, as a comment behind each query: {@linkcode addSqlComment}. */
  readonly comment?: Readonly<Record<string, string>> | undefined;
  /**
   * Whether the comment tells the span too. Then no two texts of a query are the same, and nothing
   * that is kept by text (prepared statements) is found again. Default `false`.
   */
  readonly traceparent?: boolean | undefined;
  /**
   * How spans are treated that the driver's own instrumentation
   * (`@opentelemetry/instrumentation-pg`) makes of the same calls: they stand under those of the
   * dialect (`"nested"`), or are not recorded (`"none"`). Default `"nested"`.
   */
  readonly driverSpans?: "nested" | "none" | undefined;
  /** Where spans go. Default: the global provider. */
  readonly tracerProvider?: TracerProvider | undefined;
  /** Where the histogram goes. Default: the global provider. */
  readonly meterProvider?: MeterProvider | undefined;
}

const OPTIONS: readonly (keyof TraceOptions)[] = [
  "system",
  "namespace",
  "serverAddress",
  "serverPort",
  "queryText",
  "comment",
  "traceparent",
  "driverSpans",
  "tracerProvider",
  "meterProvider",
];

/**
 * Returns a dialect that tells OpenTelemetry of everything that is sent to the database: a client
 * span for each query and stream, BEGIN, COMMIT, ROLLBACK and savepoint, a span round each
 * transaction, and the histogram `db.client.operation.duration`, in seconds. Names and attributes
 * are those of the stable semantic conventions for databases. Values of parameters are never told.
 *
 * @param dialect the dialect
 * @param options see {@linkcode TraceOptions}
 * @returns the dialect, for `new Kysely({ dialect })`
 * @throws {TypeError} for an unknown option, or one with a value that it cannot have
 *
 * @example
 * ```ts ignore
 * import { traceDialect } from "@kysera/debug/otel";
 *
 * const db = new Kysely<Database>({
 *   dialect: traceDialect(pgDialect({ pool }), {
 *     namespace: "shop",
 *     serverAddress: "db.internal",
 *     comment: { application: "checkout" },
 *   }),
 * });
 * ```
 */
export function traceDialect(dialect: Dialect, options: TraceOptions = {}): Dialect {
  assertKnownOptions(options, OPTIONS, { action: "trace dialect", makeError: TypeError });
  const { driverSpans = "nested", comment = {} } = options;
  if (driverSpans !== "nested" && driverSpans !== "none") {
    throw new TypeError('Cannot trace dialect: the option "driverSpans" is "nested" or "none"');
  }
  for (const [tag, value] of Object.entries(comment)) {
    if (typeof value === "string") continue;
    throw new TypeError(
      `Cannot trace dialect: "comment.${tag}" is a ${typeof value}, and must be text` +
        (tag === "traceparent" ? "; the option for the span is traceparent: true" : ""),
    );
  }
  const telemetry = new Telemetry(dialect.createAdapter(), options);
  return {
    createAdapter: () => dialect.createAdapter(),
    createIntrospector: (db) => dialect.createIntrospector(db),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createDriver: () => new TracedDriver(dialect.createDriver(), telemetry),
  };
}
