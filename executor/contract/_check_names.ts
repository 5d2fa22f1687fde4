import { didYouMean } from "@kysera/core";
import { TRAITS } from "../dialect/mod.ts";
import { callHook, type NamedHooks } from "./_call_hook.ts";
import { PluginValidationError } from "./errors.ts";
import type { OptionName } from "./plugin.ts";
import { qualifiedTable, type Relation } from "./relation.ts";
import { type NameHost, parseTableName, type TableId, TableScope } from "./table_scope.ts";

/** Reads what the database's catalog says of tables; of all of them without a list. */
export type ReadCatalog = (tables?: readonly TableId[]) => Promise<readonly Relation[]>;

/** Tables of the runners of migrations: a database with these alone is empty. */
const MIGRATIONS = /^(?:kysely_migration(?:_lock)?|kysera_migration(?:_lock|_step)?)$/;

/**
 * Returns true if a database has no tables yet but those in which its migrations are recorded: they
 * are still to be made, through the executor it may be.
 *
 * @param isOwn returns true for a table that a plugin has made for itself
 */
export function isEmptyDatabase(
  relations: readonly Relation[],
  isOwn: (relation: Relation) => boolean = () => false,
): boolean {
  return relations.every((relation) =>
    !relation.isVisible || MIGRATIONS.test(relation.name) || isOwn(relation)
  );
}

/** Returns the suggestion that ends an error about a table that is not there. */
export function nearTables(entry: string, relations: readonly Relation[]): string {
  return didYouMean(entry, relations.flatMap((each) => [each.name, qualifiedTable(each)]));
}

/**
 * Checks the names in the options of plugins against the catalog.
 *
 * @param host says how names are compared
 * @param hooks the hooks of the plugins; those with `optionNames` are asked
 * @param read reads the catalog
 * @throws {PluginValidationError} for a name that the database does not have, unless the database is
 * empty
 */
export async function checkNames(
  host: NameHost,
  hooks: readonly NamedHooks[],
  read: ReadCatalog,
): Promise<void> {
  const names = hooks.flatMap(({ plugin, hooks }) =>
    callHook(plugin, "optionNames", () => [...hooks.optionNames?.() ?? []])
      .map((name) => ({ plugin, name }))
  );
  if (names.length === 0 || TRAITS[host.dialect].catalog.reader === undefined) return;
  const checker = new Checker(host, read);
  for (const { plugin, name } of names) {
    const problem = await checker.problemOf(name);
    if (problem === undefined) continue;
    const isOwn = ({ name, schema }: Relation): boolean =>
      hooks.some(({ plugin, hooks }) =>
        callHook(plugin, "copies", () => hooks.copies?.({ name, schema }, {})) !== undefined
      );
    if (isEmptyDatabase(await read(), isOwn)) return;
    throw new PluginValidationError(
      `Cannot start plugin "${plugin}": ${problem}`,
      "INITIALIZATION_FAILED",
      { pluginName: plugin },
    );
  }
}

class Checker {
  readonly #host: NameHost;
  readonly #read: ReadCatalog;
  readonly #names: TableScope;
  readonly #tables = new Map<string, Promise<readonly Relation[]>>();

  constructor(host: NameHost, read: ReadCatalog) {
    this.#host = host;
    this.#read = read;
    this.#names = new TableScope(host);
  }

  /** Returns what is wrong with a name; `undefined` if the database has it. */
  async problemOf({ option, table, column }: OptionName): Promise<string | undefined> {
    const wanted = typeof column === "string" ? [column] : column;
    if (table === undefined) {
      const all = await this.#read();
      return wanted === undefined || this.#hasOne(all, wanted)
        ? undefined
        : `"${option}" names ${this.#columns(wanted, all)}, which no table has${EITHER}`;
    }
    const found = await this.#named(table);
    if (found.length === 0) {
      return `"${option}" names table "${table}", and there is no table "${table}"` +
        nearTables(table, await this.#read()) + EITHER;
    }
    return wanted === undefined || this.#hasOne(found, wanted)
      ? undefined
      : `"${option}" names ${this.#columns(wanted, found)}, and table "${table}" has no such ` +
        `column${EITHER}`;
  }

  #named(entry: string): Promise<readonly Relation[]> {
    let found = this.#tables.get(entry);
    if (found === undefined) {
      const { name, schema } = parseTableName(entry);
      const physical = {
        name: this.#host.physicalName(name),
        schema: schema === undefined ? undefined : this.#host.physicalName(schema),
      };
      found = this.#read([physical]).then((relations) =>
        relations.filter((relation) => this.#names.isNamed(entry, relation))
      );
      this.#tables.set(entry, found);
    }
    return found;
  }

  #hasOne(relations: readonly Relation[], columns: readonly string[]): boolean {
    return relations.some((relation) =>
      columns.some((column) => this.#names.hasColumn(relation, column))
    );
  }

  #columns(columns: readonly string[], relations: readonly Relation[]): string {
    const known = relations.flatMap(({ columns }) => columns.map(({ name }) => name));
    return `column ${
      columns.map((column) => `"${column}"${didYouMean(column, known)}`).join(" or ")
    }`;
  }
}

const EITHER = `; correct the name, or check no names: check: "off"`;
