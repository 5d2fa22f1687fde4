import type { KyseraLogger } from "@kysera/core";
import { PluginValidationError } from "@kysera/executor";
import type {
  DeletedValue,
  KeyColumns,
  MarkValue,
  OnDelete,
  SoftDeleteOptions,
} from "./options.ts";

/** The plugin's name. */
export const PLUGIN_NAME = "@kysera/soft-delete";

/** The options, checked and complete. */
export interface Settings {
  readonly deletedAtColumn: string;
  readonly tables: readonly string[] | undefined;
  readonly excludeTables: readonly string[];
  readonly includeDeleted: boolean;
  /** The key of the tables that have no entry in `keysOfTables`. */
  readonly key: readonly string[];
  readonly keysOfTables: readonly (readonly [table: string, key: readonly string[]])[];
  /** `undefined` stands for the time. */
  readonly deletedValue: DeletedValue | undefined;
  readonly visibleValue: MarkValue | null;
  readonly now: () => Date;
  readonly onDelete: OnDelete;
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
  "logger",
];
const ON_DELETE: ReadonlySet<unknown> = new Set<OnDelete>(["hard", "soft", "deny"]);

/** Checks the options, and fills in the defaults. @throws {PluginValidationError} */
export function readOptions(options: SoftDeleteOptions): Settings {
  if (typeof options !== "object" || options === null) {
    throw invalid(`the options are ${JSON.stringify(options)}; pass an object, or nothing`);
  }
  for (const name of Object.keys(options)) {
    if ((OPTIONS as readonly string[]).includes(name)) continue;
    throw invalid(
      `there is no option "${name}"; the options are ${OPTIONS.map((o) => `"${o}"`).join(", ")}`,
    );
  }
  const { onDelete = "hard", includeDeleted = false, now, logger } = options;
  if (!ON_DELETE.has(onDelete)) {
    throw invalid(`"onDelete" is "${onDelete}"; it must be "hard", "soft" or "deny"`);
  }
  if (typeof includeDeleted !== "boolean") throw invalid(`"includeDeleted" must be a boolean`);
  if (now !== undefined && typeof now !== "function") {
    throw invalid(`"now" must be a function that returns a Date`);
  }
  if (logger !== undefined && typeof logger?.debug !== "function") {
    throw invalid(`"logger" must have a method "debug"`);
  }
  return {
    deletedAtColumn: columnName(options.deletedAtColumn ?? "deleted_at", "deletedAtColumn"),
    tables: options.tables === undefined ? undefined : tableNames(options.tables, "tables"),
    excludeTables: tableNames(options.excludeTables ?? [], "excludeTables"),
    includeDeleted,
    ...readKeys(options.primaryKeyColumn ?? "id"),
    ...readValues(options),
    now: now ?? (() => new Date()),
    onDelete,
    logger,
  };
}

function readKeys(
  option: NonNullable<SoftDeleteOptions["primaryKeyColumn"]>,
): Pick<Settings, "key" | "keysOfTables"> {
  if (typeof option === "string" || Array.isArray(option)) {
    return { key: keyColumns(option as KeyColumns), keysOfTables: [] };
  }
  if (typeof option !== "object" || option === null) {
    throw invalid(`"primaryKeyColumn" must be a name, a list of names, or an object of them`);
  }
  const entries = Object.entries(option as Readonly<Record<string, KeyColumns>>);
  return { key: ["id"], keysOfTables: entries.map(([table, key]) => [table, keyColumns(key)]) };
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

function readValues(
  { deletedValue, visibleValue, now }: SoftDeleteOptions,
): Pick<Settings, "deletedValue" | "visibleValue"> {
  const visible = visibleValue === undefined
    ? typeof deletedValue === "boolean" ? !deletedValue : null
    : visibleValue;
  const deleted = deletedValue === undefined && typeof visible === "boolean"
    ? !visible
    : deletedValue;
  if (visible !== null && !isMarkValue(visible)) {
    throw invalid(`"visibleValue" must be null, a string, a number, a boolean or a Date`);
  }
  if (deleted === undefined || typeof deleted === "function") {
    return { deletedValue: deleted, visibleValue: visible };
  }
  if (!isMarkValue(deleted) && !isExpression(deleted)) {
    throw invalid(
      `"deletedValue" must be a string, a number, a boolean, a Date, an expression, or a function ` +
        `that returns such a value`,
    );
  }
  if (isSameMark(deleted, visible)) {
    throw invalid(`"deletedValue" and "visibleValue" are the same: no row could be hidden`);
  }
  if (now !== undefined) {
    throw invalid(`"now" has no use where "deletedValue" is always the same; remove one of them`);
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

/** Whether a value is SQL. */
export function isExpression(value: unknown): boolean {
  return typeof value === "object" && value !== null && "toOperationNode" in value &&
    typeof value.toOperationNode === "function";
}

function tableNames(names: readonly string[], option: string): readonly string[] {
  if (!Array.isArray(names)) throw invalid(`"${option}" must be a list of names of tables`);
  if (option === "tables" && names.length === 0) {
    throw invalid(`"tables" is empty; name tables, or leave it out to have them found`);
  }
  for (const name of names) {
    // The same reading as Kysely's: one dot parts the schema from the table.
    if (typeof name === "string" && /^[^.]+(?:\.[^.]+)?$/.test(name)) continue;
    throw invalid(`"${option}" has "${name}" in it; write "table" or "schema.table"`);
  }
  return [...names];
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
