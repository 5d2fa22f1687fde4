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

/** A text that may be absent: an empty one is stored as null. */
export const optionalText = (max: number) =>
  z.string("must be text").max(max, `is too long (maximum is ${max} characters)`)
    .nullable().transform((text) => text === "" ? null : text);

/**
 * Reads what is under a key of the JSON body: `{ article: { .. } }`.
 *
 * @param c the request
 * @param key the key
 * @param schema what must be there
 * @throws {ApiError} 422 with the problems by field
 */
export async function readBody<S extends z.ZodType>(
  c: Context,
  key: string,
  schema: S,
): Promise<z.output<S>> {
  const body = await c.req.json().catch(() => {
    throw invalid({ request: ["must be JSON"] });
  });
  const value = typeof body === "object" && body !== null ? body[key] : undefined;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalid({ [key]: [BLANK] });
  }
  return validate(schema, value, key);
}

/**
 * Validates a value.
 *
 * @param whole what errors about the value as a whole are called
 * @throws {ApiError} 422 with the problems by field
 */
export function validate<S extends z.ZodType>(
  schema: S,
  value: unknown,
  whole: string,
): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const errors: Record<string, string[]> = {};
  for (const { path, message } of result.error.issues) {
    const messages = errors[String(path[0] ?? whole)] ??= [];
    if (!messages.includes(message)) messages.push(message);
  }
  throw invalid(errors);
}
