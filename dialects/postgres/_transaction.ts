import type { TransactionSettings } from "kysely";

/**
 * The SQL that says how a transaction behaves, such as `isolation level serializable read only`;
 * empty if nothing was asked for. Kysely has checked the settings against its lists.
 */
export function transactionModes(settings: TransactionSettings): string {
  const modes: string[] = [];
  if (settings.isolationLevel) modes.push(`isolation level ${settings.isolationLevel}`);
  if (settings.accessMode) modes.push(settings.accessMode);
  return modes.join(" ");
}
