/**
 * The options of the plugin.
 *
 * @module
 */
import type { KyseraLogger } from "@kysera/core";
import type { RLSAuth, RLSContext } from "./context.ts";
import type { RLSPolicyViolation } from "./errors.ts";
import type { PolicyCommand, RLSSchema } from "./policy.ts";

/**
 * Returns the context of the caller, or the caller alone; `null` or `undefined` where there is none.
 * It returns at once, not a promise.
 */
export type RLSContextProvider = () => RLSContext | RLSAuth | null | undefined;

/** What `auditDecisions` tells of a decision. */
export interface RLSDecision {
  /** The table, as the schema names it. */
  readonly table: string;
  /** What is to be done. */
  readonly operation: PolicyCommand;
  /** Whether the policies were for the caller, and left any rows. */
  readonly outcome: "filtered" | "refused" | "bypassed";
  /** The policies that had a say in it. */
  readonly policies: readonly string[];
  /** The caller. */
  readonly userId: unknown;
}

/** Options of `rlsPlugin`. An option that is not one of these is an error. */
export interface RLSOptions {
  /** The policies: what `defineRLSSchema` or `mergeRLSSchemas` gives. */
  readonly schema: RLSSchema<any>;
  /**
   * Returns the context of the caller, or the caller alone, where no context is bound. It is called
   * once for each statement of a prepared query or a repository; for a query builder when it is
   * compiled, and when it is executed. Default: none.
   */
  readonly contextProvider?: RLSContextProvider | undefined;
  /**
   * Whether a query of a policed table is an error where there is no context. Default `true`. With
   * `false` it sees no rows, and may write none.
   */
  readonly requireContext?: boolean | undefined;
  /** Tables that no policy is for, although they are in the schema or are views. */
  readonly skipTables?: readonly string[] | undefined;
  /** Roles that no policy is for. */
  readonly bypassRoles?: readonly string[] | undefined;
  /**
   * How tables are treated that are neither in the schema nor in `skipTables`: `"allow"`, or
   * `"deny"`, which refuses every query that names one. Views are refused in either case. Default
   * `"allow"`.
   */
  readonly unlistedTables?: "allow" | "deny" | undefined;
  /**
   * `"off"` takes the names of tables and columns in these options and in the schema at their word. Default
   * `"catalog"`: they are compared with the database, as `createExecutor` says.
   */
  readonly check?: "catalog" | "off" | undefined;
  /** Is told of every refusal, before it is thrown. */
  readonly onViolation?: ((violation: RLSPolicyViolation) => void) | undefined;
  /** Whether the logger is told of every decision, at level info. Default `false`. */
  readonly auditDecisions?: boolean | undefined;
  /** Is told of decisions, and of an `onViolation` that throws. Default: nobody. */
  readonly logger?: Pick<KyseraLogger, "info" | "error"> | undefined;
}
