/**
 * Reading the options of a plugin: one that is unknown, or has a value it cannot have, is an error.
 *
 * @module
 */
import { assertKnownOptions } from "@kysera/core";
import { PluginValidationError } from "./errors.ts";
import { parseTableName, type TableId, TableScope } from "./table_scope.ts";
import type { OptionName, PluginHost } from "./plugin.ts";
import { notUnique, qualifiedTable, type Relation, uniqueKeyIn } from "./relation.ts";

const TABLE = '"table" or "schema.table"';
const COLUMN = '"column" or "table.column"';

/** The columns of a primary key: one name, or several. */
export type KeyColumns = string | readonly string[];

/** The option `primaryKeyColumn`: a key for all tables, or one for each. */
export type PrimaryKeyOption = KeyColumns | Readonly<Record<string, KeyColumns>>;

/** The option `primaryKeyColumn`, read. */
export interface PrimaryKeys {
  /** The key of the tables that have no entry of their own; `undefined` for the catalog's key. */
  readonly common: readonly string[] | undefined;
  /** The tables that have, and their keys. */
  readonly own: readonly (readonly [table: string, key: readonly string[]])[];
}

/**
 * Reads the options of a plugin that are of the same kind in every plugin.
 *
 * @example
 * ```ts
 * import { PluginOptions } from "@kysera/executor";
 * import assert from "node:assert/strict";
 *
 * const options = new PluginOptions("mine", { column: "owner" }, ["column", "tables"]);
 * assert.equal(options.columnName("column", "owner_id"), "owner");
 * assert.equal(options.tableNames("tables"), undefined);
 * assert.throws(() => new PluginOptions("mine", { colum: "x" }, ["column"]), /no option "colum"/);
 * ```
 */
export class PluginOptions {
  readonly #plugin: string;
  readonly #options: Readonly<Record<string, unknown>>;

  /**
   * Looks at the options as a whole.
   *
   * @param plugin the plugin's name, for errors
   * @param options what was given
   * @param known the names of all options
   * @throws {PluginValidationError} for what is not an object, and for an unknown option
   */
  constructor(plugin: string, options: object, known: readonly string[]) {
    this.#plugin = plugin;
    if (typeof options !== "object" || options === null || Array.isArray(options)) {
      throw this.invalid(`the options are ${JSON.stringify(options)}; pass an object, or nothing`);
    }
    assertKnownOptions(options, known, { makeError: (problem) => this.invalid(problem) });
    // An object of whatever options; each is looked at before it is used.
    this.#options = options as Readonly<Record<string, unknown>>;
  }

  /**
   * A flag.
   *
   * @param option the option
   * @param otherwise what it is where it is not given
   * @throws {PluginValidationError} for anything else
   */
  flag(option: string, otherwise: boolean): boolean {
    const value = this.#options[option] ?? otherwise;
    if (typeof value === "boolean") return value;
    throw this.invalid(`"${option}" must be a boolean`);
  }

  /**
   * One of several words.
   *
   * @param option the option
   * @param words the words
   * @param otherwise what it is where it is not given
   * @throws {PluginValidationError} for anything else
   */
  word<const W extends string, O extends W | undefined>(
    option: string,
    words: readonly W[],
    otherwise: O,
  ): W | O {
    const value = this.#options[option];
    if (value === undefined) return otherwise;
    const word = words.find((word) => word === value);
    if (word !== undefined) return word;
    const all = words.map((word) => `"${word}"`);
    throw this.invalid(
      `"${option}" is "${value}"; it must be ${all.slice(0, -1).join(", ")} or ${all.at(-1)}`,
    );
  }

  /**
   * The option `check`: whether names in the options are compared with the catalog.
   *
   * @throws {PluginValidationError} for anything but `"catalog"` and `"off"`
   */
  check(): "catalog" | "off" {
    return this.word("check", ["catalog", "off"], "catalog");
  }

  /**
   * A function.
   *
   * @param option the option
   * @param that what it must do, in words
   * @throws {PluginValidationError} for anything else
   */
  mustBeFunction(option: string, that: string): void {
    const value = this.#options[option];
    if (value === undefined || typeof value === "function") return;
    throw this.invalid(`"${option}" must be a function that ${that}`);
  }

  /**
   * A logger whose method `debug` is called.
   *
   * @param option the option
   * @throws {PluginValidationError} for anything else
   */
  mustBeLogger(option: string): void {
    const value = this.#options[option];
    if (value === undefined) return;
    if (typeof (value as { debug?: unknown } | null)?.debug === "function") return;
    throw this.invalid(`"${option}" must have a method "debug"`);
  }

  /**
   * The name of a column.
   *
   * @param option the option
   * @param otherwise what it is where it is not given
   * @throws {PluginValidationError} for anything else
   */
  columnName<O extends string | undefined>(option: string, otherwise: O): string | O {
    const value = this.#options[option];
    return value === undefined ? otherwise : this.#column(value, option);
  }

  /**
   * The name of a table, `table` or `schema.table`.
   *
   * @param option the option
   * @param otherwise what it is where it is not given
   * @throws {PluginValidationError} for anything else
   */
  tableName(option: string, otherwise: string): string {
    return this.#name(this.#options[option] ?? otherwise, option, TABLE);
  }

  /**
   * A list of tables, `table` or `schema.table`.
   *
   * @param option the option
   * @returns the list; `undefined` where the option is not given
   * @throws {PluginValidationError} for anything else
   */
  tableNames(option: string): readonly string[] | undefined {
    const names = this.#names(option, "tables", TABLE);
    if (option !== "tables" || names?.length !== 0) return names;
    throw this.invalid(`"tables" is empty; name tables, or leave it out to have them found`);
  }

