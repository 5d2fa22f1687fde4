import type { KyseraLogger } from "@kysera/core";
import { type Attributes, PluginOptions, type PrimaryKeys } from "@kysera/executor";
import type { DateFormat, OnGiven, Timestamp, TimestampsOptions } from "./options.ts";

/** The plugin's name. */
export const PLUGIN_NAME = "@kysera/timestamps";

/** What a column is for: the option that names it. */
export type ColumnOption =
  | "createdAtColumn"
  | "updatedAtColumn"
  | "createdByColumn"
  | "updatedByColumn";

/** The options, checked and complete. */
export interface Settings {
  /** The columns, those that there are. */
  readonly columns: Readonly<Partial<Record<ColumnOption, string>>>;
  readonly setUpdatedAtOnInsert: boolean;
  readonly tables: readonly string[] | undefined;
  readonly excludeTables: readonly string[];
  readonly getTimestamp: () => Timestamp;
  readonly dateFormat: DateFormat;
  readonly getUserId: (context: Attributes | undefined) => unknown;
  readonly actor: "optional" | "required";
  readonly onGiven: OnGiven;
  readonly keys: PrimaryKeys;
  readonly check: "catalog" | "off";
  /** The columns that the options name, and that are not there by default. */
  readonly named: readonly ColumnOption[];
  readonly logger: Pick<KyseraLogger, "debug"> | undefined;
}

const OPTIONS: readonly (keyof TimestampsOptions)[] = [
  "createdAtColumn",
  "updatedAtColumn",
  "createdByColumn",
  "updatedByColumn",
  "setUpdatedAtOnInsert",
  "tables",
  "excludeTables",
  "getTimestamp",
  "dateFormat",
  "getUserId",
  "actor",
  "onGiven",
  "primaryKeyColumn",
  "check",
  "logger",
];

const DEFAULT_COLUMNS: Readonly<Record<ColumnOption, string | undefined>> = {
  createdAtColumn: "created_at",
  updatedAtColumn: "updated_at",
  createdByColumn: undefined,
  updatedByColumn: undefined,
};

/** Checks the options, and fills in the defaults. @throws {PluginValidationError} */
export function readOptions(options: TimestampsOptions): Settings {
  const read = new PluginOptions(PLUGIN_NAME, options, OPTIONS);
  const columns = readColumns(options, read);
  read.mustBeFunction("getTimestamp", "returns a Date, a string or a number");
  read.mustBeFunction("getUserId", "returns a string, a number, or null");
  read.mustBeLogger("logger");
  const actor = read.word("actor", ["optional", "required"], "optional");
  const { getTimestamp, getUserId, logger } = options;
  if (columns.createdByColumn === undefined && columns.updatedByColumn === undefined) {
    for (const option of ["getUserId", "actor"] as const) {
      if (options[option] === undefined) continue;
      throw read.invalid(
        `"${option}" has no use without "createdByColumn" or "updatedByColumn"; name one of them`,
      );
    }
  }
  return {
    columns,
    setUpdatedAtOnInsert: read.flag("setUpdatedAtOnInsert", true),
    tables: read.tableNames("tables"),
    excludeTables: read.tableNames("excludeTables") ?? [],
    getTimestamp: getTimestamp ?? (() => new Date()),
    dateFormat: read.word("dateFormat", ["iso", "unix", "date"], "date"),
    getUserId: getUserId ?? userOf,
    actor,
    onGiven: read.word("onGiven", ["keep", "replace", "refuse"], "keep"),
    keys: read.primaryKeys(),
    check: read.check(),
    // The keys are those of the record.
    named: (Object.keys(columns) as ColumnOption[]).filter((option) =>
      options[option] !== undefined
    ),
    logger,
  };
}

function readColumns(options: TimestampsOptions, read: PluginOptions): Settings["columns"] {
  const columns: Partial<Record<ColumnOption, string>> = {};
  const names = new Set<string>();
  // The keys are those of the record.
  for (const option of Object.keys(DEFAULT_COLUMNS) as ColumnOption[]) {
    if (options[option] === null) continue;
    const name = read.columnName(option, DEFAULT_COLUMNS[option]);
    if (name === undefined) continue;
    if (names.has(name)) throw read.invalid(`"${option}" is "${name}", as another column is`);
    names.add(name);
    columns[option] = name;
  }
  if (names.size === 0) {
    throw read.invalid("there is no column to set; name one of them");
  }
  return columns;
}

function userOf(context: Attributes | undefined): unknown {
  const auth = context?.["auth"];
  const user = typeof auth === "object" && auth !== null && "userId" in auth
    ? auth.userId
    : undefined;
  return user ?? context?.["userId"];
}
