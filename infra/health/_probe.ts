import { detectDialect, parseDatabaseError } from "@kysera/core";
import { getRawDb } from "@kysera/executor";
import { type Kysely, sql } from "kysely";
import type { SafeLogger } from "../_safe_logger.ts";
import type { Clock } from "../clock/clock.ts";
import { getPoolMetrics } from "../pool/get_pool_metrics.ts";
import type { DatabasePool } from "../pool/pool_metrics.ts";
import { TimeoutError } from "../resilience/errors.ts";
import { withTimeout } from "../resilience/with_timeout.ts";
import { type HealthCheck, type HealthCheckResult, worst } from "./health_check_result.ts";

/** How to check, with nothing left out. */
export interface ProbeSettings {
  readonly pool: DatabasePool | undefined;
  readonly verbose: boolean;
  readonly timeout: number;
  readonly degradedAfter: number;
  readonly unhealthyAfter: number;
  readonly logger: SafeLogger;
  readonly signal: AbortSignal | undefined;
  readonly clock: Clock;
}

/** A check that has begun. */
export interface Probe {
  readonly startedAt: number;
  /** What it finds, in time. */
  readonly result: Promise<HealthCheckResult>;
  /** Whether the database has answered, be it too late. */
  settled: boolean;
}

/** Begins a check. What it finds is never a rejection, except the signal's. */
export function startProbe(db: Kysely<any>, settings: ProbeSettings): Probe {
  const { clock } = settings;
  const startedAt = clock.now();
  const timestamp = new Date(clock.time());
  const asked = { version: undefined as string | undefined };
  const ask = async (): Promise<void> => {
    try {
      await askDatabase(db, settings.verbose, asked);
    } finally {
      probe.settled = true;
    }
  };
  const result = async (): Promise<HealthCheckResult> => {
    const { signal, timeout } = settings;
    let error: { readonly thrown: unknown } | undefined;
    try {
      await withTimeout(ask, timeout, { signal, clock });
    } catch (thrown) {
      signal?.throwIfAborted();
      error = { thrown };
    }
    const latency = clock.now() - startedAt;
    return judge(db, settings, { latency, version: asked.version, error, timestamp });
  };
  const probe: Probe = { startedAt, settled: false, result: Promise.resolve().then(result) };
  return probe;
}

/** What is said where the answer to the check before has not come yet. */
export function stillWaiting(settings: ProbeSettings, waited: number): HealthCheckResult {
  const { clock, pool } = settings;
  const timestamp = new Date(clock.time());
  const message = "Cannot check the database: it has not answered the check before this one";
  const checks = [connection("unhealthy", message), ...poolChecks(pool).checks];
  return {
    status: "unhealthy",
    checks,
    errors: [message],
    metrics: { checkLatency: waited, ...poolChecks(pool).metrics },
    timestamp,
  };
}

/**
 * Past the plugins: a health check is nobody's query, and RLS has no caller to ask about. Without a
 * signal: Kysely would stop to wait, and nobody would know when the database has answered.
 */
async function askDatabase(
  db: Kysely<any>,
  verbose: boolean,
  asked: { version: string | undefined },
): Promise<void> {
  const raw = getRawDb<any>(db).withoutPlugins();
  await sql`select 1`.execute(raw);
  if (!verbose) return;
  const dialect = detectDialect(raw);
  const version = dialect === "sqlite"
    ? sql<{ version: string }>`select sqlite_version() as version`
    : dialect === "mssql"
    ? sql<{ version: string }>`select @@version as version`
    : sql<{ version: string }>`select version() as version`;
  asked.version = (await version.execute(raw)).rows[0]?.version;
}

interface Found {
  readonly latency: number;
  readonly version: string | undefined;
  readonly error: { readonly thrown: unknown } | undefined;
  readonly timestamp: Date;
}

function judge(db: Kysely<any>, settings: ProbeSettings, found: Found): HealthCheckResult {
  const { latency, version, error } = found;
  const errors = error === undefined ? [] : [inWords(db, settings, error.thrown)];
  const { checks, metrics } = poolChecks(settings.pool);
  const all = [
    errors.length > 0
      ? connection("unhealthy", errors[0]!)
      : connection(byLatency(latency, settings), `The database answered in ${round(latency)} ms`),
    ...checks,
  ];
  return {
    status: worst(all.map((check) => check.status)),
    checks: all,
    ...errors.length > 0 ? { errors } : {},
    metrics: {
      checkLatency: latency,
      ...version === undefined ? {} : { databaseVersion: version },
      ...metrics,
    },
    timestamp: found.timestamp,
  };
}

function byLatency(latency: number, settings: ProbeSettings): HealthCheck["status"] {
  if (latency >= settings.unhealthyAfter) return "unhealthy";
  return latency >= settings.degradedAfter ? "degraded" : "healthy";
}

function poolChecks(
  pool: DatabasePool | undefined,
): { checks: HealthCheck[]; metrics: { poolMetrics?: ReturnType<typeof getPoolMetrics> } } {
  if (pool === undefined) return { checks: [], metrics: {} };
  const name = "Connection Pool";
  const gauges = gaugesOf(pool);
  if (gauges === undefined) {
    return {
      checks: [{ name, status: "healthy", message: "The pool has no gauges" }],
      metrics: {},
    };
  }
  const { active, total, waiting, max } = gauges;
  const check: HealthCheck = {
    name,
    status: waiting > 0 ? "degraded" : "healthy",
    message: `${active} of ${max ?? total} connections are in use, and ${waiting} callers wait`,
  };
  return { checks: [check], metrics: { poolMetrics: gauges } };
}

/** A pool that cannot be read says nothing about the database. */
function gaugesOf(pool: DatabasePool): ReturnType<typeof getPoolMetrics> {
  try {
    return getPoolMetrics(pool);
  } catch {
    return undefined;
  }
}

/** What may be shown to anybody: a driver's own message may name hosts and users. */
function inWords(db: Kysely<any>, { logger, timeout }: ProbeSettings, thrown: unknown): string {
  logger.error("The health check of the database failed", thrown);
  if (thrown instanceof TimeoutError) {
    return `Cannot reach the database: it has not answered within ${timeout} ms`;
  }
  return parseDatabaseError(thrown, detectDialect(db)).message;
}

function connection(status: HealthCheck["status"], message: string): HealthCheck {
  return { name: "Database Connection", status, message };
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
