import type { KyseraLogger } from "@kysera/core";
import { PluginOptions } from "@kysera/executor";
import { readNames } from "../policy/define_rls_schema.ts";
import { RLSSchemaError } from "../contract/errors.ts";
import type { RLSContextProvider, RLSOptions } from "../contract/options.ts";
import type { RLSSchema } from "../contract/policy.ts";
import { PolicyRegistry } from "../policy/policy_registry.ts";

/** The plugin's name. */
export const PLUGIN_NAME = "@kysera/rls";

/** The options, checked and complete. */
export interface Settings {
  readonly schema: RLSSchema<any>;
  readonly registry: PolicyRegistry;
  readonly contextProvider: RLSContextProvider | undefined;
  readonly requireContext: boolean;
  readonly skipTables: readonly string[];
  readonly bypassRoles: readonly string[];
  readonly unlistedTables: "allow" | "deny";
  readonly check: "catalog" | "off";
  readonly onViolation: RLSOptions["onViolation"];
  readonly auditDecisions: boolean;
  readonly logger: Pick<KyseraLogger, "info" | "error"> | undefined;
}

const OPTIONS: readonly (keyof RLSOptions)[] = [
  "schema",
  "contextProvider",
  "requireContext",
  "skipTables",
  "bypassRoles",
  "unlistedTables",
  "check",
  "onViolation",
  "auditDecisions",
  "logger",
];

/**
 * Checks the options, and fills in the defaults.
 *
 * @throws {PluginValidationError} for an option @throws {RLSSchemaError} for the schema
 */
export function readOptions(options: RLSOptions): Settings {
  const read = new PluginOptions(PLUGIN_NAME, options, OPTIONS);
  read.mustBeFunction("contextProvider", "returns the context of the caller at once");
  read.mustBeFunction("onViolation", "takes the error");
  const { schema, contextProvider, bypassRoles = [], onViolation, logger } = options;
  if (schema === undefined) {
    throw new RLSSchemaError("", `there is no "schema"; pass what defineRLSSchema(..) gives`);
  }
  const auditDecisions = read.flag("auditDecisions", false);
  if (logger !== undefined && [logger?.info, logger?.error].some((m) => typeof m !== "function")) {
    throw read.invalid(`"logger" must have the methods "info" and "error"`);
  }
  if (auditDecisions && logger === undefined) {
    throw read.invalid(`"auditDecisions" needs a "logger" to tell them to`);
  }
  return {
    schema,
    registry: new PolicyRegistry(schema),
    contextProvider,
    requireContext: read.flag("requireContext", true),
    skipTables: read.tableNames("skipTables") ?? [],
    bypassRoles: readNames(bypassRoles, "bypassRoles", "roles"),
    unlistedTables: read.word("unlistedTables", ["allow", "deny"], "allow"),
    check: read.check(),
    onViolation,
    auditDecisions,
    logger,
  };
}
