import type { KyseraLogger } from "@kysera/core";
import { type Attributes, PluginOptions } from "@kysera/executor";
import type { Actor, AuditOptions, AuditScope } from "./options.ts";

/** The plugin's name. */
export const PLUGIN_NAME = "@kysera/audit";

/** The options, checked and complete. */
export interface Settings {
  readonly mode: "statement" | "trigger";
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
  /** `undefined` where nothing is said. */
  readonly createTable: boolean | undefined;
  readonly check: "catalog" | "off";
  /** Whether the options name `deletedAtColumn`. */
  readonly namesDeletedAt: boolean;
  readonly logger: Pick<KyseraLogger, "debug"> | undefined;
}

const OPTIONS: readonly (keyof AuditOptions)[] = [
  "mode",
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
  "check",
  "logger",
];

/** Checks the options, and fills in the defaults. @throws {PluginValidationError} */
export function readOptions(options: AuditOptions): Settings {
  const read = new PluginOptions(PLUGIN_NAME, options, OPTIONS);
  const actor = read.word("actor", ["optional", "required"], "optional");
  if (actor === "required" && options.skipSystemOperations === true) {
    throw read.invalid(`"skipSystemOperations" has no use where "actor" is "required"`);
  }
  const mode = read.word("mode", ["statement", "trigger"], "statement");
  const hashChain = readChain(options, read);
  if (mode === "trigger" && hashChain !== undefined) {
    throw read.invalid(
      `"hashChain" has no use where "mode" is "trigger": triggers write no hashes; leave one of them out`,
    );
  }
  read.mustBeFunction("getUserId", "returns who does the write");
  read.mustBeFunction("getTimestamp", "returns a Date or a text");
  read.mustBeFunction("requestId", "returns the id of the request");
  read.mustBeLogger("logger");
  const allowColumns = read.columnNames("allowColumns");
  if (allowColumns?.length === 0) {
    throw read.invalid(`"allowColumns" is empty; name some, or leave it out`);
  }
  return {
    mode,
    auditTable: read.tableName("auditTable", "audit_logs"),
    ...readKeys(options, read),
    captureOldValues: read.flag("captureOldValues", true),
    captureNewValues: read.flag("captureNewValues", true),
    skipSystemOperations: read.flag("skipSystemOperations", false),
    tables: read.tableNames("tables"),
    excludeTables: read.tableNames("excludeTables") ?? [],
    allowColumns,
    denyColumns: read.columnNames("denyColumns") ?? [],
    maskColumns: read.columnNames("maskColumns") ?? [],
    deletedAtColumn: options.deletedAtColumn === false
      ? undefined
      : read.columnName("deletedAtColumn", "deleted_at"),
    getUserId: options.getUserId ?? actorOf,
    actorRequired: actor === "required",
    getTimestamp: options.getTimestamp ?? (() => new Date()),
    metadata: readMetadata(options, read),
    requestId: options.requestId ?? requestOf,
    hashChain,
    createTable: options.createTable === undefined ? undefined : read.flag("createTable", true),
    check: read.check(),
    namesDeletedAt: typeof options.deletedAtColumn === "string",
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

function readMetadata(
  { metadata }: AuditOptions,
  read: PluginOptions,
): AuditOptions["metadata"] {
  const isObject = typeof metadata === "object" && metadata !== null && !Array.isArray(metadata);
  if (metadata === undefined || typeof metadata === "function" || isObject) return metadata;
  throw read.invalid(`"metadata" must be an object, or a function that returns one`);
}

function readChain({ hashChain }: AuditOptions, read: PluginOptions): Settings["hashChain"] {
  if (hashChain === undefined || hashChain === false) return undefined;
  const isSecret = typeof hashChain === "string" || hashChain instanceof Uint8Array;
  if (hashChain !== true && !isSecret) {
    throw read.invalid(`"hashChain" must be true, false, or a secret: a text or bytes`);
  }
  if (isSecret && hashChain.length < 16) {
    throw read.invalid(
      `the secret in "hashChain" is too short: give it at least 16 characters or bytes`,
    );
  }
  return hashChain;
}

/** A table without a key of its own has the one that the database knows. */
function readKeys(
  { primaryKeyColumn: given }: AuditOptions,
  read: PluginOptions,
): Pick<Settings, "key" | "keysOfTables"> {
  const { common, own } = read.primaryKeys();
  const isCommon = typeof given === "string" || Array.isArray(given);
  return { key: isCommon ? common : undefined, keysOfTables: own };
}
