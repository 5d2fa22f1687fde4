/**
 * The options of the plugin.
 *
 * @module
 */
import type { KyseraLogger } from "@kysera/core";
import type { Attributes, PrimaryKeyOption } from "@kysera/executor";

/**
 * How a time is written.
 *
 * - `"date"`: as the driver's own date; on SQLite, which has none, as ISO text.
 * - `"iso"`: as ISO 8601 text, `2026-01-31T12:00:00.000Z`; on MySQL, whose columns take no zone, as
 *   `2026-01-31 12:00:00.000`, in UTC.
 * - `"unix"`: as whole seconds since 1970.
 */
export type DateFormat = "iso" | "unix" | "date";

/** What is done with a column that the user gives as well. */
export type OnGiven = "keep" | "replace" | "refuse";

/** A time: a date, or what the column holds. */
export type Timestamp = Date | string | number | bigint;

/** Who writes, as the columns for that hold it. */
export type UserId = string | number | bigint;

/** Options of `timestampsPlugin`. An option that is not one of these is an error. */
export interface TimestampsOptions {
  /** The column for when a row was made. Default `"created_at"`; `null` for none. */
  readonly createdAtColumn?: string | null | undefined;
  /** The column for when a row was last changed. Default `"updated_at"`; `null` for none. */
  readonly updatedAtColumn?: string | null | undefined;
  /** The column for who made a row. Default: none. */
  readonly createdByColumn?: string | null | undefined;
  /** The column for who last changed a row. Default: none. */
  readonly updatedByColumn?: string | null | undefined;
  /**
   * Whether a new row has its `updatedAtColumn` and `updatedByColumn` set as well. Default `true`.
   */
  readonly setUpdatedAtOnInsert?: boolean | undefined;
  /**
   * The tables that have the columns: `"users"` in whichever schema, or `"app.users"`. Default:
   * every table and view that has one of them, found when the executor is made. A table that has
   * some of the columns has those set.
   */
  readonly tables?: readonly string[] | undefined;
  /** Tables to leave alone, although they are listed or have the columns. */
  readonly excludeTables?: readonly string[] | undefined;
  /**
   * The clock: asked once for each run of a statement. A date is written as `dateFormat` says, any
   * other value as it is. Default `() => new Date()`.
   */
  readonly getTimestamp?: (() => Timestamp) | undefined;
  /** How dates are written. Default `"date"`. */
  readonly dateFormat?: DateFormat | undefined;
  /**
   * Who writes, by what `bindContext` bound to the instance. Default: its `auth.userId`, or else
   * its `userId`.
   */
  readonly getUserId?: ((context: Attributes | undefined) => UserId | null | undefined) | undefined;
  /**
   * Whether a write without a user is an error, or leaves NULL in the columns. Default
   * `"optional"`.
   */
  readonly actor?: "optional" | "required" | undefined;
  /**
   * What is done with a column that the user gives as well. Default `"keep"`.
   *
   * - `"keep"`: the user's value is written.
   * - `"replace"`: the plugin's value is written.
   * - `"refuse"`: the statement is refused with a `QueryRefusedError`.
   */
  readonly onGiven?: OnGiven | undefined;
  /**
   * The columns that `touch` finds a row by: one name, several for a composite key, or either for
   * each table. Default: the primary key, as the catalog has it.
   */
  readonly primaryKeyColumn?: PrimaryKeyOption | undefined;
  /**
   * `"off"` takes the names of tables and columns in these options at their word. Default
   * `"catalog"`: they are compared with the database, as `createExecutor` says.
   */
  readonly check?: "catalog" | "off" | undefined;
  /** Is told which tables were found, at level debug. Default: nobody. */
  readonly logger?: Pick<KyseraLogger, "debug"> | undefined;
}
