import { assertKnownOptions, BadRequestError } from "@kysera/core";
import type { AnySchema, OutputOf, ValidationResult } from "./standard_schema.ts";
import { normalizeSchema } from "./schema_adapters.ts";

/** When values are validated: both, inputs only (`production`), or neither. */
export type ValidationMode = "always" | "development" | "production" | "never";

/** What is validated: values that come from outside, or rows of the database. */
export type ValidationSubject = "input" | "result";

/** Options of validation. What is said of inputs and rows goes before the mode. */
export interface ValidationOptions {
  /** Whether rows of the database are validated. */
  readonly validateDbResults?: boolean | undefined;
  /** Whether inputs are validated. */
  readonly validateInputs?: boolean | undefined;
  /** What holds where nothing else is said. Default `"production"`: inputs, and no rows. */
  readonly mode?: ValidationMode | undefined;
}

const OPTIONS: readonly (keyof ValidationOptions)[] = [
  "validateDbResults",
  "validateInputs",
  "mode",
];
const MODES: readonly ValidationMode[] = ["always", "development", "production", "never"];

/**
 * Returns the mode of validation that options ask for. Nothing is read from the environment: pass
 * `mode: process.env.NODE_ENV === "development" ? "development" : "production"` for that.
 *
 * @param options the options
 * @throws {BadRequestError} for an unknown option or mode
 *
 * @example
 * ```ts
 * import { getValidationMode } from "@kysera/repository";
 * import assert from "node:assert/strict";
 *
 * assert.equal(getValidationMode(), "production");
 * assert.equal(getValidationMode({ mode: "never" }), "never");
 * ```
 */
export function getValidationMode(options: ValidationOptions = {}): ValidationMode {
  assertKnownOptions(options, OPTIONS, { action: "validate" });
  const { mode = "production" } = options;
  if (MODES.includes(mode)) return mode;
  throw new BadRequestError(
    `Cannot validate: the mode is "${String(mode)}"; it is one of ${MODES.join(", ")}`,
  );
}

/**
 * Returns whether something is to be validated.
 *
 * @param options the options
 * @param subject what it is. Default an input
 * @throws {BadRequestError} for an unknown option or mode
 *
 * @example
 * ```ts
 * import { shouldValidate } from "@kysera/repository";
 * import assert from "node:assert/strict";
 *
 * assert.equal(shouldValidate(), true);
 * assert.equal(shouldValidate({}, "result"), false);
 * assert.equal(shouldValidate({ mode: "development" }, "result"), true);
 * assert.equal(shouldValidate({ mode: "development", validateDbResults: false }, "result"), false);
 * ```
 */
export function shouldValidate(
  options: ValidationOptions = {},
  subject: ValidationSubject = "input",
): boolean {
  const mode = getValidationMode(options);
  const said = subject === "input" ? options.validateInputs : options.validateDbResults;
  if (said !== undefined) return said;
  return mode === "always" || mode === "development" ||
    (mode === "production" && subject === "input");
}

/**
 * Validates a value without an exception.
 *
 * @param schema a schema of Zod, Valibot, ArkType, Yup, or one of one's own
 * @param data the value
 * @returns `{ success: true, data }` or `{ success: false, error }`: an object, and never `null`
 * @throws {BadRequestError} where the schema is asynchronous, or none, or options are given
 *
 * @example
 * ```ts
 * import { safeParse } from "@kysera/repository";
 * import assert from "node:assert/strict";
 * import * as z from "zod";
 *
 * const result = safeParse(z.object({ name: z.string() }), { name: 5 });
 * assert.equal(result.success, false);
 * if (!result.success) assert.deepEqual(result.error.issues?.[0]?.path, ["name"]);
 * ```
 */
export function safeParse<S extends AnySchema>(
  schema: S,
  data: unknown,
): ValidationResult<OutputOf<S>> {
  // Libraries that have a function of this name return the data or null, and take options.
  if (arguments.length > 2) {
    throw new BadRequestError(
      "Cannot validate: safeParse() takes no options, and returns { success, data } or " +
        "{ success, error }; for the data or null use createValidator(schema).validateSafe(data)",
    );
  }
  return normalizeSchema(schema).safeParse(data);
}

/** Validates values by one schema. */
export interface Validator<T> {
  /** What the schema makes of a value, or the value itself where it is not to be validated. */
  validate(data: unknown, subject?: ValidationSubject): T;
  /** The same, or `null` where the schema refuses the value. */
  validateSafe(data: unknown, subject?: ValidationSubject): T | null;
  /** Whether the schema takes a value, whatever the options say. */
  isValid(data: unknown): boolean;
}

/**
 * Makes a validator: a schema, and when it applies.
 *
 * @param schema a schema of Zod, Valibot, ArkType, Yup, or one of one's own
 * @param options see {@linkcode ValidationOptions}
 * @throws {BadRequestError} where the schema is none, or for an unknown option
 *
 * @example
 * ```ts
 * import { createValidator, ValidationError } from "@kysera/repository";
 * import assert from "node:assert/strict";
 * import * as z from "zod";
 *
 * const user = createValidator(z.object({ name: z.string() }));
 * assert.deepEqual(user.validate({ name: "Ada" }), { name: "Ada" });
 * assert.throws(() => user.validate({ name: 5 }), ValidationError);
 * // Rows are trusted, unless the options say otherwise.
 * assert.deepEqual(user.validate({ name: 5 }, "result"), { name: 5 });
 * ```
 */
export function createValidator<S extends AnySchema>(
  schema: S,
  options: ValidationOptions = {},
): Validator<OutputOf<S>> {
  const { parse, safeParse } = normalizeSchema(schema);
  const applies = { input: shouldValidate(options), result: shouldValidate(options, "result") };
  return {
    validate: (data, subject = "input") =>
      // What is trusted is taken for what its type says.
      applies[subject] ? parse(data) : data as OutputOf<S>,
    validateSafe(data, subject = "input") {
      if (!applies[subject]) return data as OutputOf<S>;
      const result = safeParse(data);
      return result.success ? result.data : null;
    },
    isValid: (data) => safeParse(data).success,
  };
}
