/**
 * Finding the tables that a plugin has to do with: those its options list, or those that have its
 * columns.
 *
 * @module
 */
import { didYouMean } from "@kysera/core";
import { sql } from "kysely";
import { isEmptyDatabase, nearTables } from "./_check_names.ts";
import { PluginValidationError } from "./errors.ts";
import type { PluginHost } from "./plugin.ts";
import { qualifiedTable, type Relation } from "./relation.ts";
import { parseTableName, type TableId, TableScope } from "./table_scope.ts";

/** What a plugin looks for. */
export interface TableSearch {
  /** The plugin's name, for errors. */
  readonly plugin: string;
  /** What its options list: `"users"` in whichever schema, `"app.users"`; `undefined` to look. */
  readonly tables: readonly string[] | undefined;
  /** Tables to leave alone. */
  readonly excludeTables: readonly string[];
  /**
   * The columns it works with, by the options that name them. A table counts that has one of them;
   * where there are none, every table does.
   */
  readonly columns: Readonly<Record<string, string>>;
  /** `"off"` takes the tables that are listed at their word. Default: what the executor says. */
  readonly check?: "catalog" | "off" | undefined;
}

/** The tables that a plugin has to do with. */
export interface FoundTables {
  /** All of them. */
  readonly scope: TableScope;
  /** Those that have a column, by the option that names it. */
  readonly columns: Readonly<Record<string, TableScope>>;
  /** What the database says of them; nothing of those that were taken at their word. */
  readonly found: readonly Relation[];
  /**
   * Takes what the database says of a table that was not known: for the hook `discover`. Tables
   * that the options list stay as they are.
   */
  learn(table: TableId, found: readonly Relation[]): void;
}

/**
 * Returns the tables that the options list, taken at their word: for `createExecutorSync`, which
 * cannot ask the database. Each is taken to have every column.
 *
 * @param host the plugin's host
 * @param search what to look for
 * @returns the tables
 *
 * @example
 * ```ts
 * import { listedTables, type PluginHooks, type PluginHost } from "@kysera/executor";
 *
 * export function setup(host: PluginHost): PluginHooks {
 *   const { scope } = listedTables(host, {
 *     plugin: "mine",
 *     tables: ["users"],
 *     excludeTables: [],
 *     columns: { column: "owner" },
 *   });
 *   return { appliesTo: (table) => scope.has(table) };
 * }
 * ```
 */
export function listedTables(host: PluginHost, search: TableSearch): FoundTables {
  const listed = (): TableScope => {
    const scope = new TableScope(host);
    for (const entry of search.tables ?? []) scope.addEntry(entry);
    for (const entry of search.excludeTables) scope.exclude(entry);
    return scope;
  };
  const columns = Object.keys(search.columns).map((option) => [option, listed()] as const);
  return { scope: listed(), columns: Object.fromEntries(columns), found: [], learn: () => {} };
}

/**
 * Returns the tables that the options list, or those that have the columns, as the database knows
 * them.
 *
 * @param host the plugin's host
 * @param search what to look for
 * @returns the tables; no query is run but where an option lists what introspection does not
 * @throws {PluginValidationError} where the options name what is not there, or nothing has a column,
 * unless the database is empty
 *
 * @example
 * ```ts
 * import { findTables, type PluginHooks, type PluginHost } from "@kysera/executor";
 *
 * export async function setup(host: PluginHost): Promise<PluginHooks> {
 *   const { scope } = await findTables(host, {
 *     plugin: "mine",
 *     tables: undefined,
 *     excludeTables: ["logs"],
 *     columns: { column: "owner" },
 *   });
 *   return { appliesTo: (table) => scope.has(table) };
 * }
 * ```
 */
