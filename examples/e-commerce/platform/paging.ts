import { BadRequestError } from "@kysera/core";
import * as z from "zod";
import { invalid } from "./errors.ts";

/** The most rows that one response holds. */
const MAX_LIMIT = 100;

/** Which part of a list is asked for. */
export const Page = z.object({
  limit: z.string().regex(/^[1-9]\d{0,5}$/, "must be a whole number of at least 1")
    .transform((limit) => Math.min(Number(limit), MAX_LIMIT)).default(20),
  // Absent or empty for the first page.
  cursor: z.string().max(2_000, "is too long").optional(),
});

/** A part of a list. */
export type Page = z.output<typeof Page>;

/** A page, and how to ask for the next one. */
export interface Paged<T> {
  readonly data: readonly T[];
  readonly nextCursor: string | null;
}

/**
 * Reads a page.
 *
 * @param read reads it; its argument is the part of the options that says which page
 * @throws {ApiError} 422 for a cursor that belongs to another list, or cannot be parsed
 */
export async function readPage<T>(
  { limit, cursor }: Page,
  read: (part: { limit: number; cursor?: string }) => Promise<{
    readonly data: readonly T[];
    readonly pagination: { readonly nextCursor?: string | null | undefined };
  }>,
): Promise<Paged<T>> {
  try {
    const { data, pagination } = await read({ limit, ...cursor ? { cursor } : {} });
    return { data, nextCursor: pagination.nextCursor ?? null };
  } catch (error) {
    if (cursor && error instanceof BadRequestError) throw invalid({ cursor: ["is invalid"] });
    throw error;
  }
}
