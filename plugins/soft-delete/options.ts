/**
 * The options of the plugin.
 *
 * @module
 */
import type { KyseraLogger } from "@kysera/core";
import type { Attributes, DialectName, PrimaryKeyOption } from "@kysera/executor";
import type { Expression } from "kysely";

/** What a DELETE of a soft-deleted table does, when it comes from a query builder. */
export type OnDelete = "hard" | "soft" | "deny";

/** A value that the column can hold, to say that a row is deleted. */
export type MarkValue = string | number | bigint | boolean | Date;

/** What is known when rows are marked as deleted. */
export interface DeletedValueContext {
  /** The time of the clock. */
  readonly now: Date;
  /** The family of SQL. */
  readonly dialect: DialectName;
  /** The table, as the query wrote it. */
  readonly table: string;
  /** What `bindContext` bound to the instance. */
  readonly context: Attributes | undefined;
}

/**
 * What the column of a deleted row is set to: a value, an expression of SQL, or a function that is
 * asked whenever rows are deleted.
 */
export type DeletedValue =
  | MarkValue
  | Expression<unknown>
  | ((context: DeletedValueContext) => MarkValue);

/** What happens to rows that belong to a row that is soft-deleted. */
export type OnSoftDelete = "cascade" | "restrict";

/** A relation: the rows of a table that belong to rows of another one, or of the same. */
export interface SoftDeleteRelation {
  /** The table whose rows belong to others: `"posts"`. */
  readonly table: string;
  /** Its columns that refer to the other table, in the order of the columns they refer to. */
  readonly columns: string | readonly string[];
  /** The table that they refer to: `"users"`. */
  readonly references: string;
  /** The columns that they refer to. Default: the key of that table. */
  readonly referencedColumns?: string | readonly string[] | undefined;
  /**
   * - `"cascade"`: the rows are deleted with the row that they belong to, and restored with it.
   * - `"restrict"`: a row is not deleted as long as rows that are not deleted belong to it.
   */
  readonly onDelete: OnSoftDelete;
}

/** Options of `softDeletePlugin`. An option that is not one of these is an error. */
export interface SoftDeleteOptions {
  /** The column that says whether a row is deleted. Default `"deleted_at"`. */
  readonly deletedAtColumn?: string | undefined;
  /**
   * The tables that have the column: `"users"` in whichever schema, or `"app.users"`. Default:
   * every table and view that has it, found when the executor is made.
   */
  readonly tables?: readonly string[] | undefined;
  /** Tables to leave alone, although they are listed or have the column. */
  readonly excludeTables?: readonly string[] | undefined;
  /** Whether deleted rows are seen unless an instance says otherwise. Default `false`. */
  readonly includeDeleted?: boolean | undefined;
  /**
   * The columns that `softDelete`, `restore` and `hardDelete` find a row by: one name, several for
   * a composite key, or either for each table. Default: the primary key, as the catalog has it.
   */
  readonly primaryKeyColumn?: PrimaryKeyOption | undefined;
  /**
   * What the column of a deleted row is set to. Default: the time; where `visibleValue` is a
   * boolean, the other one.
   */
  readonly deletedValue?: DeletedValue | undefined;
  /**
   * What the column of a row holds that is not deleted; every row with another value is hidden.
   * Default `null`; where `deletedValue` is a boolean, the other one.
   */
  readonly visibleValue?: MarkValue | null | undefined;
  /** The clock. Default `() => new Date()`. */
  readonly now?: (() => Date) | undefined;
  /**
   * What `deleteFrom` does to the rows it matches, all of which are visible ones. Default `"hard"`.
   *
   * - `"hard"`: removes them.
   * - `"soft"`: marks them as deleted; the statement becomes an UPDATE.
   * - `"deny"`: is refused.
   */
  readonly onDelete?: OnDelete | undefined;
  /**
   * The relations that `softDelete` and `restore` follow: a list, or `"foreign-keys"` for those
   * that the database has when the executor is made. Default: none.
   */
  readonly relations?: readonly SoftDeleteRelation[] | "foreign-keys" | undefined;
  /**
   * The column that holds the id of the deletion: a text of 36 characters, which may be null, in
   * every table of a relation that cascades. Rows that were deleted together have the same one, and
   * are restored together. Default `"deletion_id"`.
   */
  readonly deletionColumn?: string | undefined;
  /**
   * Unique columns by table, `{ users: "email" }`: where the `create` of a repository meets a
   * deleted row that has the same values in them, that row is restored and gets the new values.
   * Default: none, which is an error of the unique key.
   */
  readonly reviveBy?: Readonly<Record<string, string | readonly string[]>> | undefined;
  /**
   * `"off"` takes the names of tables and columns in these options at their word. Default
   * `"catalog"`: they are compared with the database, as `createExecutor` says.
   */
  readonly check?: "catalog" | "off" | undefined;
  /** Is told which tables were found, at level debug. Default: nobody. */
  readonly logger?: Pick<KyseraLogger, "debug"> | undefined;
}