export async function findTables(host: PluginHost, search: TableSearch): Promise<FoundTables> {
  const { tables, excludeTables } = search;
  const isOff = search.check === "off" || host.check === "off";
  if (isOff && tables !== undefined) return listedTables(host, search);
  // Where the tables are listed, no other is asked about.
  const relations = tables === undefined ? await host.relations() : await host.relations(
    [...tables, ...excludeTables].map((entry) => physicalTable(host, entry)),
  );
  const finder = new Finder(host, search, relations);
  if (!isOff) await finder.mustHaveTables(excludeTables);
  return tables === undefined ? finder.found() : await finder.listed(tables);
}

/**
 * Returns the name that a plugin writes a column by: the physical one, where the Kysely plugins
 * that rename leave it as it is. A query that does without such a plugin (`withoutPlugins()`) then
 * has the right name as well.
 *
 * @param host the plugin's host
 * @param column the column, as the plugin's option names it
 *
 * @example
 * ```ts
 * import { columnFor, type PluginHost } from "@kysera/executor";
 *
 * export function owner(host: PluginHost): string {
 *   return columnFor(host, "owner_id");
 * }
 * ```
 */
export function columnFor(host: Pick<PluginHost, "physicalColumn">, column: string): string {
  const physical = host.physicalColumn(column);
  return host.physicalColumn(physical) === physical ? physical : column;
}

/**
 * Returns the name of a table of the database, qualified where it has a schema.
 *
 * @param table the table
 *
 * @example
 * ```ts
 * import { qualifiedName } from "@kysera/executor";
 * import assert from "node:assert/strict";
 *
 * assert.equal(qualifiedName({ name: "users", schema: "app" }), "app.users");
 * ```
 */
export function qualifiedName({ name, schema }: Pick<Relation, "name" | "schema">): string {
  return qualifiedTable({ name, schema });
}

function physicalTable(host: PluginHost, entry: string): TableId {
  const { name, schema } = parseTableName(entry);
  return {
    name: host.physicalName(name),
    schema: schema === undefined ? undefined : host.physicalName(schema),
  };
}

class Finder {
  readonly #host: PluginHost;
  readonly #search: TableSearch;
  readonly #tables: readonly Relation[];
  readonly #names: TableScope;
  readonly #byName = new Map<string, readonly Relation[]>();

  constructor(host: PluginHost, search: TableSearch, tables: readonly Relation[]) {
    this.#host = host;
    this.#search = search;
    this.#tables = tables;
    this.#names = new TableScope(host);
    for (const table of tables) {
      const key = this.#names.keyOf(table.name);
      this.#byName.set(key, [...this.#byName.get(key) ?? [], table]);
    }
  }

