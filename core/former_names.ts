/**
 * Names of version 0.7.
 *
 * @module
 */
import { ForeignKeyConstraintError } from "./errors/foreign_key_constraint_error.ts";
import type { Dialect } from "./dialect.ts";

/** @deprecated Use {@linkcode ForeignKeyConstraintError}. */
export const ForeignKeyError: typeof ForeignKeyConstraintError = ForeignKeyConstraintError;

/** @deprecated Use {@linkcode ForeignKeyConstraintError}. */
export type ForeignKeyError = ForeignKeyConstraintError;

/** @deprecated Use {@linkcode Dialect}. */
export type DatabaseDialect = Dialect;
