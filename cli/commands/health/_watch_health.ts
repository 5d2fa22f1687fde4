import { checkDatabaseHealth, type HealthCheckResult } from "@kysera/infra";
import { appendFile } from "node:fs/promises";
import type { Kysely } from "kysely";
import type { Context } from "../../program/_context.ts";
import type { Colors } from "../../terminal/_colors.ts";

/** How a database is asked again and again. */
export interface WatchRequest {
  readonly db: Kysely<any>;
  /** How long between two questions, in milliseconds. */
  readonly interval: number;
  /** A file that each answer is added to, as a line of JSON. */
  readonly log: string | undefined;
}

/** Asks the database until the process is interrupted, and prints a line for each answer. */
export async function watchHealth(
  context: Context,
  { db, interval, log }: WatchRequest,
): Promise<never> {
  for (;;) {
    const result = await checkDatabaseHealth(db);
    const json = JSON.stringify(result);
    const line = context.shared.json ? json : healthText(result, context.colors);
    await context.host.stdout.write(`${line}\n`);
    if (log !== undefined) await appendFile(log, `${json}\n`);
    await new Promise((resolve) => setTimeout(resolve, interval));
  }
}

/** Shows an answer as a line. */
export function healthText(result: HealthCheckResult, { green, red, yellow }: Colors): string {
  const paint = { healthy: green, degraded: yellow, unhealthy: red }[result.status];
  const checks = result.checks.map(({ name, message }) => `${name}: ${message}`);
  return `${result.timestamp.toISOString()} ${paint(result.status)} (${checks.join("; ")})`;
}
