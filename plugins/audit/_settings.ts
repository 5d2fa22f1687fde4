import type { KyseraLogger } from "@kysera/core";
import { type Attributes, PluginValidationError } from "@kysera/executor";
import type { Actor, AuditOptions, AuditScope, KeyColumns } from "./options.ts";

/** The plugin's name. */
export const PLUGIN_NAME = "@kysera/audit";

/** The options, checked and complete. */
export interface Settings {
  readonly auditTable: string;
  /** `undefined` where the database is asked. */
  readonly key: readonly string[] | undefined;
  readonly keysOfTables: readonly (readonly [table: string, key: readonly string[]])[];
  readonly captureOldValues: boolean;
  readonly captureNewValues: boolean;
  readonly skipSystemOperations: boolean;
  readonly tables: readonly string[] | undefined;
  readonly excludeTables: readonly string[];
  readonly allowColumns: readonly string[] | undefined;
  readonly denyColumns: readonly string[];
  readonly maskColumns: readonly string[];
  readonly deletedAtColumn: string | undefined;
  readonly getUserId: NonNullable<AuditOptions["getUserId"]>;
  readonly actorRequired: boolean;
  readonly getTimestamp: () => Date | string;
  readonly metadata: AuditOptions["metadata"];
  readonly requestId: NonNullable<AuditOptions["requestId"]>;
  /** `undefined` without a chain; without a secret `true`. */
  readonly hashChain: true | string | Uint8Array | undefined;
  readonly createTable: boolean;
  readonly logger: Pick<KyseraLogger, "debug"> | undefined;
}

const OPTIONS: readonly (keyof AuditOptions)[] = [
  "auditTable",
  "primaryKeyColumn",
  "captureOldValues",
  "captureNewValues",
  "skipSystemOperations",
  "tables",
  "excludeTables",
  "allowColumns",
  "denyColumns",
  "maskColumns",
  "deletedAtColumn",
  "getUserId",
  "actor",
  "getTimestamp",
  "metadata",
  "requestId",
  "hashChain",
  "createTable",
  "logger",
];

/** Checks the options, and fills in the defaults. @throws {PluginValidationError} */
export function readOptions(options: AuditOptions): Settings {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw invalid(`the options are ${JSON.stringify(options)}; pass an object, or nothing`);
  }
  for (const name of Object.keys(options)) {
    if ((OPTIONS as readonly string[]).includes(name)) continue;
    throw invalid(
      `there is no option "${name}"; the options are ${OPTIONS.map((o) => `"${o}"`).join(", ")}`,
    );
  }
  const { actor = "optional", skipSystemOperations, deletedAtColumn = "deleted_at" } = options;
  if (actor !== "optional" && actor !== "required") {
    throw invalid(`"actor" is "${actor}"; it must be "optional" or "required"`);
  }
  if (actor === "required" && skipSystemOperations === true) {
    throw invalid(`"skipSystemOperations" has no use where "actor" is "required"`);
  }
  if (options.logger !== undefined && typeof options.logger?.debug !== "function") {
    throw invalid(`"logger" must have a method "debug"`);
  }
  return {
    auditTable: tableName(options.auditTable ?? "audit_logs", "auditTable"),
    ...readKeys(options.primaryKeyColumn),
    captureOldValues: flag(options, "captureOldValues", true),
    captureNewValues: flag(options, "captureNewValues", true),
    skipSystemOperations: flag(options, "skipSystemOperations", false),
    tables: options.tables === undefined ? undefined : tableNames(options.tables, "tables"),
    excludeTables: tableNames(options.excludeTables ?? [], "excludeTables"),
    allowColumns: options.allowColumns === undefined
      ? undefined
      : tableNames(options.allowColumns, "allowColumns"),
    denyColumns: tableNames(options.denyColumns ?? [], "denyColumns"),
    maskColumns: tableNames(options.maskColumns ?? [], "maskColumns"),
    deletedAtColumn: deletedAtColumn === false
      ? undefined
      : columnName(deletedAtColumn, "deletedAtColumn"),
    getUserId: func(options, "getUserId") ?? actorOf,
    actorRequired: actor === "required",
    getTimestamp: func(options, "getTimestamp") ?? (() => new Date()),
    metadata: readMetadata(options.metadata),
    requestId: func(options, "requestId") ?? requestOf,
    hashChain: readChain(options.hashChain),
    createTable: flag(options, "createTable", false),
    logger: options.logger,
  };
}

