import { refusal } from "../../contract/_cli_error.ts";
import type { Relation } from "../_catalog.ts";

/**
 * Throws if the writes of a table leave no trace.
 *
 * @throws {CliError} if the audit plugin is not there, or does not audit the table
 */
export function assertAudited({ name, kind, rules }: Relation): void {
  if (kind === "table" && rules.some((rule) => rule.startsWith("@kysera/audit: "))) return;
  throw refusal(`Cannot write "${name}": its writes are not audited`, {
    hint: "Add the plugin of @kysera/audit to the executor of the configuration.",
  });
}

/**
 * Throws if too many rows were changed, so that the transaction is rolled back.
 *
 * @throws {CliError} if they were
 */
export function assertFew(count: number, maxRows: number): void {
  if (count <= maxRows) return;
  throw refusal(`${count} rows would be changed, and ${maxRows} are allowed: none was`);
}
