/**
 * Options of what is made for PostgreSQL.
 *
 * @module
 */

/** Options of `toPostgres` and the generators. An option that is not one of these is an error. */
export interface NativeOptions {
  /** Whether the policies hold for the owner of the tables too. Default `true`. */
  readonly force?: boolean | undefined;
  /** The schema of tables that are named without one, and of the functions. Default `"public"`. */
  readonly schemaName?: string | undefined;
  /**
   * What the names of policies and functions begin with. Policies whose names begin so belong to the
   * generator: it drops them before it creates others. Default `"rls"`.
   */
  readonly policyPrefix?: string | undefined;
  /** The setting that holds the context. Default `"rls.context"`. */
  readonly setting?: string | undefined;
  /** The database's roles that the policies are for. Default: all of them. */
  readonly roles?: readonly string[] | undefined;
  /**
   * Roles of the context, `auth.roles`, that no policy is for, as of `rlsPlugin`. A policy that has
   * such an exception cannot use an index as well. Default: none.
   */
  readonly bypassRoles?: readonly string[] | undefined;
  /** Tables of the schema that are left out, as of `rlsPlugin`. Default: none. */
  readonly skipTables?: readonly string[] | undefined;
  /**
   * All columns of the tables whose schema has rules for columns: these become grants, and PostgreSQL
   * has none that leave a column out. Needs `roles`.
   */
  readonly columns?: Readonly<Record<string, readonly string[]>> | undefined;
}
