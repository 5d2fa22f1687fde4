import type { TableId } from "./table_scope.ts";

/** A column of a table or view. */
export interface RelationColumn {
  /** Its name. */
  readonly name: string;
  /** Whether it may hold NULL. */
  readonly isNullable: boolean;
  /** Its type, as the catalog writes it; of an enumeration of PostgreSQL `enum`, of an array of one `enum[]`, of a domain its base. */
  readonly type?: string | undefined;
  /** Whether the database computes it of other columns. */
  readonly isGenerated?: boolean | undefined;
  /** Whether a row may be added without a value for it; `undefined` where the catalog does not tell. */
  readonly isOptional?: boolean | undefined;
  /**
   * The collation of a text, where the catalog tells one under which different texts may be equal; of
   * PostgreSQL only nondeterministic ones. SQLite does not tell.
   */
  readonly collation?: string | undefined;
}

/** What the database's catalog says of a table or view. */
export interface Relation {
  /** Its name. */
  readonly name: string;
  /** The schema that it is in; `undefined` where the database has none. */
  readonly schema?: string | undefined;
  /** Whether it is a view, a materialized one included. */
  readonly isView: boolean;
  /** Whether its name alone, without the schema, finds it. */
  readonly isVisible: boolean;
  /**
   * Whether triggers may change a row of it, or of one of its partitions, before the row is stored.
   * Only PostgreSQL tells, where such a row can be checked as it is stored.
   */
  readonly hasTriggers?: boolean | undefined;
  /** Its columns in their order, generated ones included. */
  readonly columns: readonly RelationColumn[];
  /**
   * The columns of its keys, each of which no two rows share: the primary key first, then unique
   * keys over columns that are never NULL. Indexes of expressions and partial ones are left out.
   */
  readonly keys: readonly (readonly string[])[];
  /**
   * The columns of its unique indexes beside the primary key, those included that hold NULL: rows may
   * then share them. Indexes of expressions and partial ones are left out.
   */
  readonly uniques?: readonly (readonly string[])[] | undefined;
  /** The columns of its unique indexes, the primary key included, by the name of the index. */
  readonly uniqueNames?: ReadonlyMap<string, readonly string[]> | undefined;
  /** Whether queries may name columns that are not among its columns, as of a virtual table. */
  readonly hasHiddenColumns?: boolean | undefined;
  /**
   * The system column that tells each row from all others while the row is locked, where the
   * database has one: `ctid` (of one partition), `rowid`.
   */
  readonly rowId?: string | undefined;
}

/** A foreign key, as the catalog has it. */
export interface ForeignKey {
  /** The table that has it. */
  readonly table: string;
  /** Its columns. */
  readonly columns: readonly string[];
  /** The table that it refers to. */
  readonly references: string;
  /** The columns that it refers to; `undefined` for the primary key. */
  readonly referencedColumns: readonly string[] | undefined;
  /** What happens to its rows when the row that they refer to is deleted. */
  readonly onDelete: "cascade" | "restrict" | "no action" | "set null" | "set default";
}

/** Returns the name of a table, qualified where it has a schema. */
export function qualifiedTable({ name, schema }: TableId): string {
  return schema === undefined ? name : `${schema}.${name}`;
}

/**
 * Returns the key of a relation whose columns are all among others: no two rows share those then.
 *
 * @param relation the table
 * @param columns the columns, by their physical names
 * @param fold returns what names are compared by
 */
export function uniqueKeyIn(
  { keys }: Relation,
  columns: readonly string[],
  fold: (name: string) => string,
): readonly string[] | undefined {
  const names = new Set(columns.map(fold));
  return keys.find((key) => key.every((name) => names.has(fold(name))));
}

/** Returns what is wrong with columns that are not unique, and what is the key. */
export function notUnique({ keys }: Relation, columns: readonly string[]): string {
  const list = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(", ");
  return `several rows can have the same ${list(columns)}; the key of the table is ` +
    keys.map(list).join(", or ");
}
