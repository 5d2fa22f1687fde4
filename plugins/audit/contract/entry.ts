/**
 * What an entry of the audit log is.
 *
 * @module
 */
import type { JsonValue } from "../sql/_json.ts";

export type { JsonValue } from "../sql/_json.ts";

/** What happened to a row. Besides these there is what a trigger of your own may have written. */
export type AuditOperation = "INSERT" | "UPDATE" | "DELETE" | "SOFT_DELETE" | "RESTORE";

/** The values of a row, by column, as {@linkcode AuditEntry} holds them. */
export type AuditValues = Readonly<Record<string, JsonValue>>;

/** A column of an entry that holds values. */
export type ValuesColumn = "old_values" | "new_values" | "metadata";

/** An entry of the audit log, its values read: whole numbers that are not safe are bigints. */
export interface AuditEntry {
  /** The entry's own number: later entries have higher ones. */
  readonly id: number | bigint;
  /** The table, as the database names it; with its schema where its name alone does not find it. */
  readonly table_name: string;
  /** The row's key as text; of a composite key a JSON list. Null where the table has none. */
  readonly entity_id: string | null;
  /** What happened. */
  readonly operation: AuditOperation;
  /** The row as it was; null where there was none, or it was not kept. */
  readonly old_values: AuditValues | null;
  /** The row as it became; null where there is none, or it was not kept. */
  readonly new_values: AuditValues | null;
  /** Who did it. */
  readonly changed_by: string | null;
  /** When, as the clock of the option `getTimestamp` said. */
  readonly changed_at: string;
  /** What else was to be known. */
  readonly metadata: Readonly<Record<string, JsonValue>> | null;
  /** The request that it belongs to. */
  readonly request_id: string | null;
  /**
   * What is null here because row-level security does not show the caller the row as it was, or as it
   * became: of a row that came to him or went from him. Not there where nothing was left out.
   */
  readonly redacted?: readonly ("old_values" | "new_values")[];
  /** What is null here because it is not JSON of an object. Not there where all could be read. */
  readonly unreadable?: readonly ValuesColumn[];
}
