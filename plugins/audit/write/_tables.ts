import { type PluginHost, TableScope } from "@kysera/executor";
import type { Expression } from "kysely";
import { type Ask, askTable, type ColumnInfo, type TableInfo } from "../strategies/common/_catalog.ts";
import type { Settings } from "../contract/_settings.ts";

/** A table that is audited, as the database has it. */
export interface AuditedTable {
  readonly name: string;
  readonly schema: string | undefined;
  /** What queries call it: its name, with the schema where the name alone does not find it. */
  readonly path: string;
  /** What entries call it: its name, with the schema unless that is the default one. */
  readonly label: string;
  /** What entries may call it that were written before. */
  readonly labels: readonly string[];
  readonly info: TableInfo;
  /** The columns that tell its rows apart; empty where nothing does. */
  readonly key: readonly string[];
  /** Columns whose values are kept. */
  readonly kept: readonly ColumnInfo[];
  /** Those of them of which only that there is a value is kept. */
  readonly masked: ReadonlySet<string>;
  /** What none of its columns begins with: for columns of ours beside them. */
  readonly free: string;
  /** Whether no column is left out. */
  readonly keepsAll: boolean;
  /** The column that says that a row is deleted, where it has one. */
  readonly deletedAt: string | undefined;
}

/** What a mask leaves of a value. */
export const MASK = "***";

/** The table of what triggers are told that the plugin writes down itself. */
export function markerOf(auditTable: string): string {
  return `${auditTable}_marker`;
}

/** The tables that belong to a log, the log first. */
export function ownNames(auditTable: string): string[] {
  return [auditTable, `${auditTable}_chain`, markerOf(auditTable)];
}

function freePrefix({ columns }: TableInfo): string {
  // Without an underscore, which Kysely plugins that rename take out.
  let prefix = "kyserax";
  const isTaken = (): boolean => columns.some(({ name }) => name.toLowerCase().startsWith(prefix));
  while (isTaken()) prefix = `k${prefix}`;
  return prefix;
}

/** What entries call a table. */
export function labelOf(name: string, schema: string | undefined): string {
  return schema === undefined ? name : `${schema}.${name}`;
}

/** The tables of an executor, as far as they are audited; each is asked for when it is written first. */
export class AuditedTables {
  /** The audit table, by the name that the database has for it. */
  readonly auditTable: { readonly name: string; readonly schema: string | undefined };
  readonly #host: Pick<PluginHost, "dialect" | "physicalName" | "physicalColumn">;
  readonly #settings: Settings;
  readonly #listed: TableScope | undefined;
  readonly #excluded: TableScope;
  readonly #known = new Map<string, AuditedTable>();

  constructor(host: PluginHost, settings: Settings) {
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
    const info = await askTable(ask, this.#host.dialect, name, schema);
    if (info === undefined) return undefined;
    const table = this.#describe(name, schema, info);
    this.#known.set(label, table);
    return table;
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
    return this.#host.dialect === "postgres" ? name : name.toLowerCase();
  }
}

/** A change of one row, as it is to be written down. */
export interface Change {
  readonly table: string;
  readonly key: string | null;
  readonly operation: string;
  /** JSON of the row as it was. */
  readonly before: string | null;
  /** JSON of the row as it is. */
  readonly after: string | null;
}

/** Runs a statement of ours on the connection of the write. */
export type Run = (query: Expression<any>) => Promise<{
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}>;
