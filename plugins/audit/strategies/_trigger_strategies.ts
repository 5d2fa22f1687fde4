import type { DialectName } from "@kysera/executor";
import { MYSQL_TRIGGERS } from "./mysql/_trigger_strategy.ts";
import { POSTGRES_TRIGGERS } from "./postgres/_trigger_strategy.ts";
import { SQLITE_TRIGGERS } from "./sqlite/_trigger_strategy.ts";
import type { TriggerStrategy } from "./trigger_strategy.ts";

/**
 * The triggers of each dialect; `undefined` for one whose writes cannot be audited. They stand apart
 * from the strategies, because few programs with the plugin have a use for them.
 */
export const TRIGGERS: Readonly<Record<DialectName, TriggerStrategy | undefined>> = {
  postgres: POSTGRES_TRIGGERS,
  mysql: MYSQL_TRIGGERS,
  sqlite: SQLITE_TRIGGERS,
  mssql: undefined,
};
