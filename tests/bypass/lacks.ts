/** Why a dialect does not have a shape. */
import type { Lacks } from "./case.ts";

function onPostgres(reason: string): Lacks {
  return { pglite: reason, postgres: reason };
}

const noUsing = "SQLite deletes from one table only";
const noLateral = "no LATERAL (MySQL 8 has it, MariaDB has not)";
const noReturning = "Kysely's RETURNING is for what MySQL has not; MariaDB has it in part";

/** The shape belongs to SQLite. */
export const onlySqlite = (reason: string): Lacks => ({ ...onPostgres(reason), mysql: reason });
/** The shape belongs to PostgreSQL. */
export const onlyPostgres = (reason: string): Lacks => ({ sqlite: reason, mysql: reason });
/** The shape belongs to MySQL. */
export const onlyMysql = (reason: string): Lacks => ({ sqlite: reason, ...onPostgres(reason) });

export const NO_FULL_JOIN: Lacks = { mysql: "no FULL JOIN" };
export const NO_LATERAL: Lacks = { sqlite: "no LATERAL", mysql: noLateral };
export const NO_ANY: Lacks = { sqlite: "no ANY and ALL" };
export const NO_RETURNING: Lacks = { mysql: noReturning };
export const NO_FILTER_CLAUSE: Lacks = { mysql: "no FILTER clause" };
export const NO_LOCKS: Lacks = { sqlite: "no row locks" };
export const NO_STREAMS: Lacks = { pglite: "PGlite has no cursors" };
export const NO_TRUNCATE: Lacks = { sqlite: "no TRUNCATE" };
export const NO_USING: Lacks = { sqlite: noUsing };
export const NO_UPDATE_FROM: Lacks = { mysql: "no UPDATE .. FROM" };
export const NO_ON_CONFLICT: Lacks = { mysql: "no ON CONFLICT" };
export const NO_MERGE: Lacks = { sqlite: "no MERGE", mysql: "no MERGE" };
export const NO_MERGE_BY_SOURCE: Lacks = {
  ...NO_MERGE,
  postgres: "WHEN NOT MATCHED BY SOURCE and RETURNING of MERGE came with PostgreSQL 17",
};
export const NO_WRITING_CTE: Lacks = onlyPostgres("no data-modifying CTE");
export const CASE_COUNTS: Lacks = {
  ...onPostgres("quoted names keep their letter case"),
  mysql: "table names keep their letter case, where the file system does",
};
