import type { Context } from "hono";
import * as z from "zod";
import { invalid } from "./errors.ts";

/** The message for a value that is missing, null or blank. */
export const BLANK = "can't be blank";

/** A text that must hold more than white space. */
export const requiredText = (max: number): z.ZodString =>
  z.string({ error: ({ input }) => input === undefined || input === null ? BLANK : "must be text" })
    .max(max, `is too long (maximum is ${max} characters)`)
    .refine((text) => text.trim() !== "", BLANK);

/** A whole number. */
export const wholeNumber = (min: number, max: number): z.ZodInt =>
  z.int("must be a whole number")
    .min(min, `must be at least ${min}`).max(max, `must be at most ${max}`);

/**
 * Reads the JSON body.
 *
 * @param c the request
 * @param schema what the body must be
 * @throws {ApiError} 422 with the problems by field
 */
export async function readBody<S extends z.ZodType>(c: Context, schema: S): Promise<z.output<S>> {
  const body = await c.req.json().catch(() => {
    throw invalid({ request: ["must be JSON"] });
  });
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw invalid({ request: ["must be a JSON object"] });
  }
  return validate(schema, body);
}

/**
 * Validates a value.
 *
 * @throws {ApiError} 422 with the problems by field
 */
export function validate<S extends z.ZodType>(
  schema: S,
  value: unknown,
): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const errors: Record<string, string[]> = {};
  for (const { path, message } of result.error.issues) {
    const messages = errors[String(path[0] ?? "request")] ??= [];
    if (!messages.includes(message)) messages.push(message);
  }
  throw invalid(errors);
}
