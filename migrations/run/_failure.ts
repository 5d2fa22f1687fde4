import { parseDatabaseError } from "@kysera/core";
import type { Dialect } from "@kysera/core";
import { MigrationError } from "../errors.ts";
import type { MigrationOperation } from "../migration.ts";
import type { MigrationResult } from "../results.ts";
import { lineOf } from "../sql/_lines.ts";
import type { ResolvedMigration } from "./_resolved.ts";

/** What is known of a migration that failed. */
export interface Failure {
  readonly migration: ResolvedMigration;
  readonly operation: MigrationOperation;
  readonly cause: unknown;
  readonly statement: { readonly index: number; readonly sql: string } | undefined;
  /** Whether what it did was rolled back. */
  readonly isRolledBack: boolean;
  /** How many of its statements are applied. */
  readonly applied: number;
  readonly result: MigrationResult;
}

/** Returns the error that says what failed, what is applied now, and what to do next. */
export function failureError(failure: Failure, dialect: Dialect): MigrationError {
  const { migration, operation, cause, statement, isRolledBack, applied, result } = failure;
  const line = lineOf(cause);
  const at = line === undefined ? "" : `line ${line}`;
  const where = [migration.migration.file, at].filter(Boolean).join(", ");
  const file = where === "" ? "" : ` (${where})`;
  const place = statement === undefined ? "" : `statement ${statement.index} failed: `;
  const state = isRolledBack
    ? "all of it was rolled back"
    : applied === 0
    ? "none of its statements is applied"
    : `${applied} of its statements ${applied === 1 ? "is" : "are"} applied`;
  const next = isRolledBack || applied === 0
    ? "mend it and run it again"
    : `mend the cause and call resume(), or undo it by hand and call markAsRolledBack() or repair()`;
  return new MigrationError(
    `Cannot run migration "${migration.name}" ${operation}${file}: ${place}` +
      `${wordsOf(cause, dialect)}; ${state}; ${next}`,
    migration.name,
    operation,
    cause,
    {
      statement: statement && (line === undefined ? statement : { ...statement, line }),
      appliedStatements: applied,
      result,
    },
  );
}

/** What the database said, where its words cannot hold values of rows. */
function wordsOf(cause: unknown, dialect: Dialect): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  const { code, message: safe } = parseDatabaseError(cause, dialect);
  return code.startsWith("VALIDATION_") || code.startsWith("RESOURCE_CONFLICT") ? safe : message;
}
