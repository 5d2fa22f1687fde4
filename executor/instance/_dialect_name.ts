import type { DialectAdapter } from "kysely";
import type { DialectName } from "../contract/plugin.ts";

/** The family of SQL, by what its adapter can do: dialects of third parties share those traits. */
export function dialectName(adapter: DialectAdapter): DialectName {
  if (adapter.supportsOutput === true) return "mssql";
  if (adapter.supportsReturning !== true) return "mysql";
  return adapter.supportsTransactionalDdl === true ? "postgres" : "sqlite";
}
