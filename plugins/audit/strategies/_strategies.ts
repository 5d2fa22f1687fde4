import type { DialectName } from "@kysera/executor";
import { MYSQL } from "./mysql/strategy.ts";
import { POSTGRES } from "./postgres/strategy.ts";
import { SQLITE } from "./sqlite/strategy.ts";
import type { AuditStrategy } from "./strategy.ts";

/** `undefined` for a dialect whose writes cannot be audited. */
const STRATEGIES: Readonly<Record<DialectName, AuditStrategy | undefined>> = {
  postgres: POSTGRES,
  mysql: MYSQL,
  sqlite: SQLITE,
  mssql: undefined,
};

/** What is said of a dialect without a strategy. */
export const NOT_SUPPORTED = "SQL Server is not supported";

/** Returns what the plugin does on a dialect; `undefined` where it does nothing. */
export function strategyOf(dialect: DialectName): AuditStrategy | undefined {
  return STRATEGIES[dialect];
}
