import type { DialectName } from "@kysera/executor";
import type { Kysely } from "kysely";
import type { Settings } from "../contract/_settings.ts";
import type { TableName } from "./common/_table.ts";
import type { TriggerParts } from "./common/_triggers.ts";
import { mysqlTriggers } from "./mysql/_triggers.ts";
import { postgresTriggers } from "./postgres/_triggers.ts";
import { sqliteTriggers } from "./sqlite/_triggers.ts";

/** Writes the triggers that write the same entries as the plugin. */
export type MakeTriggers = (
  db: Kysely<any>,
  settings: Settings,
  auditTable: TableName,
) => TriggerParts;

/**
 * The triggers of each dialect; `undefined` for one whose writes cannot be audited. They stand apart from
 * the strategies, because programs with the plugin have no use for them.
 */
export const TRIGGERS: Readonly<Record<DialectName, MakeTriggers | undefined>> = {
  postgres: postgresTriggers,
  mysql: mysqlTriggers,
  sqlite: sqliteTriggers,
  mssql: undefined,
};
