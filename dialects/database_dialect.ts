import type { Dialect } from "@kysera/core";

/** A family of SQL: `"postgres"`, `"mysql"` (MariaDB too), `"sqlite"` or `"mssql"`. */
export type DatabaseDialect = Dialect;
