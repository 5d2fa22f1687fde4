import { BadRequestError, didYouMean, NotNullError } from "@kysera/core";
import { findColumns, type FoundColumns, getPlugins, type RelationColumn } from "@kysera/executor";
import type { Kysely } from "kysely";
import { shown } from "./_columns.ts";
import type { ColumnTypes } from "./_column_values.ts";

/** More names than any table has: others are looked up again. */
const MOST_NAMES = 2_000;

/** A column that must be given, and the key of inputs that stands for it, once one was seen. */
interface Required {
  readonly column: RelationColumn;
  key?: string;
}

/**
 * What the catalog says of the columns of a table. It is asked once, for the first column that is
 * named; afterwards a known name costs a look into a set. Before a name is refused it is asked again:
 * a migration may have added the column.
 */
export class KnownColumns {
  readonly #table: string;
  readonly #good = new Set<string>();
  #isRead = false;
  #isForgotten = false;
  #found: FoundColumns | undefined;
  #required: readonly Required[] = [];
  /** The keys of those, as inputs have them; `undefined` where none was seen yet. */
  #keys: readonly (string | undefined)[] = [];

  constructor(table: string) {
    this.#table = table;
  }

  /** Whether a name is known to be that of a column. */
  has(column: string): boolean {
    return this.#good.has(column);
  }

  /** The types of the columns; `undefined` where the catalog was not asked. */
  get types(): ColumnTypes | undefined {
    return this.#isRead ? this.#typeOf : undefined;
  }

  readonly #typeOf: ColumnTypes = (column) => this.#found?.find(column)?.type;

  /** The columns of a unique key, by the name of its index or constraint. */
  ofUnique(name: string): readonly string[] | undefined {
    return this.#found?.relation.uniqueNames?.get(name);
  }

  /** Whether the catalog lists a column; `undefined` where it was not asked. */
  lists(column: string): boolean | undefined {
    return this.#found === undefined ? undefined : this.#found.find(column) !== undefined;
  }

  /** Whether what was known may be no longer true. */
  get isForgotten(): boolean {
    return this.#isForgotten;
  }

  /** Forgets all, where a statement that was right before is wrong: the table may have changed. */
  forget(): void {
    if (!this.#isRead) return;
    this.#good.clear();
    this.#require([]);
    this.#isRead = false;
    this.#isForgotten = true;
  }

  /** Asks the catalog. @returns whether it was asked now */
  async read(db: Kysely<any>): Promise<boolean> {
    if (this.#isRead) return false;
    this.#take(await findColumns(db, this.#table, { reread: this.#isForgotten }), db);
    return true;
  }

  #take(found: FoundColumns | undefined, db: Kysely<any>): void {
    this.#isRead = true;
    this.#found = found;
    const fills = found === undefined || found.relation.isView || isRewritten(db) ||
      found.relation.hasTriggers === true || found.relation.hasHiddenColumns === true;
    this.#required = fills ? [] : found.relation.columns
      .filter(({ isOptional }) => isOptional === false).map((column) => ({ column }));
    for (const key of this.#good) this.#note(key);
    this.#keys = this.#required.map(({ key }) => key);
  }

  #note(key: string): void {
    const column = this.#found?.find(key);
    const required = this.#required.find((each) => each.column === column);
    if (required !== undefined && required.key === undefined) {
      required.key = key;
      this.#keys = this.#required.map(({ key }) => key);
    }
    if (this.#good.size < MOST_NAMES) this.#good.add(key);
  }

  /**
   * Looks names up.
   *
   * @returns whether the catalog was asked for the first time
   * @throws {BadRequestError} for a name that is not that of a column
   */
  async mustHave(db: Kysely<any>, names: readonly string[], action: string): Promise<boolean> {
    const isFirst = await this.read(db);
    this.#isForgotten = false;
    let strangers = this.#accept(names.filter((name) => !this.#good.has(name)), db);
    if (strangers.length === 0) return isFirst;
    this.#take(await findColumns(db, this.#table, { reread: true }), db);
    strangers = this.#accept(strangers, db);
    if (strangers.length === 0) return true;
    const known = await this.#found!.names();
    throw new BadRequestError(
      `Cannot ${action}: "${this.#table}" has no column ${
        strangers.map((name) => `"${shown(name)}"${didYouMean(shown(name), known)}`).join(
          " and no ",
        )
      }`,
      { table: this.#table, columns: strangers.map(shown) },
    );
  }

  /** Notes the names of columns. @returns the others */
  #accept(names: readonly string[], db: Kysely<any>): string[] {
    const found = this.#found;
    const strangers: string[] = [];
    for (const name of names) {
      // Where the catalog does not tell, the database will.
      if (found === undefined || isRewritten(db) || found.has(name)) this.#note(name);
      else strangers.push(name);
    }
    return strangers;
  }

  /** Whether a row may lack a column that must be given. */
  mayLack(row: Readonly<Record<string, unknown>>): boolean {
    const keys = this.#keys;
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i];
      if (key === undefined || row[key] === undefined) return true;
    }
    return false;
  }

  /**
   * Throws if a row lacks columns that must be given, and nothing else gives.
   *
   * @param written returns the columns that are written for the row, those of plugins included
   * @throws {NotNullError} naming all of them
   */
  async mustBeComplete(
    db: Kysely<any>,
    row: Readonly<Record<string, unknown>>,
    written: () => readonly string[] | undefined,
  ): Promise<void> {
    if (this.#lackedBy(Object.keys(row)).length === 0) return;
    // Where it cannot be built, the query itself will tell why.
    const all = written();
    if (all === undefined) return;
    const given = new Set(all.map((name) => this.#found?.find(name)?.name));
    const stamped = this.#lackedBy(Object.keys(row)).filter(({ name }) => given.has(name));
    // What a plugin gives once, it gives to each row.
    this.#require(this.#required.filter(({ column }) => !stamped.includes(column)));
    if (this.#lackedBy(all).length === 0) return;
    const found = await findColumns(db, this.#table, { reread: true });
    if (found === undefined || await found.fillsMissing()) {
      this.#require([]);
      return;
    }
    this.#take(found, db);
    const lacked = new Set(this.#lackedBy(all).map(({ name }) => name));
    if (lacked.size === 0) return;
    const names = await found.names();
    const columns = found.relation.columns.flatMap(({ name }, i) =>
      lacked.has(name) ? [names[i]!] : []
    );
    throw new NotNullError(columns[0], this.#table, {
      columns,
      detail: "the input has no value for it, and it has no default",
    });
  }

  #require(required: readonly Required[]): void {
    this.#required = required;
    this.#keys = required.map(({ key }) => key);
  }

  #lackedBy(keys: readonly string[]): RelationColumn[] {
    const given = new Set(keys.map((key) => this.#found?.find(key)?.name));
    return this.#required.map(({ column }) => column).filter(({ name }) => !given.has(name));
  }
}

/** Whether a plugin may write other columns than the query that was built names. */
function isRewritten(db: Kysely<any>): boolean {
  return getPlugins(db).some((plugin) => plugin.interceptQuery !== undefined);
}
