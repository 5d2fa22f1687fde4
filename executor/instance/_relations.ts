import type { Kysely } from "kysely";
import { callHook, type NamedHooks } from "../contract/_call_hook.ts";
import type { Relation } from "../contract/relation.ts";
import type { TableId } from "../contract/table_scope.ts";
import type { DialectTraits } from "../dialect/mod.ts";
import type { KnownRelations } from "../hooks/_rules.ts";
import { catalogOf, type CatalogSource } from "./_catalog_source.ts";

const MOST_KNOWN = 100_000;

/**
 * The tables and views that an executor knows of. One that it does not know is looked up when a query
 * names it first, so that what was made later, or stands in another schema, is subject to the plugins.
 */
export class Relations implements KnownRelations {
  readonly #traits: DialectTraits;
  readonly #catalog: CatalogSource;
  readonly #known = new Map<string, readonly [TableId, readonly Relation[]]>();
  /** The known ones that hooks were not told of. */
  readonly #untold = new Set<string>();
  /** Places that were looked up, and where the table is not. */
  readonly #absent = new Set<string>();
  #all: Promise<readonly Relation[]> | undefined;
  #version = 0;

  constructor(traits: DialectTraits, catalog: CatalogSource = catalogOf(traits)) {
    this.#traits = traits;
    this.#catalog = catalog;
  }

  get version(): number {
    return this.#version;
  }

  knows(table: TableId): boolean {
    if (this.#traits.catalog.reader === undefined) return true;
    const key = this.#keyOf(table);
    return this.#known.has(key) && !this.#untold.has(key) &&
      (this.#isThere(table) || this.#absent.has(this.#placeOf(table)));
  }

  /** Returns all tables and views of the database, asked of it once. */
  all(db: Kysely<any>): Promise<readonly Relation[]> {
    return this.#all ??= this.#catalog.read(db, undefined).then((relations) => {
      for (const [key, found] of this.#byKey(relations)) {
        this.#keep(key, this.#askedFor(found[0]!), found);
      }
      return relations;
    }).catch((error) => {
      this.#all = undefined;
      throw error;
    });
  }

  /** Returns what the database says of tables; those that are not known are asked about at once. */
  async of(tables: readonly TableId[], db: Kysely<any>): Promise<readonly Relation[]> {
    const unknown = tables.filter((table) => !this.#isThere(table));
    if (unknown.length > 0) await this.#ask(unknown, db);
    return [...new Set(tables.flatMap((table) => this.#known.get(this.#keyOf(table))?.[1] ?? []))];
  }

  /** Returns what is known of a table, without asking the database. */
  known(table: TableId): readonly Relation[] {
    return this.#known.get(this.#keyOf(table))?.[1] ?? [];
  }

  /** Tells hooks of all that is known, whoever asked for it. */
  announce(hooks: readonly NamedHooks[]): void {
    for (const [table, found] of this.#known.values()) tell(hooks, table, found);
    this.#untold.clear();
  }

  /** Looks tables up that a query names, and tells the hooks that are to know of them. */
  async learn(
    tables: readonly TableId[],
    hooks: readonly NamedHooks[],
    db: Kysely<any>,
  ): Promise<void> {
    const unknown: TableId[] = [];
    for (const table of tables) {
      if (this.knows(table)) continue;
      const key = this.#keyOf(table);
      if (this.#untold.delete(key)) tell(hooks, table, this.#known.get(key)![1]);
      if (!this.knows(table)) unknown.push(table);
    }
    if (unknown.length === 0) return;
    // Each asks for itself: who waits for another may hold the connection that the other waits for.
    const found = this.#byKey(await this.#catalog.read(db, unknown));
    // Programs may make up names: a bound keeps them from piling up.
    if (this.#known.size + unknown.length > MOST_KNOWN) this.forget();
    for (const table of unknown) {
      const key = this.#keyOf(table);
      const those = found.get(key) ?? [];
      tell(hooks, table, those);
      this.#untold.delete(key);
      this.#known.set(key, [table, those]);
      if (!this.#isThere(table)) this.#absent.add(this.#placeOf(table));
    }
  }

  /** Forgets a table, or all of them: what the schema says of it may have changed. */
  forget(table?: TableId): void {
    this.#version++;
    this.#all = undefined;
    if (table === undefined) {
      this.#known.clear();
      this.#untold.clear();
      this.#absent.clear();
    } else this.#known.delete(this.#keyOf(table));
  }

  /**
   * Forgets the tables that were not found: another process may make them at any time, and they are
   * looked up again for the next query that names them.
   */
  forgetAbsent(tables: readonly TableId[]): void {
    const absent = tables.filter((table) => this.#absent.delete(this.#placeOf(table)));
    if (absent.length === 0) return;
    this.#version++;
    for (const table of absent) {
      const key = this.#keyOf(table);
      if (this.#known.get(key)?.[1].length === 0) this.#known.delete(key);
    }
  }

  /**
   * Returns true if what is known of a name is about the table that is meant. A catalog that is read
   * by the name alone may know one of another schema, while the one that is meant is made later.
   */
  #isThere(table: TableId): boolean {
    const found = this.#known.get(this.#keyOf(table))?.[1];
    if (found === undefined || !this.#catalog.readsEverySchema) return (found?.length ?? 0) > 0;
    const { foldCase } = this.#traits.identifiers;
    const { schema } = table;
    return schema === undefined
      ? found.some(({ isVisible }) => isVisible)
      : found.some((each) =>
        each.schema !== undefined && foldCase(each.schema) === foldCase(schema)
      );
  }

  async #ask(tables: readonly TableId[], db: Kysely<any>): Promise<void> {
    const found = this.#byKey(await this.#catalog.read(db, tables));
    for (const table of tables) {
      const key = this.#keyOf(table);
      const those = found.get(key);
      if (those !== undefined) this.#keep(key, table, those);
    }
  }

  #keep(key: string, table: TableId, found: readonly Relation[]): void {
    if (!this.#known.has(key)) this.#untold.add(key);
    this.#known.set(key, [table, found]);
  }

  #byKey(relations: readonly Relation[]): Map<string, Relation[]> {
    const found = new Map<string, Relation[]>();
    for (const relation of relations) {
      const keys = new Set([this.#keyOf(relation)]);
      if (relation.isVisible) keys.add(this.#keyOf({ name: relation.name }));
      for (const key of keys) found.set(key, [...found.get(key) ?? [], relation]);
    }
    return found;
  }

  /** Returns what a lookup that found a relation was about. */
  #askedFor({ name, schema }: Relation): TableId {
    return this.#catalog.readsEverySchema ? { name } : { name, schema };
  }

  /** Returns what tells a table from those of its name in other schemas. */
  #placeOf({ name, schema }: TableId): string {
    const { foldCase } = this.#traits.identifiers;
    return `${schema === undefined ? "" : foldCase(schema)}\0${foldCase(name)}`;
  }

  #keyOf({ name, schema }: TableId): string {
    const { identifiers } = this.#traits;
    const folded = identifiers.foldCase(name);
    // What a catalog that is read by the name alone says is known of the name in every schema.
    if (this.#catalog.readsEverySchema) return folded;
    return this.#placeOf({ name, schema });
  }
}

function tell(hooks: readonly NamedHooks[], table: TableId, found: readonly Relation[]): void {
  for (const { plugin, hooks: own } of hooks) {
    if (own.discover === undefined) continue;
    callHook(plugin, "discover", () => own.discover!(table, found));
  }
}
