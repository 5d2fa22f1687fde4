import type { Lexis } from "../../sql/_lexis.ts";
import type { SchemaSnapshot } from "../../schema/snapshot/schema_snapshot.ts";
import type { ColumnDefinition, IndexDefinition, ObjectName, TypeName } from "../read/_change.ts";
import { tableView } from "./_table_view.ts";

/** The statement that something comes from: the places of the migration and of the statement. */
export interface Origin {
  readonly migration: number;
  readonly statement: number;
}

/** What is known of a column. */
export interface ColumnView {
  type: TypeName | undefined;
  nullable: boolean | undefined;
  readonly origin?: Origin | undefined;
}

/** What is known of an index. */
export interface IndexView {
  readonly name: string | undefined;
  readonly columns: readonly string[];
  readonly unique: boolean;
  readonly isPartial: boolean;
  /** Whether building it concurrently failed, so that it is there and of no use. */
  readonly isInvalid?: boolean | undefined;
  readonly origin?: Origin | undefined;
}

/** What is known of a foreign key. */
export interface ForeignKeyView {
  readonly name: string | undefined;
  readonly columns: readonly string[];
  readonly references: ObjectName;
  readonly onDelete: string | undefined;
  readonly origin?: Origin | undefined;
}

/** What is known of a table. */
export interface TableView {
  name: ObjectName;
  /** Where it was created; `undefined` of a table that was there before. */
  readonly origin: Origin | undefined;
  readonly isEmpty: boolean;
  /** Whether all of its columns are known. */
  readonly isWhole: boolean;
  readonly isTemporary: boolean;
  readonly columns: Map<string, ColumnView>;
  primaryKey: readonly string[] | undefined;
  readonly indexes: IndexView[];
  readonly foreignKeys: ForeignKeyView[];
  /** Columns that a CHECK says are not null, by the name of the CHECK; and whether it is validated. */
  readonly notNullChecks: Map<string, { readonly columns: readonly string[]; isValid: boolean }>;
  readonly triggers: Set<string> | undefined;
  /** Whether the run changed its row security, and to what. */
  rowSecurity?: { readonly isEnabled: boolean; readonly origin: Origin } | undefined;
  isForced?: boolean | undefined;
  /** The policies that the run created. */
  readonly policies: Origin[];
  /** What the table had before: whether policies, and whether they applied; `undefined` if unknown. */
  readonly before: { readonly hasPolicies: boolean; readonly isSecured: boolean } | undefined;
}

/** The schema between two statements, as far as it is known. */
export class SchemaView {
  readonly #tables: Map<string, TableView> = new Map();
  /** The enums that the run created. */
  readonly newEnums: Set<string> = new Set();
  /** The triggers of tables that the run dropped; `undefined` where they are not known. */
  readonly droppedTriggers: Map<string, Set<string> | undefined> = new Map();

  /** The schema that a name without one means. */
  readonly #defaultSchema: string | undefined;

  /**
   * Creates the view of what migrations find.
   *
   * @param snapshot the schema; without it nothing is known but what the run changes
   * @param emptyTables tables without rows, by their names
   * @param lexis how the dialect is read
   */
  constructor(
    snapshot: SchemaSnapshot | undefined,
    emptyTables: readonly string[],
    lexis: Lexis,
  ) {
    this.#defaultSchema = snapshot?.defaultSchema;
    for (const table of snapshot?.tables ?? []) {
      this.add(tableView(table, emptyTables.includes(table.name), lexis));
    }
  }

  /** Every table that is known. */
  get tables(): Iterable<TableView> {
    return this.#tables.values();
  }

  /** Returns what is known of a table. */
  table(wanted: ObjectName): TableView | undefined {
    const { name } = wanted;
    const schema = wanted.schema === this.#defaultSchema ? undefined : wanted.schema;
    const exact = this.#tables.get(keyOf({ schema, name }));
    if (exact !== undefined) return exact;
    // Which schema a name without one means is not known where no snapshot says so.
    if (schema !== undefined) {
      return this.#defaultSchema === undefined ? this.#tables.get(keyOf({ name })) : undefined;
    }
    const others = [...this.#tables.values()].filter((table) => table.name.name === name);
    return others.length === 1 ? others[0] : undefined;
  }

  /** Returns what is known of a table, of which nothing may be known but its name. */
  tableToChange(name: ObjectName): TableView {
    const known = this.table(name);
    if (known !== undefined) return known;
    const table: TableView = {
      name,
      origin: undefined,
      isEmpty: false,
      isWhole: false,
      isTemporary: false,
      columns: new Map(),
      primaryKey: undefined,
      indexes: [],
      foreignKeys: [],
      notNullChecks: new Map(),
      triggers: undefined,
      policies: [],
      before: undefined,
    };
    this.add(table);
    return table;
  }

  /** Adds a table, in place of another one of its name. */
  add(table: TableView): void {
    this.#tables.set(keyOf(table.name), table);
  }

  /** Forgets a table. */
  remove(name: ObjectName): void {
    const known = this.table(name);
    if (known !== undefined) this.#tables.delete(keyOf(known.name));
  }

  /** Returns the table of an index. */
  tableOfIndex(index: string): TableView | undefined {
    for (const table of this.tables) {
      if (table.indexes.some(({ name }) => name === index)) return table;
    }
    return undefined;
  }

  /** Whether changing a table disturbs nobody: the run created it, or it has no rows. */
  isNew(name: ObjectName): boolean {
    const table = this.table(name);
    return table !== undefined &&
      (table.origin !== undefined || table.isEmpty || table.isTemporary);
  }
}

function keyOf({ schema, name }: ObjectName): string {
  return JSON.stringify([schema ?? null, name]);
}

/** Returns what is known of a column that was defined. */
export function columnView(column: ColumnDefinition, origin: Origin): ColumnView {
  return {
    type: column.type,
    nullable: !column.notNull && !column.primaryKey,
    origin,
  };
}

/** Returns what is known of an index that was defined. */
export function indexView(index: IndexDefinition, origin: Origin): IndexView {
  return {
    name: index.name,
    columns: index.columns,
    unique: index.unique,
    isPartial: index.where !== undefined,
    origin,
  };
}
