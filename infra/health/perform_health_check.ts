import { BadRequestError, isKysely, type KyseraLogger } from "@kysera/core";
import type { Kysely } from "kysely";
import {
  abortSignal,
  type Check,
  checkOptions,
  clock as clockCheck,
  flag,
  logger as loggerCheck,
  ms,
  someMs,
  something,
} from "../_options.ts";
import { safeLogger } from "../_safe_logger.ts";
import { type Clock, systemClock } from "../clock/clock.ts";
import type { DatabasePool } from "../pool/pool_metrics.ts";
import { type ProbeSettings, startProbe } from "./_probe.ts";
import type { HealthCheckResult } from "./health_check_result.ts";

/** Options of {@linkcode performHealthCheck}. An option that is not one of these is an error. */
export interface HealthCheckOptions {
  /** The driver's pool, to look at as well. */
  readonly pool?: DatabasePool | undefined;
  /** Whether to ask for the database's version. Default false. */
  readonly verbose?: boolean | undefined;
  /** How long the database may take to answer, in ms. Default 5,000. */
  readonly timeout?: number | undefined;
  /** From how many ms on an answer counts as degraded. Default 100. */
  readonly degradedAfter?: number | undefined;
  /** From how many ms on an answer counts as unhealthy. Default 500. */
  readonly unhealthyAfter?: number | undefined;
  /** Told of what the driver threw, which the result does not hold. */
  readonly logger?: KyseraLogger | undefined;
  /** Ends the check with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Where time and timers come from. Default {@linkcode systemClock}. */
  readonly clock?: Clock | undefined;
}

/** The options, for others that have more of them. */
export const HEALTH_CHECKS: Readonly<Record<string, Check>> = {
  pool: something,
  verbose: flag,
  timeout: someMs,
  degradedAfter: ms,
  unhealthyAfter: ms,
  logger: loggerCheck,
  signal: abortSignal,
  clock: clockCheck,
};

/** Fills in what was left out. */
export function probeSettings(options: HealthCheckOptions): ProbeSettings {
  const { degradedAfter = 100 } = options;
  return {
    pool: options.pool,
    verbose: options.verbose ?? false,
    timeout: options.timeout ?? 5_000,
    degradedAfter,
    unhealthyAfter: options.unhealthyAfter ?? Math.max(500, degradedAfter),
    logger: safeLogger(options.logger),
    signal: options.signal,
    clock: options.clock ?? systemClock,
  };
}

/** @throws {BadRequestError} where the value is not a database */
export function mustBeDatabase(db: unknown, action: string): void {
  if (isKysely(db) && !db.isTransaction) return;
  throw new BadRequestError(
    `Cannot ${action}: the first argument is not a database; give a Kysely or an executor`,
  );
}

/**
 * Asks a database whether it is there, and how soon it answers. It goes past the plugins of an
 * executor.
 *
 * @param db the database, or an executor
 * @param options see {@linkcode HealthCheckOptions}
 * @returns what was found; a database that is not there is a result, not an error
 * @throws {BadRequestError} for an unknown option, or where `db` is not a database
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { performHealthCheck } from "@kysera/infra";
 * import { Kysely } from "kysely";
 * import { DatabaseSync } from "node:sqlite";
 * import assert from "node:assert/strict";
 *
 * const db = new Kysely<Record<string, never>>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const { status, metrics } = await performHealthCheck(db, { verbose: true });
 * assert.equal(status, "healthy");
 * assert.match(metrics.databaseVersion ?? "", /^3[.]/);
 * await db.destroy();
 * ```
 */
export async function performHealthCheck(
  db: Kysely<any>,
  options: HealthCheckOptions = {},
): Promise<HealthCheckResult> {
  checkOptions("check the database", options, HEALTH_CHECKS);
  mustBeDatabase(db, "check the database");
  options.signal?.throwIfAborted();
  return await startProbe(db, probeSettings(options)).result;
}
