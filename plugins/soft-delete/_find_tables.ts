import { type PluginHost, PluginValidationError } from "@kysera/executor";
import { sql, type TableMetadata } from "kysely";
import { nearNames } from "./_near_names.ts";
import { PLUGIN_NAME, type Settings } from "./_settings.ts";
import { parseEntry, TableScope } from "./_table_scope.ts";

/** The tables that the plugin has to do with. */
export interface Tables {
  readonly scope: TableScope;
  /** Those whose column can never hold the value of a visible row. */
  readonly blind: TableScope;
}

/** The tables that the options list, taken at their word. */
export function listedTables(host: PluginHost, settings: Settings): Tables {
  const scope = new TableScope(host);
  for (const entry of settings.tables ?? []) scope.addEntry(entry);
  for (const entry of settings.excludeTables) scope.exclude(entry);
  mustHaveKeyedTables(scope, settings);
  return { scope, blind: new TableScope(host) };
}

/**
 * The tables that the options list, or those that have the column, as the database knows them.
 *
 * @throws {PluginValidationError} where the options name what is not there, or nothing has the column
 */
export async function checkedTables(host: PluginHost, settings: Settings): Promise<Tables> {
  const tables = await host.tables();
  const search = new Search(host, settings, tables);
  await search.mustHaveTables(settings.excludeTables);
  if (settings.tables === undefined) return search.found();
  await search.mustHaveColumn(settings.tables);
  return listedTables(host, settings);
}

class Search {
  readonly #host: PluginHost;
  readonly #settings: Settings;
  readonly #tables: readonly TableMetadata[];
  readonly #names: TableScope;

  constructor(host: PluginHost, settings: Settings, tables: readonly TableMetadata[]) {
    this.#host = host;
    this.#settings = settings;
    this.#tables = tables;
    this.#names = new TableScope(host);
  }

  found(): Tables {
    const { excludeTables, deletedAtColumn, logger } = this.#settings;
    const scope = new TableScope(this.#host);
    for (const table of this.#tables) scope.addFound(table, this.#columnOf(table) !== undefined);
    for (const entry of excludeTables) scope.exclude(entry);
    const found = this.#tables.filter((table) => scope.has(table));
    if (found.length === 0) {
      throw failure(
        `no table has a column "${deletedAtColumn}"` +
          this.#meant(deletedAtColumn, this.#tables.flatMap(columnNames)) +
          `; create the tables first, or name the column with "deletedAtColumn"`,
      );
    }
    mustHaveKeyedTables(scope, this.#settings);
    logger?.debug(`Soft delete applies to ${found.map(written).join(", ")}`);
    const blind = new TableScope(this.#host);
    for (const table of found) {
      const namesakes = found.filter((other) => other.name === table.name);
      if (namesakes.every((other) => this.#isBlind(other))) blind.addFound(table, true);
    }
    return { scope, blind };
  }

  /** @throws {PluginValidationError} for an entry that names no table */
  async mustHaveTables(entries: readonly string[]): Promise<void> {
    for (const entry of entries) {
      if (this.#named(entry).length > 0 || await this.#answers(entry)) continue;
      throw this.#noTable(entry);
    }
  }

  /** @throws {PluginValidationError} for an entry that names no table, or one without the column */
  async mustHaveColumn(entries: readonly string[]): Promise<void> {
    const { deletedAtColumn } = this.#settings;
    for (const entry of entries) {
      const named = this.#named(entry);
      const having = named.filter((table) => this.#columnOf(table) !== undefined);
      if (having.length === 0 && !await this.#answers(entry, deletedAtColumn)) {
        if (named.length === 0) throw this.#noTable(entry);
        throw failure(
          `table "${entry}" has no column "${deletedAtColumn}"` +
            this.#meant(deletedAtColumn, named.flatMap(columnNames)) +
            `; name the column with "deletedAtColumn", or take the table out of "tables"`,
        );
      }
      if (having.length > 0 && having.every((table) => this.#isBlind(table))) {
        throw failure(blindness(entry, deletedAtColumn));
      }
    }
  }

  #named(entry: string): TableMetadata[] {
    return this.#tables.filter((table) => this.#names.isNamed(entry, table));
  }

  #columnOf(table: TableMetadata): TableMetadata["columns"][number] | undefined {
    const { deletedAtColumn } = this.#settings;
    return table.columns.find(({ name }) => this.#names.isColumn(deletedAtColumn, name));
  }

  #isBlind(table: TableMetadata): boolean {
    return this.#settings.visibleValue === null && this.#columnOf(table)?.isNullable === false;
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

  #noTable(entry: string): PluginValidationError {
    const known = this.#tables.flatMap((table) => [table.name, written(table)]);
    return failure(`there is no table "${entry}"${this.#meant(entry, known)}`);
  }

  #meant(name: string, known: readonly string[]): string {
    const near = nearNames(name, known).map((candidate) => `"${candidate}"`);
    return near.length === 0 ? "" : ` (did you mean ${near.join(" or ")}?)`;
  }
}

/** Why a table would show nothing. */
export function blindness(table: string, column: string): string {
  return `column "${column}" of table "${table}" is never null, so no row of it would be visible; ` +
    `say with "visibleValue" what a row holds that is not deleted, or exclude the table`;
}

/** @throws {PluginValidationError} where a key is given for a table that is not soft-deleted */
function mustHaveKeyedTables(scope: TableScope, { keysOfTables }: Settings): void {
  for (const [table] of keysOfTables) {
    if (scope.has(parseEntry(table))) continue;
    throw failure(`"primaryKeyColumn" names table "${table}", to which soft delete does not apply`);
  }
}

function written({ name, schema }: TableMetadata): string {
  return schema === undefined ? name : `${schema}.${name}`;
}

function columnNames({ columns }: TableMetadata): string[] {
  return columns.map(({ name }) => name);
}

function failure(problem: string): PluginValidationError {
  return new PluginValidationError(
    `Cannot start plugin "${PLUGIN_NAME}": ${problem}`,
    "INITIALIZATION_FAILED",
    { pluginName: PLUGIN_NAME },
  );
}
