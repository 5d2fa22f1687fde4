import { isPlainObject } from "@kysera/core";
import { refuseUnknown } from "../policy/_make_policy.ts";
import { readNames } from "../policy/define_rls_schema.ts";
import { RLSSchemaError } from "../contract/errors.ts";
import { DEFAULT_SETTING } from "./_setting.ts";
import type { NativeOptions } from "./options.ts";

/** The options, checked and complete. */
export interface NativeSettings {
  readonly force: boolean;
  readonly schemaName: string;
  readonly policyPrefix: string;
  readonly setting: string;
  readonly roles: readonly string[];
  readonly bypassRoles: readonly string[];
  readonly skipTables: readonly string[];
  readonly columns: Readonly<Record<string, readonly string[]>>;
}

const OPTIONS: readonly (keyof NativeOptions)[] = [
  "force",
  "schemaName",
  "policyPrefix",
  "setting",
  "roles",
  "bypassRoles",
  "skipTables",
  "columns",
];

/** Checks the options, and fills in the defaults. @throws {RLSSchemaError} */
export function readNativeOptions(options: NativeOptions): NativeSettings {
  if (!isPlainObject(options)) throw new RLSSchemaError("options", "they are not an object");
  refuseUnknown(options, OPTIONS, "options");
  const {
    force = true,
    schemaName = "public",
    policyPrefix = "rls",
    setting = DEFAULT_SETTING,
    roles = [],
    bypassRoles = [],
    skipTables = [],
    columns = {},
  } = options as NativeOptions;
  if (typeof force !== "boolean") throw new RLSSchemaError("options.force", "it must be a boolean");
  if (typeof schemaName !== "string" || schemaName === "") {
    throw new RLSSchemaError("options.schemaName", "it must be the name of a schema");
  }
  // It is the beginning of names, and of a pattern that finds them.
  if (typeof policyPrefix !== "string" || !/^[A-Za-z][A-Za-z0-9_]{0,19}$/.test(policyPrefix)) {
    throw new RLSSchemaError(
      "options.policyPrefix",
      "it must be a letter and up to 19 letters, digits and underscores",
    );
  }
  if (!isPlainObject(columns)) throw new RLSSchemaError("options.columns", "it must be an object");
  return {
    force,
    schemaName,
    policyPrefix,
    setting: readSetting(setting),
    roles: readNames(roles, "options.roles", "roles"),
    bypassRoles: readNames(bypassRoles, "options.bypassRoles", "roles"),
    skipTables: readNames(skipTables, "options.skipTables", "tables"),
    columns: Object.fromEntries(
      Object.entries(columns).map(([table, names]) => [
        table,
        readNames(names, `options.columns.${table}`, "columns"),
      ]),
    ),
  };
}

/** The name of a setting. @throws {RLSSchemaError} */
export function readSetting(setting: unknown): string {
  // What PostgreSQL takes for the name of a setting that it does not know.
  if (typeof setting === "string" && /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+$/.test(setting)) {
    return setting;
  }
  throw new RLSSchemaError("options.setting", `it must be two names with a dot, "app.context"`);
}
