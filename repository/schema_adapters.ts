/**
 * Schemas of whichever library as two functions, `parse` and `safeParse`. Repositories need no
 * adapter for a library that implements Standard Schema; TypeBox and functions of one's own do.
 *
 * @module
 */
import { BadRequestError } from "@kysera/core";
import { isParser, isStandard, issueOf, parsedBy, standardOf } from "./_validate.ts";
import { ValidationError } from "./errors.ts";
import type {
  AnySchema,
  InputOf,
  OutputOf,
  StandardIssue,
  StandardResult,
  StandardSchema,
  ValidationResult,
  ValidationSchema,
} from "./standard_schema.ts";

/** A schema that repositories take, and that validates by itself. */
export interface AdaptedSchema<Input = unknown, Output = Input>
  extends ValidationSchema<Output>, StandardSchema<Input, Output> {}

/** What {@linkcode normalizeSchema} makes of a schema. */
export type AdaptedOf<S> = AdaptedSchema<InputOf<S>, OutputOf<S>>;

type Validate = (value: unknown) => StandardResult<any> | Promise<StandardResult<any>>;

function adapted<Input, Output>(
  vendor: string,
  validate: Validate,
  partial?: () => AdaptedSchema<any, any>,
): AdaptedSchema<Input, Output> {
  const safeParse = (data: unknown): ValidationResult<Output> => {
    const result = validate(data);
    if (result instanceof Promise) {
      result.catch(() => {});
      throw new BadRequestError(
        "Cannot validate at once: the schema is asynchronous; give it to a repository, which waits",
      );
    }
    if (result.issues === undefined) return { success: true, data: result.value };
    return { success: false, error: new ValidationError("validate", result.issues.map(issueOf)) };
  };
  return {
    "~standard": { version: 1, vendor, validate },
    safeParse,
    parse(data) {
      const result = safeParse(data);
      if (result.success) return result.data;
      throw result.error;
    },
    ...partial === undefined ? {} : { partial },
  };
}

/**
 * Returns whether a value is a schema: one of Standard Schema, or one with `parse` and `safeParse`.
 * Repositories take an object with `parse` alone as well.
 *
 * @param value anything
 *
 * @example
 * ```ts
 * import { isValidationSchema } from "@kysera/repository";
 * import assert from "node:assert/strict";
 * import * as z from "zod";
 *
 * assert.equal(isValidationSchema(z.object({ name: z.string() })), true);
 * assert.equal(isValidationSchema({ name: "string" }), false);
 * ```
 */
export function isValidationSchema(value: unknown): value is AnySchema {
  return isStandard(value) ||
    (isParser(value) && "safeParse" in value && typeof value.safeParse === "function");
}

/**
 * Returns any schema with `parse`, `safeParse`, and `partial` where its library has that as a
 * method. These validate at once; a schema that has to wait, as Yup's does, is for repositories
 * only.
 *
 * @param schema a schema of Zod, Valibot, ArkType, Yup, or one of one's own
 * @returns the same schema; it throws a {@linkcode ValidationError}
 * @throws {BadRequestError} where it is not a schema
 *
 * @example
 * ```ts
 * import { normalizeSchema } from "@kysera/repository";
 * import assert from "node:assert/strict";
 * import * as v from "valibot";
 *
 * const user = normalizeSchema(v.object({ name: v.string() }));
 * assert.deepEqual(user.parse({ name: "Ada" }), { name: "Ada" });
 * assert.equal(user.safeParse({ name: 5 }).success, false);
 * ```
 */
export function normalizeSchema<S extends AnySchema>(schema: S): AdaptedOf<S> {
  const standard = isValidationSchema(schema) ? standardOf(schema) : undefined;
  if (standard === undefined) {
    throw new BadRequestError(
      "Cannot use the schema: it is none; pass one of Standard Schema, or one with parse and safeParse",
    );
  }
  const { vendor, validate } = standard["~standard"];
  const { partial } = schema as { partial?: unknown };
  return adapted(
    vendor,
    validate,
    typeof partial === "function"
      ? () => normalizeSchema(partial.call(schema) as AnySchema)
      : undefined,
  );
}

/**
 * Adapts a schema of Zod, as {@linkcode normalizeSchema} does.
 *
 * @param schema the schema
 *
 * @example
 * ```ts
 * import { zodAdapter } from "@kysera/repository";
 * import assert from "node:assert/strict";
 * import * as z from "zod";
 *
 * const user = zodAdapter(z.object({ name: z.string(), age: z.number() }));
 * assert.deepEqual(user.partial?.().parse({ age: 36 }), { age: 36 });
 * ```
 */
export function zodAdapter<S extends StandardSchema<any, any>>(schema: S): AdaptedOf<S> {
  return normalizeSchema(schema);
}

