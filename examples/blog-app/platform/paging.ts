import * as z from "zod";

/** The most articles that one response holds. */
const MAX_LIMIT = 100;
const MAX_OFFSET = 1_000_000;

const wholeNumber = (min: number) =>
  z.string().regex(/^\d{1,9}$/, `must be a whole number of at least ${min}`).transform(Number)
    .refine((number) => number >= min, `must be a whole number of at least ${min}`);

/** Which part of a list is asked for: by number (`limit`, `offset`), or by `cursor`. */
export const Page = z.object({
  limit: wholeNumber(1).transform((limit) => Math.min(limit, MAX_LIMIT)).default(20),
  offset: wholeNumber(0).transform((offset) => Math.min(offset, MAX_OFFSET)).default(0),
  // Empty for the first page.
  cursor: z.string().max(2_000, "is too long").optional(),
});

/** A part of a list. */
export type Page = z.output<typeof Page>;
