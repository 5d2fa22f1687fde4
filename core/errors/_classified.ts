/**
 * What the classifiers answer, and how it becomes an error.
 *
 * @module
 */
import { CheckConstraintError } from "./check_constraint_error.ts";
import { ConnectionError } from "./connection_error.ts";
import { DatabaseError, type DatabaseErrorOptions } from "./database_error.ts";
import { DeadlockError } from "./deadlock_error.ts";
import type { ErrorCode } from "./error_codes.ts";
import { ForeignKeyConstraintError } from "./foreign_key_constraint_error.ts";
import { LockTimeoutError } from "./lock_timeout_error.ts";
import { NotNullError } from "./not_null_error.ts";
import { SerializationError } from "./serialization_error.ts";
import { SqlSyntaxError } from "./sql_syntax_error.ts";
import { StatementTimeoutError } from "./statement_timeout_error.ts";
import { UniqueConstraintError } from "./unique_constraint_error.ts";

/** The kinds of failure that have a class of their own, or (the last line) only a code. */
export type Kind =
  | "unique"
  | "foreign key"
  | "not null"
  | "check"
  | "deadlock"
  | "serialization"
  | "lock timeout"
  | "statement timeout"
  | "syntax"
  | "connection"
  | "connection refused for good"
  | "pool exhausted"
  | "conflict"
  | "invalid input"
  | "transaction"
  | "stale statement"
  | "other";

/** A failure that a classifier knows. */
export interface Classified extends Omit<DatabaseErrorOptions, "cause"> {
  /** What kind of failure it is. */
  readonly kind: Kind;
  /** Of a foreign key: the table that it refers to. */
  readonly referencedTable?: string | undefined;
}

/** The failures without a class: their code, and what to say. */
const plain = {
  conflict: ["RESOURCE_CONFLICT", "Cannot store row: it conflicts with another row"],
  "invalid input": [
    "VALIDATION_INVALID_INPUT",
    "Cannot use a value: it does not fit the type that the database wants",
  ],
  transaction: [
    "DB_TRANSACTION_FAILED",
    "Cannot run the statement: the state of its transaction does not allow it",
  ],
  "stale statement": [
    "DB_TRANSACTION_FAILED",
    "Cannot run the statement: the schema or the session changed since it was prepared; run the " +
    "whole transaction again",
  ],
  other: ["DB_QUERY_FAILED", "Cannot run the statement: the database refused it"],
} as const satisfies Partial<Record<Kind, readonly [ErrorCode, string]>>;

/** Makes the error of a classified failure. */
export function errorOf(classified: Classified, cause: unknown): DatabaseError {
  const { kind, referencedTable, ...known } = classified;
  const { constraint, table, columns } = known;
  const options = { ...known, cause };
  switch (kind) {
    case "unique":
      return new UniqueConstraintError(constraint, table, columns, options);
    case "foreign key":
      return new ForeignKeyConstraintError(constraint, table, referencedTable, options);
    case "not null":
      return new NotNullError(columns?.[0], table, options);
    case "check":
      return new CheckConstraintError(constraint, table, options);
    case "deadlock":
      return new DeadlockError(options);
    case "serialization":
      return new SerializationError(options);
    case "lock timeout":
      return new LockTimeoutError(options);
    case "statement timeout":
      return new StatementTimeoutError(options);
    case "syntax":
      return new SqlSyntaxError(options);
    case "connection":
      return new ConnectionError("DB_CONNECTION_FAILED" satisfies ErrorCode, {
        ...options,
        retryable: true,
      });
    case "connection refused for good":
      return new ConnectionError("DB_CONNECTION_FAILED" satisfies ErrorCode, options);
    case "pool exhausted":
      return new ConnectionError("DB_POOL_EXHAUSTED" satisfies ErrorCode, {
        ...options,
        retryable: true,
      });
    default: {
      const [code, message] = plain[kind];
      const retryable = kind === "stale statement";
      return new DatabaseError(message, code, undefined, { ...options, retryable });
    }
  }
}
