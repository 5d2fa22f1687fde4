/**
 * The errors of tenants.
 *
 * @module
 */
import { DatabaseError, type ErrorCode } from "@kysera/core";
import { ExecutorError } from "@kysera/executor";
import { RefusedError } from "../resilience/errors.ts";

/** There is no such tenant: nothing was asked of any database of tenants. */
export class UnknownTenantError extends DatabaseError {
  static {
    this.prototype.name = "UnknownTenantError";
  }

  /** No message says what was given: it comes from a request, and may be anything. */
  constructor() {
    super(
      "Cannot find the tenant: the program has no place on record for it",
      "RESOURCE_NOT_FOUND" satisfies ErrorCode,
    );
  }
}

/** The tenant is there, and is not served now: it is suspended, or its writes wait for a move to end. */
export class TenantUnavailableError extends RefusedError {
  static {
    this.prototype.name = "TenantUnavailableError";
  }

  /** Why. */
  readonly state: "moving" | "suspended";

  /**
   * Creates the error.
   *
   * @param state why it is not served
   */
  constructor(state: "moving" | "suspended") {
    super(
      state === "moving"
        ? "Cannot write for the tenant: its data is being moved; try again when that is done"
        : "Cannot serve the tenant: it is suspended",
      "DB_CONNECTION_FAILED" satisfies ErrorCode,
      undefined,
      { retryable: state === "moving" },
    );
    this.state = state;
  }
}

/** A lease was used after it ended: it was released, or the tenant has moved since. */
export class TenantLeaseError extends RefusedError {
  static {
    this.prototype.name = "TenantLeaseError";
  }

  /**
   * Creates the error.
   *
   * @param reason why the lease has ended
   */
  constructor(reason: "released" | "moved") {
    super(
      reason === "released"
        ? "Cannot run the query: its lease of the tenant was released; acquire another one"
        : "Cannot run the query: the tenant has moved since; acquire it again",
      "DB_CONNECTION_FAILED" satisfies ErrorCode,
      undefined,
      { retryable: reason === "moved" },
    );
  }
}

/** As many databases are open as may be, and all of them are in use. */
export class TenantPoolsError extends RefusedError {
  static {
    this.prototype.name = "TenantPoolsError";
  }

  /**
   * Creates the error.
   *
   * @param max how many may be open
   * @param wait how long the caller waited, in ms
   */
  constructor(max: number, wait: number) {
    super(
      `Cannot open the tenant's database: ${max} are open, and none of them was free for ${wait} ms; ` +
        'raise "pools.max", or release leases earlier',
      "DB_POOL_EXHAUSTED" satisfies ErrorCode,
      undefined,
      { retryable: true },
    );
  }
}

/** The data of a tenant could not be copied, or the copy is not the same: the tenant stays. */
export class TenantCopyError extends DatabaseError {
  static {
    this.prototype.name = "TenantCopyError";
  }

  /**
   * Creates the error.
   *
   * @param table the table at fault
   * @param problem what is wrong
   */
  constructor(table: string, problem: string) {
    super(
      `Cannot move the tenant: table "${table}" ${problem}`,
      "DB_QUERY_FAILED" satisfies ErrorCode,
      undefined,
      { table },
    );
  }
}

/** A query of a tenant names a table of another schema. */
export class ForeignSchemaError extends ExecutorError {
  static {
    this.prototype.name = "ForeignSchemaError";
  }

  /**
   * Creates the error.
   *
   * @param table the table, with its schema if it has one
   */
  constructor(table: string) {
    super(
      `Cannot use table ${table}: queries of a tenant are for its own schema; list schemas that all ` +
        'tenants share as "sharedSchemas"',
      "FOREIGN_SCHEMA",
    );
  }
}
