import { withMetadata } from "@kysera/executor";
import type { Kysely } from "kysely";

/** The flag of an executor instance by which the plugin reads its own log. */
export const READING = "@kysera/audit/reading";

/** Its value: an instance, so that no data from elsewhere can be taken for it. */
export class Reading {
  /** The only one. */
  static readonly own: Reading = new Reading();
}

/** Returns an executor instance that reads the log, with the names of the database. */
export function forReading<K extends Kysely<any>>(executor: K): Kysely<any> {
  return withMetadata(executor, { [READING]: Reading.own }).withoutPlugins();
}

/** Returns an executor instance that sees rows that are deleted softly, with the database's names. */
export function withEveryRow<K extends Kysely<any>>(executor: K): Kysely<any> {
  return withMetadata(executor, { includeDeleted: true }).withoutPlugins();
}
