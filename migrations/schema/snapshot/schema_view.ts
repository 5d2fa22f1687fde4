import type { SchemaIndex, SchemaTrigger } from "./schema_table.ts";
import type { SchemaType } from "./schema_type.ts";

/** A column of a view. */
export interface SchemaViewColumn {
  /** Its name. */
  readonly name: string;
  /** Its type; on SQLite that of the column that it shows, and empty for an expression. */
  readonly type: SchemaType;
  /**
   * Whether it can be NULL; `null` where that is not known. MySQL and MariaDB know it; elsewhere it is
   * `false` where the query shows that it never is.
   */
  readonly nullable: boolean | null;
  /** Its comment. */
  readonly comment: string | null;
}

/** A view. */
export interface SchemaView {
  /** Its schema; `null` for the default one. */
  readonly schema: string | null;
  /** Its name. */
  readonly name: string;
  /** Whether its rows are stored. */
  readonly materialized: boolean;
  /** The query. */
  readonly definition: string;
  /** Its columns in their order. */
  readonly columns: readonly SchemaViewColumn[];
  /** Options by their names, such as `security_invoker` and `check_option`. */
  readonly options: Readonly<Record<string, string>>;
  /** The indexes of a materialized view. */
  readonly indexes: readonly SchemaIndex[];
  /** Its triggers. */
  readonly triggers: readonly SchemaTrigger[];
  /** Its comment. */
  readonly comment: string | null;
}
