import type { Context } from "hono";
import * as z from "zod";
import { invalid } from "./errors.ts";

/** A text that must hold more than white space. */
export const text = (max: number) =>
  z.string().max(max).refine((value) => value.trim() !== "", "must not be blank");

/** An address, in small letters. */
export const email = z.email().max(255).transform((value) => value.toLowerCase());

/** A password. */
export const password = z.string().min(10).max(200);

/** What lists may be asked: `?cursor=..&limit=..`. */
export const PageQuery = z.strictObject({
  cursor: z.string().max(2_000).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
});

/**
 * Reads the JSON body. Members that the schema does not have are refused: a body cannot name a tenant.
 *
 * @throws {ApiError} 422 with the first problem
 */
export async function readBody<S extends z.ZodType>(c: Context, schema: S): Promise<z.output<S>> {
  const body = await c.req.json().catch(() => {
    throw invalid("The body must be JSON");
  });
  return validate(schema, body);
}

/**
 * Validates a value.
 *
 * @throws {ApiError} 422 with the first problem
 */
export function validate<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw invalid(`${issue!.path.join(".") || "The body"}: ${issue!.message}`);
}
