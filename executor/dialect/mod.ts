/**
 * The traits of every dialect.
 *
 * @module
 */
import type { Dialect } from "@kysera/core";
import { MSSQL } from "./mssql.ts";
import { MYSQL } from "./mysql.ts";
import { POSTGRES } from "./postgres.ts";
import { SQLITE } from "./sqlite.ts";
import type { DialectTraits } from "./traits.ts";

export { ATOMIC_SAVEPOINT } from "./_savepoint.ts";
export type * from "./traits.ts";

/** The traits of each dialect: a dialect that core adds does not compile until it has its own. */
export const TRAITS: Readonly<Record<Dialect, DialectTraits>> = {
  postgres: POSTGRES,
  mysql: MYSQL,
  sqlite: SQLITE,
  mssql: MSSQL,
};
