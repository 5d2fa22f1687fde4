import type { TableId } from "./table_scope.ts";

/** A column of a table or view. */
export interface RelationColumn {
  /** Its name. */
  readonly name: string;
  /** Whether it may hold NULL. */
  readonly isNullable: boolean;
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
  /** Its columns in their order, generated ones included. */
  readonly columns: readonly RelationColumn[];
  /**
   * The columns of its keys, each of which no two rows share: the primary key first, then unique
   * keys over columns that are never NULL. Indexes of expressions and partial ones are left out.
   */
  readonly keys: readonly (readonly string[])[];
  /**
   * The system column that tells each row from all others while the row is locked, where the
   * database has one: `ctid` (of one partition), `rowid`.
   */
  readonly rowId?: string | undefined;
}

/** Returns the name of a table, qualified where it has a schema. */
export function qualifiedTable({ name, schema }: TableId): string {
  return schema === undefined ? name : `${schema}.${name}`;
}