/** Who the bound context says is asking. */
function actorOf({ context }: AuditScope): Actor | null {
  const auth = context?.["auth"] as Attributes | null | undefined;
  const id = auth?.["userId"] ?? context?.["userId"];
  return typeof id === "string" || typeof id === "number" || typeof id === "bigint" ? id : null;
}

function requestOf({ context }: AuditScope): string | null {
  const id = context?.["requestId"];
  return typeof id === "string" ? id : null;
}

function readMetadata(metadata: AuditOptions["metadata"]): AuditOptions["metadata"] {
  const isObject = typeof metadata === "object" && metadata !== null && !Array.isArray(metadata);
  if (metadata === undefined || typeof metadata === "function" || isObject) return metadata;
  throw invalid(`"metadata" must be an object, or a function that returns one`);
}

function readChain(option: AuditOptions["hashChain"]): Settings["hashChain"] {
  if (option === undefined || option === false) return undefined;
  const isSecret = typeof option === "string" || option instanceof Uint8Array;
  if (option !== true && !isSecret) {
    throw invalid(`"hashChain" must be true, false, or a secret: a text or bytes`);
  }
  if (isSecret && option.length < 16) {
    throw invalid(
      `the secret in "hashChain" is too short: give it at least 16 characters or bytes`,
    );
  }
  return option;
}

function readKeys(
  option: AuditOptions["primaryKeyColumn"],
): Pick<Settings, "key" | "keysOfTables"> {
  if (option === undefined) return { key: undefined, keysOfTables: [] };
  if (typeof option === "string" || Array.isArray(option)) {
    return { key: keyColumns(option as KeyColumns), keysOfTables: [] };
  }
  if (typeof option !== "object" || option === null) {
    throw invalid(`"primaryKeyColumn" must be a name, a list of names, or an object of them`);
  }
  const entries = Object.entries(option as Readonly<Record<string, KeyColumns>>);
  return {
    key: undefined,
    keysOfTables: entries.map(([table, key]) => [
      tableName(table, "primaryKeyColumn"),
      keyColumns(key),
    ]),
  };
}

function keyColumns(key: KeyColumns): readonly string[] {
  const names = typeof key === "string" ? [key] : key;
  if (!Array.isArray(names) || names.length === 0) {
    throw invalid(`"primaryKeyColumn" must name at least one column`);
  }
  if (new Set(names).size < names.length) {
    throw invalid(`"primaryKeyColumn" names a column twice: ${names.join(", ")}`);
  }
  return names.map((name) => columnName(name, "primaryKeyColumn"));
}

function flag(options: AuditOptions, name: keyof AuditOptions, otherwise: boolean): boolean {
  const value = options[name] ?? otherwise;
  if (typeof value === "boolean") return value;
  throw invalid(`"${name}" must be true or false`);
}

function func<K extends "getUserId" | "getTimestamp" | "requestId">(
  options: AuditOptions,
  name: K,
): AuditOptions[K] {
  const value = options[name];
  if (value === undefined || typeof value === "function") return value;
  throw invalid(`"${name}" must be a function`);
}

function tableNames(names: readonly string[], option: string): readonly string[] {
  if (!Array.isArray(names)) throw invalid(`"${option}" must be a list of names`);
  if ((option === "tables" || option === "allowColumns") && names.length === 0) {
    throw invalid(`"${option}" is empty; name some, or leave it out`);
  }
  return names.map((name) => tableName(name, option));
}

/** The same reading as Kysely's: one dot parts the schema from the table, the table from a column. */
function tableName(name: unknown, option: string): string {
  if (typeof name === "string" && /^[^.]+(?:\.[^.]+)?$/.test(name)) return name;
  throw invalid(`"${option}" has "${name}" in it; write one name, or two with a dot between`);
}

function columnName(name: unknown, option: string): string {
  if (typeof name === "string" && name !== "" && !name.includes(".")) return name;
  throw invalid(`"${option}" is "${name}"; it must be the name of a column, without its table`);
}

function invalid(problem: string): PluginValidationError {
  return new PluginValidationError(
    `Cannot make plugin "${PLUGIN_NAME}": ${problem}`,
    "INVALID_PLUGIN",
    { pluginName: PLUGIN_NAME },
  );
}
