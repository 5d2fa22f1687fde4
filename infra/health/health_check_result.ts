import type { PoolMetrics } from "../pool/pool_metrics.ts";

/** How a database does. `degraded`: it works, and somebody should look. */
export type HealthStatus = "healthy" | "degraded" | "unhealthy";

/** One of the things that were looked at. */
export interface HealthCheck {
  /** What was looked at: `Database Connection`, `Connection Pool`. */
  readonly name: string;
  /** How it does. */
  readonly status: HealthStatus;
  /** More about it, free of names of hosts and of values. */
  readonly message: string;
}

/** What was measured. */
export interface HealthMetrics {
  /** How long the database took to answer, in ms; also of an answer that came too late or failed. */
  readonly checkLatency: number;
  /** What the database says it is, where `verbose` asked for that. */
  readonly databaseVersion?: string | undefined;
  /** How the pool is used, where one was given. */
  readonly poolMetrics?: PoolMetrics | undefined;
}

/** What a health check found. */
export interface HealthCheckResult {
  /** The worst of the checks. */
  readonly status: HealthStatus;
  /** What was looked at. */
  readonly checks: readonly HealthCheck[];
  /** What went wrong; not there where nothing did. */
  readonly errors?: readonly string[] | undefined;
  /** What was measured. */
  readonly metrics: HealthMetrics;
  /** When the check began. */
  readonly timestamp: Date;
}

const ORDER: readonly HealthStatus[] = ["healthy", "degraded", "unhealthy"];

/** Returns the worst of several. */
export function worst(statuses: readonly HealthStatus[]): HealthStatus {
  return ORDER[Math.max(0, ...statuses.map((status) => ORDER.indexOf(status)))]!;
}