  /**
   * A list of columns, `column` of every table or `table.column`.
   *
   * @param option the option
   * @returns the list; `undefined` where the option is not given
   * @throws {PluginValidationError} for anything else
   */
  columnNames(option: string): readonly string[] | undefined {
    return this.#names(option, "columns", COLUMN);
  }

  /**
   * The option `primaryKeyColumn`.
   *
   * @throws {PluginValidationError} for what names no column, or one twice
   */
  primaryKeys(): PrimaryKeys {
    const option = this.#options["primaryKeyColumn"];
    if (option === undefined) return { common: undefined, own: [] };
    if (typeof option === "string" || Array.isArray(option)) {
      return { common: this.#key(option), own: [] };
    }
    if (typeof option !== "object" || option === null) {
      throw this.invalid(
        `"primaryKeyColumn" must be a name, a list of names, or an object of them`,
      );
    }
    const own = Object.entries(option).map(([table, key]) =>
      [this.#name(table, "primaryKeyColumn", TABLE), this.#key(key)] as const
    );
    return { common: undefined, own };
  }

  /**
   * The error for an option.
   *
   * @param problem what is wrong, and what to do
   */
  invalid(problem: string): PluginValidationError {
    return new PluginValidationError(
      `Cannot make plugin "${this.#plugin}": ${problem}`,
      "INVALID_PLUGIN",
      { pluginName: this.#plugin },
    );
  }

  #key(key: unknown): readonly string[] {
    const names: unknown = typeof key === "string" ? [key] : key;
    if (!Array.isArray(names) || names.length === 0) {
      throw this.invalid(`"primaryKeyColumn" must name at least one column`);
    }
    if (new Set(names).size < names.length) {
      throw this.invalid(`"primaryKeyColumn" names a column twice: ${names.join(", ")}`);
    }
    return names.map((name) => this.#column(name, "primaryKeyColumn"));
  }

  #names(option: string, kind: string, forms: string): readonly string[] | undefined {
    const names = this.#options[option];
    if (names === undefined) return undefined;
    if (!Array.isArray(names)) throw this.invalid(`"${option}" must be a list of names of ${kind}`);
    return names.map((name) => this.#name(name, option, forms));
  }

  /** Kysely's reading: one dot separates the schema from the table, or the table from the column. */
  #name(name: unknown, option: string, forms: string): string {
    if (typeof name === "string" && /^[^.]+(?:\.[^.]+)?$/.test(name)) return name;
    throw this.invalid(`"${option}" has "${name}" in it; write ${forms}`);
  }

  #column(name: unknown, option: string): string {
    if (typeof name === "string" && name !== "" && !name.includes(".")) return name;
    throw this.invalid(
      `"${option}" is "${name}"; it must be the name of a column, without its table`,
    );
  }
}

/**
 * Returns the names that the option `primaryKeyColumn` holds, for the hook `optionNames`.
 *
 * @param keys the option, as {@linkcode PluginOptions.primaryKeys} reads it
 *
 * @example
 * ```ts
 * import { namesOfKeys } from "@kysera/executor";
 * import assert from "node:assert/strict";
 *
 * const keys = { common: undefined, own: [["seats", ["hall", "row"]]] as const };
 * assert.deepEqual(
 *   namesOfKeys(keys).map(({ table, column }) => `${table}.${column}`),
 *   ["seats.hall", "seats.row"],
 * );
 * ```
 */
export function namesOfKeys({ common = [], own }: PrimaryKeys): OptionName[] {
  const option = "primaryKeyColumn";
  return [
    ...common.map((column) => ({ option, column })),
    ...own.flatMap(([table, key]) => key.map((column) => ({ option, table, column }))),
  ];
}

/** The keys of tables, for one executor. */
export class TableKeys {
  readonly #keys: PrimaryKeys;
  readonly #names: TableScope;

  /**
   * Creates the keys.
   *
   * @param host the plugin's host
   * @param plugin the plugin's name, for errors
   * @param keys the option
   * @param scope the tables that the plugin has to do with
   * @param found what the catalog says of them
   * @throws {PluginValidationError} if a key is given for another table, or several rows can share it
   */
  constructor(
    host: PluginHost,
    plugin: string,
    keys: PrimaryKeys,
    scope: TableScope,
    found: readonly Relation[] = [],
  ) {
    this.#keys = keys;
    this.#names = new TableScope(host);
    for (const [table] of keys.own) {
      if (scope.has(parseTableName(table))) continue;
      throw new PluginValidationError(
        `Cannot start plugin "${plugin}": "primaryKeyColumn" names table "${table}", to which the ` +
          "plugin does not apply",
        "INITIALIZATION_FAILED",
        { pluginName: plugin },
      );
    }
    for (const relation of found) {
      const key = this.of(relation);
      if (key === undefined || relation.keys.length === 0) continue;
      const physical = [...key, ...key.map((column) => host.physicalColumn(column))];
      // A key for all tables is meant for those that have the columns; names are checked elsewhere.
      if (!key.every((column) => this.#names.hasColumn(relation, column))) continue;
      if (uniqueKeyIn(relation, physical, (name) => this.#names.keyOf(name)) !== undefined) {
        continue;
      }
      throw new PluginValidationError(
        `Cannot start plugin "${plugin}": "primaryKeyColumn" is not a key of table ` +
          `"${qualifiedTable(relation)}": ${notUnique(relation, key)}`,
        "INITIALIZATION_FAILED",
        { pluginName: plugin },
      );
    }
  }

  /**
   * The columns of a table's key, as they were configured; `undefined` for the catalog's key.
   *
   * @param table the table, as a query names it
   */
  of(table: TableId): readonly string[] | undefined {
    const own = this.#keys.own.find(([entry]) => this.#names.isAbout(entry, table));
    return own === undefined ? this.#keys.common : own[1];
  }
}