  /** The tables that have a column. */
  found(): FoundTables {
    const scope = this.#scopeOf((table) => this.#counts(table));
    const found = this.#tables.filter((table) => scope.has(table));
    // On an empty database the tables are still to be made, through this executor it may be.
    if (found.length === 0 && !isEmptyDatabase(this.#tables)) throw this.#nothing();
    const columns = Object.entries(this.#search.columns).map(([option, column]) =>
      [option, this.#scopeOf((table) => this.#has(table, column))] as const
    );
    const byOption = Object.fromEntries(columns);
    return {
      scope,
      columns: byOption,
      found,
      learn: (table, relations) => {
        scope.learn(table, relations, (relation) => this.#counts(relation));
        for (const [option, column] of Object.entries(this.#search.columns)) {
          byOption[option]!.learn(table, relations, (relation) => this.#has(relation, column));
        }
      },
    };
  }

  /** The tables that are listed. @throws {PluginValidationError} for one without a column */
  async listed(entries: readonly string[]): Promise<FoundTables> {
    const { columns, excludeTables } = this.#search;
    const scope = new TableScope(this.#host);
    const byOption: Record<string, TableScope> = {};
    for (const option of Object.keys(columns)) byOption[option] = new TableScope(this.#host);
    for (const entry of entries) {
      const options = await this.#optionsOf(entry);
      scope.addEntry(entry);
      for (const option of options) byOption[option]!.addEntry(entry);
    }
    for (const each of [scope, ...Object.values(byOption)]) {
      for (const entry of excludeTables) each.exclude(entry);
    }
    const named = new Set(entries.flatMap((entry) => this.#named(entry)));
    const found = [...named].filter((table) => this.#counts(table));
    return { scope, columns: byOption, found, learn: () => {} };
  }

  /** @throws {PluginValidationError} for an entry that names no table */
  async mustHaveTables(entries: readonly string[]): Promise<void> {
    for (const entry of entries) {
      if (this.#named(entry).length > 0 || await this.#answers(entry)) continue;
      throw await this.#noTable(entry);
    }
  }

  /** The options whose columns a listed table has. */
  async #optionsOf(entry: string): Promise<string[]> {
    const columns = Object.entries(this.#search.columns);
    const named = this.#named(entry);
    if (columns.length === 0) {
      if (named.length === 0 && !await this.#answers(entry)) throw await this.#noTable(entry);
      return [];
    }
    const options: string[] = [];
    for (const [option, column] of columns) {
      const isThere = named.some((table) => this.#has(table, column));
      if (isThere || await this.#answers(entry, column)) options.push(option);
    }
    if (options.length > 0) return options;
    if (named.length === 0) throw await this.#noTable(entry);
    throw this.#failure(
      `table "${entry}" has no column ${this.#columns(named)}; name the column with ` +
        `${this.#options()}, or take the table out of "tables"`,
    );
  }

  #scopeOf(counts: (table: Relation) => boolean): TableScope {
    const scope = new TableScope(this.#host);
    for (const table of this.#tables) scope.addFound(table, counts(table));
    for (const entry of this.#search.excludeTables) scope.exclude(entry);
    return scope;
  }

  #counts(table: Relation): boolean {
    const columns = Object.values(this.#search.columns);
    return columns.length === 0 || columns.some((column) => this.#has(table, column));
  }

  #has(table: Relation, column: string): boolean {
    return table.columns.some(({ name }) => this.#names.isColumn(column, name));
  }

  #named(entry: string): Relation[] {
    const { name } = parseTableName(entry);
    const candidates = this.#byName.get(this.#host.physicalName(name)) ?? [];
    return candidates.filter((table) => this.#names.isNamed(entry, table));
  }

  /** Whether the database takes the name: introspection does not list all that can be read. */
  async #answers(entry: string, column?: string): Promise<boolean> {
    const probe = this.#host.db.selectFrom(`${entry} as t`).where(sql<boolean>`1 = 0`);
    try {
      // Qualified, because SQLite takes an unknown quoted name for a string.
      await (column === undefined
        ? probe.select(sql.lit(1).as("one"))
        : probe.select(`t.${column} as one`)).execute();
      return true;
    } catch {
      return false;
    }
  }

  #nothing(): PluginValidationError {
    return this.#failure(
      Object.keys(this.#search.columns).length === 0
        ? "there is no table; create the tables first"
        : `no table has a column ${
          this.#columns(this.#tables)
        }; create the tables first, or name ` +
          `the column with ${this.#options()}`,
    );
  }

  /** The columns in words, with those of the tables that may have been meant. */
  #columns(tables: readonly Relation[]): string {
    const known = tables.flatMap(({ columns }) => columns.map(({ name }) => name));
    return Object.values(this.#search.columns)
      .map((column) => `"${column}"${didYouMean(column, known)}`).join(" or ");
  }

  #options(): string {
    return Object.keys(this.#search.columns).map((option) => `"${option}"`).join(" or ");
  }

  async #noTable(entry: string): Promise<PluginValidationError> {
    const near = nearTables(entry, await this.#host.relations());
    return this.#failure(`there is no table "${entry}"${near}`);
  }

  #failure(problem: string): PluginValidationError {
    return new PluginValidationError(
      `Cannot start plugin "${this.#search.plugin}": ${problem}`,
      "INITIALIZATION_FAILED",
      { pluginName: this.#search.plugin },
    );
  }
}
