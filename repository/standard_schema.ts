/**
 * The interface that Zod, Valibot, ArkType and Yup share, so that their schemas are used as they come.
 *
 * @see https://standardschema.dev
 * @module
 */
import type { ValidationIssue } from "./errors.ts";

/** A schema of any library that implements Standard Schema, version 1. */
export interface StandardSchema<Input = unknown, Output = Input> {
  /** The interface itself. */
  readonly "~standard": {
    /** The version of the interface. */
    readonly version: 1;
    /** The library. */
    readonly vendor: string;
    /** Validates a value, at once or not. */
    readonly validate: (
      value: unknown,
    ) => StandardResult<Output> | Promise<StandardResult<Output>>;
    /** Types, for the compiler only. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** What a schema says of a value. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** Something that is wrong with a value. */
export interface StandardIssue {
  /** What is wrong. */
  readonly message: string;
  /** Where. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** A schema of one's own: two functions that validate at once. */
export interface ValidationSchema<T = unknown> {
  /** What the schema makes of a value. @throws where it refuses it */
  parse(data: unknown): T;
  /** What the schema says of a value. */
  safeParse(data: unknown): ValidationResult<T>;
  /** The same schema, with nothing required. */
  partial?(): ValidationSchema<Partial<T>>;
}

/** A schema of one function, which throws: at once, or by a promise. */
export interface ParseSchema<T = unknown> {
  /** What the schema makes of a value. @throws where it refuses it */
  parse(data: unknown): T | Promise<T>;
}

/** What {@linkcode ValidationSchema.safeParse} says. */
export type ValidationResult<T> =
  | { readonly success: true; readonly data: T }
  | { readonly success: false; readonly error: ValidationFailure };

/** Why a schema refuses a value: an error, which may say so issue by issue. */
export interface ValidationFailure {
  /** What is wrong. */
  readonly message: string;
  /** What is wrong, issue by issue. */
  readonly issues?: readonly (ValidationIssue | StandardIssue)[];
}

/** A schema that validates without an exception. */
export type AnySchema = StandardSchema<any, any> | ValidationSchema<any>;

/** Whatever a repository takes for a schema. */
export type RepositorySchema = AnySchema | ParseSchema<any>;

/** What a schema takes. */
export type InputOf<S> = S extends StandardSchema<infer Input, any> ? Input
  : S extends ParseSchema<infer T> ? T
  : never;

/** What a schema gives. */
export type OutputOf<S> = S extends StandardSchema<any, infer Output> ? Output
  : S extends ParseSchema<infer T> ? T
  : never;
