/**
 * The options of the plugin.
 *
 * @module
 */
import type { KyseraLogger } from "@kysera/core";
import type { Attributes, DialectName, PrimaryKeyOption } from "@kysera/executor";

export type { KeyColumns } from "@kysera/executor";

/** What is known of the statement whose changes are written down. */
export interface AuditScope {
  /** What `bindContext` bound to the instance. */
  readonly context: Attributes | undefined;
  /** The flags of the instance. */
  readonly metadata: Attributes;
  /** The family of SQL. */
  readonly dialect: DialectName;
  /** The tables that the statement writes, as the database names them. */
  readonly tables: readonly string[];
}

/** What a user may be told by. */
export type Actor = string | number | bigint;

/** Options of `auditPlugin`. An option that is not one of these is an error. */
export interface AuditOptions {
  /**
   * What writes the entries. `"statement"`, the default: the plugin, beside each statement. `"trigger"`:
   * triggers of the database, which `createAuditTriggers` creates; the plugin tells them who does the
   * write. A table that lacks them is refused.
   */
  readonly mode?: "statement" | "trigger" | undefined;
  /** The table that entries are written to, `"schema.table"` as well. Default `"audit_logs"`. */
  readonly auditTable?: string | undefined;
  /**
   * The columns that tell a row from the others: one name, several for a composite key, or either
   * for each table. Default: the table's primary key, as the database knows it.
   */
  readonly primaryKeyColumn?: PrimaryKeyOption | undefined;
  /** Whether entries hold the row as it was. Default `true`. */
  readonly captureOldValues?: boolean | undefined;
  /** Whether entries hold the row as it is now. Default `true`. */
  readonly captureNewValues?: boolean | undefined;
  /** Whether writes that nobody is known to do are left out of the log. Default `false`. */
  readonly skipSystemOperations?: boolean | undefined;
  /** The audited tables: `"users"` in whichever schema, or `"app.users"`. Default: all. */
  readonly tables?: readonly string[] | undefined;
  /** Tables to leave alone. The audit table always is. */
  readonly excludeTables?: readonly string[] | undefined;
  /** The only columns whose values are kept: `"name"` of every table, or `"users.name"`. */
  readonly allowColumns?: readonly string[] | undefined;
  /** Columns whose values are not kept: `"password"` of every table, or `"users.password"`. */
  readonly denyColumns?: readonly string[] | undefined;
  /** Columns of whose values only whether they are there is kept: `"***"`, or null. */
  readonly maskColumns?: readonly string[] | undefined;
  /**
   * A column that is set when a row is marked as deleted: an UPDATE that sets it is told as
   * `SOFT_DELETE`, one that clears it as `RESTORE`. Default `"deleted_at"`; `false` tells both as
   * `UPDATE`.
   */
  readonly deletedAtColumn?: string | false | undefined;
  /** Who does the write. Default: `auth.userId` of the bound context, or else its `userId`. */
  readonly getUserId?:
    | ((scope: AuditScope) => Actor | null | undefined | Promise<Actor | null | undefined>)
    | undefined;
  /** `"required"` refuses writes that nobody is known to do. Default `"optional"`. */
  readonly actor?: "optional" | "required" | undefined;
  /** The clock. A Date is written as `2026-01-31T12:00:00.000Z`. Default `() => new Date()`. */
  readonly getTimestamp?: (() => Date | string) | undefined;
  /** What else is to be known of the write, as JSON. Default: nothing. */
  readonly metadata?:
    | Readonly<Record<string, unknown>>
    | ((scope: AuditScope) => Readonly<Record<string, unknown>> | null | undefined)
    | undefined;
  /** The request that the write belongs to. Default: `requestId` of the bound context. */
  readonly requestId?: ((scope: AuditScope) => string | null | undefined) | undefined;
  /**
   * Whether each entry holds a hash of itself and of the one before it. A text or bytes are the
   * secret of an HMAC: without it nobody can make a chain that holds. Default `false`.
   */
  readonly hashChain?: boolean | string | Uint8Array | undefined;
  /**
   * Whether the audit table is created with the executor if it is missing. With `false`, for those
   * who create it in a migration, a missing table is an error of `createExecutor`.
   * `createExecutorSync` asks nothing: the table has to be there. Default `true`.
   */
  readonly createTable?: boolean | undefined;
  /**
   * `"off"` takes the names of tables and columns in these options at their word. Default
   * `"catalog"`: they are compared with the database, as `createExecutor` says.
   */
  readonly check?: "catalog" | "off" | undefined;
  /** Is told of what was done beside the write, at level debug. Default: nobody. */
  readonly logger?: Pick<KyseraLogger, "debug"> | undefined;
}
