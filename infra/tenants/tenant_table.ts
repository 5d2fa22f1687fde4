import type { Expression, ExpressionBuilder, SqlBool } from "kysely";

/** A table that holds data of tenants. */
export interface TenantTable {
  /** Its name, as the database has it. */
  readonly name: string;
  /**
   * The column that holds the tenant, where tenants are rows. Default: the option `tenantColumn` of the
   * router.
   */
  readonly column?: string | undefined;
  /** Which rows are a tenant's, for a table without such a column. */
  readonly rows?:
    | ((eb: ExpressionBuilder<any, any>, tenant: string) => Expression<SqlBool>)
    | undefined;
}

/** What was copied of a table. */
export interface TenantTableReport {
  /** The table. */
  readonly table: string;
  /** How many rows of the tenant it has. */
  readonly rows: number;
  /** The sum of the SHA-256 digests of its rows, in hexadecimal digits: the same before and after. */
  readonly digest: string;
}

/** How a tenant was moved. */
export interface TenantMoveReport {
  /** The tables, in the order they were copied in. */
  readonly tables: readonly TenantTableReport[];
  /** For how long its writes were refused, in ms. */
  readonly frozen: number;
}