/** What of Valibot {@linkcode valibotAdapter} may be given. */
export interface ValibotModule {
  /** Makes a schema of which nothing is required. */
  partial?(schema: any): StandardSchema<any, any>;
}

/**
 * Adapts a schema of Valibot, as {@linkcode normalizeSchema} does.
 *
 * @param schema the schema
 * @param valibot the module of Valibot, for `partial`, which is a function there
 *
 * @example
 * ```ts
 * import { valibotAdapter } from "@kysera/repository";
 * import assert from "node:assert/strict";
 * import * as v from "valibot";
 *
 * const user = valibotAdapter(v.object({ name: v.string(), age: v.number() }), v);
 * assert.deepEqual(user.partial?.().parse({ age: 36 }), { age: 36 });
 * ```
 */
export function valibotAdapter<S extends StandardSchema<any, any>>(
  schema: S,
  valibot?: ValibotModule,
): AdaptedOf<S> {
  const { "~standard": { vendor, validate } } = normalizeSchema(schema);
  const partial = valibot?.partial;
  return adapted(
    vendor,
    validate,
    partial === undefined ? undefined : () => valibotAdapter(partial(schema), valibot),
  );
}

/** `Value` of TypeBox, as far as it is used. */
export interface TypeBoxValue {
  /** Whether a value is what the schema says. */
  Check(schema: any, value: unknown): boolean;
  /** What is wrong with it. */
  Errors(
    schema: any,
    value: unknown,
  ): Iterable<{
    readonly message: string;
    readonly path?: string;
    readonly instancePath?: string;
  }>;
}

/**
 * Adapts a schema of TypeBox, whose validation is a module of its own.
 *
 * @param schema the schema
 * @param value `Value` of TypeBox
 *
 * @example
 * ```ts
 * import { type TypeBoxValue, typeboxAdapter } from "@kysera/repository";
 * import assert from "node:assert/strict";
 *
 * // import { Value } from "@sinclair/typebox/value";
 * const Value: TypeBoxValue = {
 *   Check: (_schema, value) => typeof value === "string",
 *   Errors: () => [{ path: "", message: "Expected string" }],
 * };
 * const text = typeboxAdapter<string>({ type: "string" }, Value);
 * assert.equal(text.parse("Ada"), "Ada");
 * assert.throws(() => text.parse(5), /Expected string/);
 * ```
 */
export function typeboxAdapter<T = unknown>(schema: object, value: TypeBoxValue): AdaptedSchema<T> {
  return adapted("typebox", (data) => {
    if (value.Check(schema, data)) return { value: data };
    const issues: StandardIssue[] = [];
    for (const { message, path, instancePath } of value.Errors(schema, data)) {
      const keys = (path ?? instancePath ?? "").split("/").slice(1);
      // RFC 6901
      issues.push({
        message,
        path: keys.map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~")),
      });
    }
    return { issues: issues.length > 0 ? issues : [{ message: "The value is not as expected" }] };
  });
}

/**
 * Returns a schema that lets everything pass: types are all there is.
 *
 * @example
 * ```ts
 * import { nativeAdapter } from "@kysera/repository";
 * import assert from "node:assert/strict";
 *
 * const user = nativeAdapter<{ name: string }>();
 * assert.deepEqual(user.parse({ name: "Ada" }), { name: "Ada" });
 * ```
 */
export function nativeAdapter<T>(): AdaptedSchema<T> {
  const schema: AdaptedSchema<T> = adapted("native", (value) => ({ value }), () => schema);
  return schema;
}

/** What {@linkcode customAdapter} is made of. */
export interface CustomSchema<T> {
  /** What is made of a value. @throws where it is refused */
  parse(data: unknown): T;
  /** The same, for values of which nothing is required. */
  partial?: (() => AnySchema) | undefined;
}

/**
 * Makes a schema of a function that throws for what it refuses.
 *
 * @param custom the function, or an object with it as `parse`
 *
 * @example
 * ```ts
 * import { customAdapter } from "@kysera/repository";
 * import assert from "node:assert/strict";
 *
 * const even = customAdapter((data: unknown) => {
 *   if (typeof data === "number" && data % 2 === 0) return data;
 *   throw new Error("The number is odd");
 * });
 * assert.equal(even.parse(4), 4);
 * assert.equal(even.safeParse(5).success, false);
 * ```
 */
export function customAdapter<T>(
  custom: CustomSchema<T> | ((data: unknown) => T),
): AdaptedSchema<T> {
  const source: CustomSchema<T> = typeof custom === "function" ? { parse: custom } : custom;
  if (typeof source?.parse !== "function") {
    throw new BadRequestError("Cannot make a schema: parse is not a function");
  }
  const { partial } = source;
  return adapted(
    "custom",
    (data) => parsedBy(source, data),
    partial === undefined ? undefined : () => normalizeSchema(partial()),
  );
}
