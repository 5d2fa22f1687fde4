/** Which tables a plugin is for: the options of these names of our plugins. */
export interface LintTables {
  /** The tables; `"users"` in whichever schema. Default: as the plugin has it. */
  readonly tables?: readonly string[] | undefined;
  /** Tables that it is not for. */
  readonly excludeTables?: readonly string[] | undefined;
}

/** The policies of a table, as `defineRLSSchema` of `@kysera/rls` takes them. */
export interface LintPolicies {
  /** Its policies. */
  readonly policies: readonly {
    readonly condition?: unknown;
    readonly hints?: { readonly indexColumns?: readonly string[] } | undefined;
  }[];
  /** Columns that an INSERT sets by itself. */
  readonly stamp?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * What the plugins of the executor are for. Each takes the options of the plugin as they are, and
 * without one its rules find nothing.
 */
export interface LintPlugins {
  /** The options of `softDeletePlugin`. */
  readonly softDelete?: LintTables & { readonly deletedAtColumn?: string | undefined } | undefined;
  /** The options of `timestampsPlugin`. */
  readonly timestamps?:
    | LintTables & {
      readonly createdAtColumn?: string | null | undefined;
      readonly updatedAtColumn?: string | null | undefined;
    }
    | undefined;
  /** The options of `auditPlugin`. */
  readonly audit?:
    | LintTables & {
      readonly allowColumns?: readonly string[] | undefined;
      readonly denyColumns?: readonly string[] | undefined;
      readonly maskColumns?: readonly string[] | undefined;
    }
    | undefined;
  /** The options of `rlsPlugin`, and three things that they do not say. */
  readonly rls?:
    | {
      /** The schema of policies. */
      readonly schema: Readonly<Record<string, LintPolicies | undefined>>;
      /** The column that says whose a row is. Default: `"tenant_id"`. */
      readonly tenantColumn?: string | undefined;
      /** Tables that are without policies on purpose. */
      readonly publicTables?: readonly string[] | undefined;
      /** Whether the database has the policies itself, by `CREATE POLICY`. Default: `false`. */
      readonly native?: boolean | undefined;
    }
    | undefined;
  /** The orders that lists are paged by with cursors, by table: columns, the unique one last. */
  readonly keysets?: Readonly<Record<string, readonly (readonly string[])[]>> | undefined;
}
