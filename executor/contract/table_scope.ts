import { TRAITS } from "../dialect/mod.ts";
import type { PluginHost } from "./plugin.ts";
import type { Relation } from "./relation.ts";

/** A table as hooks are told it, and as an entry of an option names it. */
export interface TableId {
  /** Its name. */
  readonly name: string;
  /** Its schema, where one is named. */
  readonly schema?: string | undefined;
}

/** What is known of the tables of one name. */
interface Place {
  /** Whether an option lists the name for every schema. */
  listed: boolean;
  /** Whether the database has such a table that counts. */
  found: boolean;
  /** The schemas whose table counts. */
  readonly inside: Set<string>;
  /** The schemas whose table does not. */
  readonly outside: Set<string>;
}

/** What comparing names takes of a {@linkcode PluginHost}. */
export type NameHost = Pick<PluginHost, "dialect" | "physicalName" | "physicalColumn">;

/**
 * The tables that a plugin has to do with: what its options list, or what the database has.
 *
 * Names are compared as the database sees them: after the Kysely plugins that rename, and without
 * letter case but on PostgreSQL. A reference without a schema may be to a table of any schema, and
 * counts where one of them does: a condition too many shows, one too few is a leak. So does a table
 * of a schema that nobody told us about.
 *
 * @example
 * ```ts
 * import { TableScope } from "@kysera/executor";
 * import assert from "node:assert/strict";
 *
 * const same = (name: string): string => name.toLowerCase();
 * const scope = new TableScope({ dialect: "sqlite", physicalName: same, physicalColumn: same });
 * scope.addEntry("users");
 * assert.ok(scope.has({ name: "Users" }));
 * assert.ok(!scope.has({ name: "posts" }));
 * ```
 */
export class TableScope {
  readonly #host: NameHost;
  readonly #places = new Map<string, Place>();
  readonly #excluded = new Set<string>();

  /**
   * Makes one without tables.
   *
   * @param host says how names are compared
   */
  constructor(host: NameHost) {
    this.#host = host;
  }

  /** Adds an entry of an option, `table` or `schema.table`, as queries would write it. */
  addEntry(entry: string): void {
    const { name, schema } = parseTableName(entry);
    const place = this.#place(this.#host.physicalName(name));
    if (schema === undefined) place.listed = true;
    else place.inside.add(this.#physicalSchema(schema));
  }

  /** Adds what the database says of a table, by the name it has there. */
  addFound({ name, schema }: TableId, counts: boolean): void {
    const place = this.#place(this.#fold(name));
    if (counts) place.found = true;
    if (schema !== undefined) (counts ? place.inside : place.outside).add(this.#fold(schema));
  }

  /**
   * Takes what the database says of a table that was not known, in place of what was known of it.
   *
   * @param table the table, by its physical names
   * @param found what the catalog says of tables of this name
   * @param counts says which of them count
   */
  learn(
    table: TableId,
    found: readonly Relation[],
    counts: (relation: Relation) => boolean,
  ): void {
    const place = this.#place(this.#fold(table.name));
    if (table.schema === undefined) {
      place.inside.clear();
      place.outside.clear();
    }
    for (const relation of found) {
      const schema = relation.schema === undefined ? undefined : this.#fold(relation.schema);
      if (schema !== undefined) {
        place.inside.delete(schema);
        place.outside.delete(schema);
      }
      this.addFound(relation, counts(relation));
    }
    place.found = place.inside.size > 0 || found.some(counts);
    for (const entry of this.#excluded) this.exclude(entry);
  }

  /** Takes out an entry of an option. */
  exclude(entry: string): void {
    this.#excluded.add(entry);
    const { name, schema } = parseTableName(entry);
    const key = this.#host.physicalName(name);
    const place = this.#places.get(key);
    if (place === undefined) return;
    if (schema === undefined) {
      this.#places.delete(key);
      return;
    }
    const physical = this.#physicalSchema(schema);
    place.outside.add(physical);
    if (place.inside.delete(physical) && place.inside.size === 0) place.found = false;
  }

  /** Whether the plugin has to do with a table that a query or the database names. */
  has({ name, schema }: TableId): boolean {
    const place = this.#places.get(this.#fold(name)) ??
      this.#places.get(this.#host.physicalName(name));
    if (place === undefined) return false;
    const everywhere = place.listed || place.found;
    if (schema === undefined) return everywhere || place.inside.size > 0;
    const spellings = [this.#fold(schema), this.#physicalSchema(schema)];
    if (spellings.some((spelling) => place.inside.has(spelling))) return true;
    if (spellings.some((spelling) => place.outside.has(spelling))) return false;
    return everywhere;
  }

  /** Returns what the names of tables of the database are compared by. */
  keyOf(name: string): string {
    return this.#fold(name);
  }

  /** Whether an entry of an option names this table of the database. */
  isNamed(entry: string, table: TableId): boolean {
    const { name, schema } = parseTableName(entry);
    return this.#host.physicalName(name) === this.#fold(table.name) &&
      (schema === undefined || table.schema === undefined ||
        this.#physicalSchema(schema) === this.#fold(table.schema));
  }

  /** Whether an entry of an option is about the table of a query. */
  isAbout(entry: string, table: TableId): boolean {
    const { name, schema } = parseTableName(entry);
    const key = this.#host.physicalName(name);
    if (key !== this.#fold(table.name) && key !== this.#host.physicalName(table.name)) return false;
    return schema === undefined || table.schema === undefined ||
      this.#physicalSchema(schema) === this.#physicalSchema(table.schema);
  }

  /** Whether a column of the database is the one that an option names. */
  isColumn(option: string, column: string): boolean {
    return this.#fold(this.#host.physicalColumn(option)) === this.#fold(column);
  }

  /** Whether a table of the database has a column, those included that its definition does not list. */
  hasColumn(table: Pick<Relation, "columns" | "isView">, column: string): boolean {
    const { hiddenColumns } = TRAITS[this.#host.dialect].catalog;
    return table.columns.some(({ name }) => this.isColumn(column, name)) ||
      (!table.isView && hiddenColumns.some((name) => this.isColumn(column, name)));
  }

  #place(key: string): Place {
    let place = this.#places.get(key);
    if (place === undefined) {
      place = { listed: false, found: false, inside: new Set(), outside: new Set() };
      this.#places.set(key, place);
    }
    return place;
  }

  #fold(name: string): string {
    return TRAITS[this.#host.dialect].identifiers.foldCase(name);
  }

  #physicalSchema(schema: string): string {
    // Kysely plugins that rename see one identifier like another.
    return this.#fold(this.#host.physicalName(schema));
  }
}

/**
 * Reads the name of a table, `table` or `schema.table`, the way Kysely does.
 *
 * @param entry the name
 * @returns its parts
 *
 * @example
 * ```ts
 * import { parseTableName } from "@kysera/executor";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(parseTableName("app.users"), { name: "users", schema: "app" });
 * ```
 */
export function parseTableName(entry: string): TableId {
  const dot = entry.indexOf(".");
  return dot < 0
    ? { name: entry, schema: undefined }
    : { name: entry.slice(dot + 1), schema: entry.slice(0, dot) };
}
