/**
 * The base of the error tree.
 *
 * @module
 */

import { ERROR_PAGE } from "./_error_page.ts";

/** What is known of a {@linkcode DatabaseError} beside its message and code. */
export interface DatabaseErrorOptions {
  /** What the driver or database threw. */
  readonly cause?: unknown;
  /** More about the failure, free of row values. */
  readonly detail?: string | undefined;
  /** The name of the constraint that is violated. */
  readonly constraint?: string | undefined;
  /** The table that the failure is about. */
  readonly table?: string | undefined;
  /** The columns that the failure is about. */
  readonly columns?: readonly string[] | undefined;
  /** The SQLSTATE that the database reported. */
  readonly sqlState?: string | undefined;
  /** Whether the same work may succeed when it is run again. */
  readonly retryable?: boolean | undefined;
}

/** What {@linkcode DatabaseError.toJSON} gives. */
export interface DatabaseErrorJson {
  /** The name of the error's class. */
  readonly name: string;
  /** The message. */
  readonly message: string;
  /** The code. */
  readonly code: string;
  /** More about the failure. */
  readonly detail: string | undefined;
}

/**
 * A failure of a database operation, the same for all databases and drivers.
 *
 * No message, detail or JSON of these errors holds row values; the original error, which may, is
 * kept as `cause`.
 *
 * @example
 * ```ts
 * import { DatabaseError } from "@kysera/core";
 * import assert from "node:assert/strict";
 *
 * const error = new DatabaseError("Cannot run query", "DB_QUERY_FAILED", "SQLSTATE 22012");
 * assert.deepEqual(error.toJSON(), {
 *   name: "DatabaseError",
 *   message: "Cannot run query",
 *   code: "DB_QUERY_FAILED",
 *   detail: "SQLSTATE 22012",
 * });
 * ```
 */
export class DatabaseError extends Error {
  /** A stable code, see {@linkcode ErrorCode}. */
  readonly code: string;
  /** The address of the page that explains the code; runtimes print it with the error. */
  readonly docs: string;
  /** More about the failure, free of row values. */
  readonly detail: string | undefined;
  /** The name of the violated constraint, where the database tells. */
  readonly constraint: string | undefined;
  /** The table that the failure is about, where the database tells. */
  readonly table: string | undefined;
  /** The columns that the failure is about; empty where the database does not tell. */
  readonly columns: readonly string[];
  /** The SQLSTATE, where the database has them. */
  readonly sqlState: string | undefined;
  /**
   * Whether the same work may succeed when it is run again: inside a transaction the whole
   * transaction, never the statement alone. After a lost connection it says nothing about whether
   * the first run took effect.
   */
  readonly retryable: boolean;

  static {
    this.prototype.name = "DatabaseError";
  }

  /**
   * Makes an error.
   *
   * @param message What failed.
   * @param code A stable code.
   * @param detail More about the failure, free of row values.
   * @param options What else is known.
   */
  constructor(
    message: string,
    code: string,
    detail?: string,
    options: DatabaseErrorOptions = {},
  ) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.docs = ERROR_PAGE + code;
    this.detail = detail ?? options.detail;
    this.constraint = options.constraint;
    this.table = options.table;
    this.columns = options.columns ?? [];
    this.sqlState = options.sqlState;
    this.retryable = options.retryable ?? false;
  }

  /**
   * The error as plain data that can be logged or sent.
   *
   * @returns Name, message, code and detail.
   */
  toJSON(): DatabaseErrorJson {
    return { name: this.name, message: this.message, code: this.code, detail: this.detail };
  }
}
