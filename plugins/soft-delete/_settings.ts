import { isPlainObject, type KyseraLogger } from "@kysera/core";
import { PluginOptions, type PrimaryKeys } from "@kysera/executor";
import { isOperationNodeSource } from "kysely";
import { type DeclaredRelation, readRelations } from "./_relations.ts";
import type { DeletedValue, MarkValue, OnDelete, SoftDeleteOptions } from "./options.ts";

/** The plugin's name. */
export const PLUGIN_NAME = "@kysera/soft-delete";

/** The options, checked and complete. */
export interface Settings {
  readonly deletedAtColumn: string;
  readonly tables: readonly string[] | undefined;
  readonly excludeTables: readonly string[];
  readonly includeDeleted: boolean;
  readonly keys: PrimaryKeys;
  /** `undefined` stands for the time. */
  readonly deletedValue: DeletedValue | undefined;
  readonly visibleValue: MarkValue | null;
  readonly now: () => Date;
  readonly onDelete: OnDelete;
  /** `undefined` for those that the foreign keys say. */
  readonly relations: readonly DeclaredRelation[] | undefined;
  readonly deletionColumn: string;
  readonly reviveBy: readonly (readonly [table: string, columns: readonly string[]])[];
  readonly check: "catalog" | "off";
  readonly logger: Pick<KyseraLogger, "debug"> | undefined;
}

const OPTIONS: readonly (keyof SoftDeleteOptions)[] = [
  "deletedAtColumn",
  "tables",
  "excludeTables",
  "includeDeleted",
  "primaryKeyColumn",
  "deletedValue",
  "visibleValue",
  "now",
  "onDelete",
  "relations",
  "deletionColumn",
  "reviveBy",
  "check",
  "logger",
];

/** Checks the options, and fills in the defaults. @throws {PluginValidationError} */
export function readOptions(options: SoftDeleteOptions): Settings {
  const read = new PluginOptions(PLUGIN_NAME, options, OPTIONS);
  const onDelete = read.word("onDelete", ["hard", "soft", "deny"], "hard");
  const includeDeleted = read.flag("includeDeleted", false);
  read.mustBeFunction("now", "returns a Date");
  read.mustBeLogger("logger");
  const { now, logger } = options;
  return {
    deletedAtColumn: read.columnName("deletedAtColumn", "deleted_at"),
    tables: read.tableNames("tables"),
    excludeTables: read.tableNames("excludeTables") ?? [],
    includeDeleted,
    keys: read.primaryKeys(),
    ...readValues(options, read),
    now: now ?? (() => new Date()),
    onDelete,
    relations: readRelations(options, read),
    deletionColumn: read.columnName("deletionColumn", "deletion_id"),
    reviveBy: readReviveBy(options, read),
    check: read.check(),
    logger,
  };
}

function readReviveBy(
  { reviveBy = {} }: SoftDeleteOptions,
  read: PluginOptions,
): Settings["reviveBy"] {
  if (!isPlainObject(reviveBy)) {
    throw read.invalid('"reviveBy" must be an object of columns by table: { users: "email" }');
  }
  return Object.entries(reviveBy).map(([table, given]: [string, unknown]) => {
    const columns: unknown = typeof given === "string" ? [given] : given;
    const isList = Array.isArray(columns) && columns.length > 0 &&
      columns.every((column) => typeof column === "string" && /^[^.]+$/.test(column));
    if (isList) return [table, columns] as const;
    throw read.invalid(
      `"reviveBy" has no columns for "${table}"; write a name, or a list of names`,
    );
  });
}

function readValues(
  { deletedValue, visibleValue, now }: SoftDeleteOptions,
  read: PluginOptions,
): Pick<Settings, "deletedValue" | "visibleValue"> {
  const visible = visibleValue === undefined
    ? typeof deletedValue === "boolean" ? !deletedValue : null
    : visibleValue;
  const deleted = deletedValue === undefined && typeof visible === "boolean"
    ? !visible
    : deletedValue;
  if (visible !== null && !isMarkValue(visible)) {
    throw read.invalid(`"visibleValue" must be null, a string, a number, a boolean or a Date`);
  }
  if (deleted === undefined || typeof deleted === "function") {
    return { deletedValue: deleted, visibleValue: visible };
  }
  if (!isMarkValue(deleted) && !isOperationNodeSource(deleted)) {
    throw read.invalid(
      `"deletedValue" must be a string, a number, a boolean, a Date, an expression, or a function ` +
        `that returns such a value`,
    );
  }
  if (isSameMark(deleted, visible)) {
    throw read.invalid(`"deletedValue" and "visibleValue" are the same: no row could be hidden`);
  }
  if (now !== undefined) {
    throw read.invalid(
      `"now" has no use where "deletedValue" is always the same; remove one of them`,
    );
  }
  return { deletedValue: deleted, visibleValue: visible };
}

/** Whether the column can hold the value, and it says something. */
export function isMarkValue(value: unknown): value is MarkValue {
  if (value instanceof Date) return !Number.isNaN(value.getTime());
  return typeof value === "string" || typeof value === "boolean" || typeof value === "bigint" ||
    Number.isFinite(value);
}

/** Whether two values of the column say the same. */
export function isSameMark(a: unknown, b: MarkValue | null): boolean {
  if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime();
  return a === b || (isNumeric(a) && isNumeric(b) && String(a) === String(b));
}

function isNumeric(value: unknown): boolean {
  return typeof value === "number" || typeof value === "bigint";
}
