import { type PluginHost, TableScope } from "@kysera/executor";
import type { Settings } from "../contract/_settings.ts";
import type { Ask, TableInfo } from "../strategies/common/_catalog.ts";
import {
  type AuditedTable,
  labelOf,
  ownNames,
  type TableName,
} from "../strategies/common/_table.ts";
import type { AuditStrategy, CatalogStrategy } from "../strategies/strategy.ts";

/** The tables of an executor, as far as they are audited; each is asked for when it is written first. */
export class AuditedTables {
  /** The audit table, by the name that the database has for it. */
  readonly auditTable: TableName;
  readonly #host: Pick<PluginHost, "dialect" | "physicalName" | "physicalColumn">;
  readonly #catalog: CatalogStrategy | undefined;
  readonly #settings: Settings;
  readonly #listed: TableScope | undefined;
  readonly #excluded: TableScope;
  readonly #known = new Map<string, AuditedTable>();

  constructor(host: PluginHost, settings: Settings, strategy: AuditStrategy | undefined) {
    this.#catalog = strategy?.catalog;
    this.#host = host;
    this.#settings = settings;
    const { auditTable, tables, excludeTables } = settings;
    const [first, second] = auditTable.split(".") as [string, string?];
    this.auditTable = second === undefined
      ? { name: host.physicalName(first), schema: undefined }
      : { name: host.physicalName(second), schema: host.physicalName(first) };
    if (tables !== undefined) {
      this.#listed = new TableScope(host);
      for (const entry of tables) this.#listed.addEntry(entry);
    }
    this.#excluded = new TableScope(host);
    for (const entry of excludeTables) this.#excluded.addEntry(entry);
  }

  /** Whether a table is the log, or belongs to it. Of a table in another schema that may be. */
  isOwn(name: string, schema: string | undefined): boolean {
    const { auditTable } = this;
    const places = [schema, auditTable.schema].map((each) => each && this.#fold(each));
    if (places.every((each) => each !== undefined) && places[0] !== places[1]) return false;
    return ownNames(auditTable.name).includes(this.#fold(name));
  }

  /** Whether the plugin is to write down what happens to a table. */
  has(name: string, schema: string | undefined): boolean {
    if (this.isOwn(name, schema)) return false;
    const table = { name, schema };
    return !this.#excluded.has(table) && (this.#listed === undefined || this.#listed.has(table));
  }

  /** What is known of a table; `undefined` where the database has none of the name. */
  async get(
    ask: Ask,
    name: string,
    schema: string | undefined,
  ): Promise<AuditedTable | undefined> {
    const label = labelOf(name, schema);
    const known = this.#known.get(label);
    if (known !== undefined) return known;
    const info = await this.#catalog?.read(ask, name, schema);
    if (info === undefined) return undefined;
    const table = this.#describe(name, schema, info);
    this.#known.set(label, table);
    return table;
  }

  /** Has the database asked again about a table. */
  forget(table: AuditedTable): void {
    for (const [label, known] of this.#known) if (known === table) this.#known.delete(label);
  }

  #describe(name: string, schema: string | undefined, info: TableInfo): AuditedTable {
    const { allowColumns, denyColumns, maskColumns, deletedAtColumn } = this.#settings;
    const has = (list: readonly string[], column: string): boolean =>
      list.some((entry) => this.#isColumn(entry, name, column));
    const kept = info.columns.filter((column) =>
      !has(denyColumns, column.name) &&
      (allowColumns === undefined || has(allowColumns, column.name) ||
        // A list of another table's columns says nothing of this one's.
        !allowColumns.some((entry) => this.#isAbout(entry, name)))
    );
    const masked = kept.filter((column) => has(maskColumns, column.name)).map(({ name }) => name);
    return {
      name,
      schema,
      // However a query writes it, it is the same table.
      label: info.isDefault ? info.name : labelOf(info.name, info.schema),
      path: info.isVisible ? info.name : labelOf(info.name, info.schema),
      // What a qualified write was called before labels were the catalog's.
      labels: [
        ...new Set([
          info.isDefault ? info.name : labelOf(info.name, info.schema),
          labelOf(info.name, info.schema),
          ...schema === undefined ? [] : [labelOf(info.name, schema)],
        ]),
      ],
      info,
      key: this.#keyOf(name, schema, info),
      kept,
      masked: new Set(masked),
      free: freePrefix(info),
      keepsAll: kept.length === info.columns.length && masked.length === 0,
      deletedAt: deletedAtColumn === undefined
        ? undefined
        : info.columns.find((column) => this.#isColumn(deletedAtColumn, name, column.name))?.name,
    };
  }

  #keyOf(name: string, schema: string | undefined, info: TableInfo): readonly string[] {
    const { key, keysOfTables } = this.#settings;
    const own = keysOfTables.find(([entry]) => {
      const scope = new TableScope(this.#host);
      scope.addEntry(entry);
      return scope.has({ name, schema });
    })?.[1] ?? key;
    if (own === undefined) return info.key;
    const found = own.map((column) =>
      info.columns.find((each) => this.#isColumn(column, name, each.name))?.name
    );
    // A table without the column that others have as a key has its own.
    return found.every((column) => column !== undefined) ? found : info.key;
  }

  /** Whether an entry of an option is about columns of this table. */
  #isAbout(entry: string, table: string): boolean {
    const dot = entry.indexOf(".");
    return dot < 0 || this.#host.physicalName(entry.slice(0, dot)) === this.#fold(table);
  }

  #isColumn(entry: string, table: string, column: string): boolean {
    if (!this.#isAbout(entry, table)) return false;
    const name = entry.slice(entry.indexOf(".") + 1);
    return this.#fold(this.#host.physicalColumn(name)) === this.#fold(column);
  }

  #fold(name: string): string {
    return this.#catalog === undefined ? name.toLowerCase() : this.#catalog.foldCase(name);
  }
}

function freePrefix({ columns }: TableInfo): string {
  // Without an underscore, which Kysely plugins that rename take out.
  let prefix = "kyserax";
  const isTaken = (): boolean => columns.some(({ name }) => name.toLowerCase().startsWith(prefix));
  while (isTaken()) prefix = `k${prefix}`;
  return prefix;
}
