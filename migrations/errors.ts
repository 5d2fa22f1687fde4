import { DatabaseError, MigrationErrorCodes } from "@kysera/core";
import type { MigrationOperation } from "./migration.ts";
import type { MigrationProblem } from "./problem.ts";
import type { MigrationResult } from "./results.ts";

export { MigrationErrorCodes } from "@kysera/core";

/** The statement of a migration that failed. */
export interface FailedStatement {
  /** Its place among the statements of the migration that are no reads, from 1 on. */
  readonly index: number;
  /** Its text. Values are in the parameters, and not here. */
  readonly sql: string;
  /** The line of the file that it begins in, where it was read from one. */
  readonly line?: number | undefined;
}

/** What is known of a failure beside its message. */
export interface MigrationErrorDetails {
  /** The statement that failed; `undefined` where the code of the migration threw. */
  readonly statement?: FailedStatement | undefined;
  /** How many statements of the migration are applied nevertheless. */
  readonly appliedStatements?: number | undefined;
  /** What the run had done before. */
  readonly result?: MigrationResult | undefined;
}

/**
 * A migration failed.
 *
 * @example
 * ```ts
 * import { MigrationError } from "@kysera/migrations";
 * import assert from "node:assert/strict";
 *
 * const error = new MigrationError("Cannot run migration", "001_users", "up", new Error("no"));
 * assert.equal(error.code, "MIGRATION_UP_FAILED");
 * assert.equal(error.toJSON().migrationName, "001_users");
 * ```
 */
export class MigrationError extends DatabaseError {
  /** The migration. */
  readonly migrationName: string;
  /** Which way it ran. */
  readonly operation: MigrationOperation;
  /** The statement that failed; `undefined` where the code of the migration threw. */
  readonly statement: FailedStatement | undefined;
  /** How many statements of it are applied nevertheless; 0 where all were rolled back. */
  readonly appliedStatements: number;
  /** What the run had done before; `undefined` where it did not begin. */
  readonly result: MigrationResult | undefined;

  static {
    this.prototype.name = "MigrationError";
  }

  /**
   * Creates an error.
   *
   * @param message what failed
   * @param migrationName the migration
   * @param operation which way it ran
   * @param cause what was thrown
   * @param details what else is known
   */
  constructor(
    message: string,
    migrationName: string,
    operation: MigrationOperation,
    cause?: unknown,
    details: MigrationErrorDetails = {},
  ) {
    super(
      message,
      operation === "up"
        ? MigrationErrorCodes.MIGRATION_UP_FAILED
        : MigrationErrorCodes.MIGRATION_DOWN_FAILED,
      undefined,
      cause === undefined ? {} : { cause },
    );
    this.migrationName = migrationName;
    this.operation = operation;
    this.statement = details.statement;
    this.appliedStatements = details.appliedStatements ?? 0;
    this.result = details.result;
  }

  /**
   * The error as plain data that can be logged or sent.
   *
   * @returns name, message, code, and which migration failed which way
   */
  override toJSON(): ReturnType<DatabaseError["toJSON"]> & {
    readonly migrationName: string;
    readonly operation: MigrationOperation;
  } {
    return {
      ...super.toJSON(),
      migrationName: this.migrationName,
      operation: this.operation,
    };
  }
}

/**
 * The code and the history do not fit each other, and nothing was run.
 *
 * @example
 * ```ts
 * import { MigrationStateError } from "@kysera/migrations";
 * import assert from "node:assert/strict";
 *
 * const error = new MigrationStateError([
 *   { kind: "missing", migrationName: "001_users", message: "the code does not have it" },
 * ]);
 * assert.equal(error.code, "MIGRATION_VALIDATION_FAILED");
 * ```
 */
export class MigrationStateError extends DatabaseError {
  /** What is wrong. */
  readonly problems: readonly MigrationProblem[];

  static {
    this.prototype.name = "MigrationStateError";
  }

  /**
   * Creates an error.
   *
   * @param problems what is wrong
   * @param action what cannot be done because of it
   */
  constructor(problems: readonly MigrationProblem[], action: string = "run migrations") {
    const list = problems.map(({ migrationName, message }) => `"${migrationName}": ${message}`);
    super(
      `Cannot ${action}: ${list.join("; ")}`,
      MigrationErrorCodes.MIGRATION_VALIDATION_FAILED,
    );
    this.problems = problems;
  }
}

/**
 * Another runner holds the lock, or took it.
 *
 * @example
 * ```ts
 * import { MigrationLockError } from "@kysera/migrations";
 * import assert from "node:assert/strict";
 *
 * assert.equal(new MigrationLockError("Cannot lock").code, "MIGRATION_LOCK_FAILED");
 * ```
 */
export class MigrationLockError extends DatabaseError {
  static {
    this.prototype.name = "MigrationLockError";
  }

  /**
   * Creates an error.
   *
   * @param message who holds the lock, and what to do
   * @param cause what was thrown
   */
  constructor(message: string, cause?: unknown) {
    super(message, MigrationErrorCodes.MIGRATION_LOCK_FAILED, undefined, {
      retryable: true,
      ...cause === undefined ? {} : { cause },
    });
  }
}
