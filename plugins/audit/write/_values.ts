import type { QueryScope } from "@kysera/executor";
import type { Settings } from "../contract/_settings.ts";
import { AuditActorError, AuditError } from "../contract/errors.ts";
import type { AuditScope } from "../contract/options.ts";
import type { SharedValues } from "../strategies/common/_log.ts";

/**
 * Asks the options who, when and why.
 *
 * @returns `undefined` where the write is one that nobody is known to do, and such are left out
 * @throws {AuditActorError} where somebody must be known
 */
export async function sharedValues(
  settings: Settings,
  { context, metadata, dialect }: QueryScope,
  tables: readonly string[],
): Promise<SharedValues | undefined> {
  const scope: AuditScope = { context, metadata, dialect, tables };
  const asked = settings.getUserId(scope);
  // Nothing is waited for where there is nothing to wait for.
  const user = asked instanceof Promise ? await asked : asked;
  const actor = user === null || user === undefined || user === "" ? null : String(user);
  if (actor === null) {
    if (settings.actorRequired) throw new AuditActorError(tables[0] ?? "");
    if (settings.skipSystemOperations) return undefined;
  }
  const { metadata: more } = settings;
  const details = typeof more === "function" ? more(scope) : more;
  return {
    actor,
    at: timeOf(settings.getTimestamp()),
    metadata: details === null || details === undefined ? null : JSON.stringify(details),
    request: settings.requestId(scope) ?? null,
  };
}

function timeOf(time: Date | string): string {
  if (typeof time === "string") return time;
  if (time instanceof Date && !Number.isNaN(time.getTime())) return time.toISOString();
  throw new AuditError(
    `Cannot tell when a write happens: "getTimestamp" returned ${String(time)}; return a Date`,
    "AUDIT_INVALID_VALUE",
  );
}
