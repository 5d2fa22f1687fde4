/**
 * The errors of the audit plugin.
 *
 * @module
 */
import type { AuditErrorCodes } from "@kysera/core";
import { ExecutorError } from "@kysera/executor";

/** What an {@linkcode AuditError} is about; stable, for programs. */
export type AuditErrorCode = keyof typeof AuditErrorCodes;

/**
 * The base of the plugin's errors; `code` is stable. A write that meets one was not done.
 *
 * @example
 * ```ts
 * import { AuditError } from "@kysera/audit";
 * import { equal } from "node:assert/strict";
 *
 * equal(new AuditError("Cannot find audit entry 7", "AUDIT_LOG_NOT_FOUND").name, "AuditError");
 * ```
 */
export class AuditError extends ExecutorError {
  static {
    this.prototype.name = "AuditError";
  }

  /**
   * Makes an error.
   *
   * @param message what failed, and what to do
   * @param code what it is about, for programs
   * @param options the cause, if there is one
   */
  constructor(message: string, code: AuditErrorCode, options?: ErrorOptions) {
    super(message, code, options);
  }
}

/** A write whose changes cannot be told soundly, so that it did not run. */
export class AuditNotPossibleError extends AuditError {
  static {
    this.prototype.name = "AuditNotPossibleError";
  }

  /** The table that would have been written. */
  readonly table: string;

  /**
   * Makes an error.
   *
   * @param table the table that would have been written
   * @param problem why, and what to do instead
   */
  constructor(table: string, problem: string) {
    super(
      `Cannot write to audited table "${table}": ${problem}; or run it on getRawDb(executor), ` +
        "where nothing is audited",
      "AUDIT_NOT_POSSIBLE",
    );
    this.table = table;
  }
}

/** A statement of a user that would change the log itself. It did not run. */
export class AuditAppendOnlyError extends AuditError {
  static {
    this.prototype.name = "AuditAppendOnlyError";
  }

  /** The table that would have been written. */
  readonly table: string;

  /**
   * Creates the error.
   *
   * @param table the table that would have been written
   */
  constructor(table: string) {
    super(
      `Cannot write to table "${table}": the audit log is append-only, and the audit plugin alone ` +
        "writes it; to remove old entries or to change the table, use getRawDb(executor)",
      "AUDIT_APPEND_ONLY",
    );
    this.table = table;
  }
}

/**
 * Another transaction changed the rows of a write while they were read for the log. Nothing was
 * written; the transaction can be run again.
 */
export class AuditConflictError extends AuditError {
  static {
    this.prototype.name = "AuditConflictError";
  }

  /** Always `true`: the whole transaction may be run again. */
  readonly retryable = true;

  /**
   * Makes an error.
   *
   * @param table the table that would have been written
   * @param options the cause
   */
  constructor(table: string, options?: ErrorOptions) {
    super(
      `Cannot write to audited table "${table}": another transaction changed its rows meanwhile; ` +
        "run the transaction again",
      "AUDIT_CONFLICT",
      options,
    );
  }
}

/** The audit table is not as the plugin needs it. The executor was not created. */
export class AuditTableError extends AuditError {
  static {
    this.prototype.name = "AuditTableError";
  }

  /** The table. */
  readonly table: string;

  /**
   * Creates the error.
   *
   * @param table the table
   * @param problem what is wrong, and what to do
   */
  constructor(table: string, problem: string) {
    super(`Cannot use audit table "${table}": ${problem}`, "AUDIT_TABLE_MISSING");
    this.table = table;
  }
}

/**
 * A table does not have the triggers that are to write its entries. The executor was not created, or the
 * write was not done.
 */
export class AuditTriggersError extends AuditError {
  static {
    this.prototype.name = "AuditTriggersError";
  }

  /** The table. */
  readonly table: string;

  /**
   * Creates the error.
   *
   * @param table the table
   * @param problem what is wrong with its triggers
   * @param line the call that creates them
   */
  constructor(table: string, problem: string, line: string) {
    super(
      `Cannot audit table "${table}" by triggers: ${problem}; add to a migration: ${line}, or leave ` +
        'out "mode", or exclude the table',
      "AUDIT_TRIGGERS_MISSING",
    );
    this.table = table;
  }
}

/** Nobody is known who does the write, and the option `actor` is `"required"`. */
export class AuditActorError extends AuditError {
  static {
    this.prototype.name = "AuditActorError";
  }

  /**
   * Makes an error.
   *
   * @param table the table that would have been written
   */
  constructor(table: string) {
    super(
      `Cannot write to audited table "${table}": nobody is known who does it; bind one with ` +
        "bindContext(executor, { auth: { userId } }), or give the plugin getUserId",
      "AUDIT_ACTOR_MISSING",
    );
  }
}

/** An entry cannot be undone as things are. Nothing was changed. */
export class AuditRestoreError extends AuditError {
  static {
    this.prototype.name = "AuditRestoreError";
  }

  /** The id of the entry. */
  readonly auditId: string;

  /**
   * Makes an error.
   *
   * @param auditId the id of the entry
   * @param problem why, and what to do
   */
  constructor(auditId: string, problem: string) {
    super(`Cannot restore from audit entry ${auditId}: ${problem}`, "AUDIT_RESTORE_NOT_SUPPORTED");
    this.auditId = auditId;
  }
}

/** An entry does not hold the values that are needed. Nothing was changed. */
export class AuditMissingValuesError extends AuditError {
  static {
    this.prototype.name = "AuditMissingValuesError";
  }

  /** The id of the entry. */
  readonly auditId: string;

  /**
   * Makes an error.
   *
   * @param auditId the id of the entry
   * @param problem what is missing
   */
  constructor(auditId: string, problem: string) {
    super(`Cannot restore from audit entry ${auditId}: ${problem}`, "AUDIT_OLD_VALUES_MISSING");
    this.auditId = auditId;
  }
}
