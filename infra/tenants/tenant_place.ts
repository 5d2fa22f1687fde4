/**
 * How the data of a tenant is told apart from that of others: by a column of shared tables, by a
 * schema of its own (of MySQL a database of the same server), or by a database with connections of
 * its own.
 */
export type TenantStrategy = "row" | "schema" | "database";

/** Whether a tenant is served: all of it, reads alone, or nothing. */
export type TenantState = "active" | "moving" | "suspended";

/** Where the data of a tenant is, as the program has it on record. */
export interface TenantPlace {
  /** How its data is told apart. Default: the strategy of the router. */
  readonly strategy?: TenantStrategy | undefined;
  /**
   * The name by which the option `open` opens its database: needed for the strategy `"database"`.
   * Default `"main"`.
   */
  readonly database?: string | undefined;
  /** Its schema: needed for the strategy `"schema"`, and for no other. */
  readonly schema?: string | undefined;
  /** Default `"active"`. Of a tenant that is moving, only reads run. */
  readonly state?: TenantState | undefined;
}

/** A place where the data of tenants is. Tenants as rows share one. */
export interface TenantHome {
  /** How data is told apart there. */
  readonly strategy: TenantStrategy;
  /** The name of the database. */
  readonly database: string;
  /** The schema; `undefined` where it is not a schema of its own. */
  readonly schema: string | undefined;
}
