import { BadRequestError } from "../errors/bad_request_error.ts";

/** The most rows that a page can have. */
export const maxLimit = 10_000;
/** How many rows a page has, where nothing is said. */
export const defaultLimit = 20;

/** A whole number, brought between two bounds. */
export function bounded(
  value: number | undefined,
  name: string,
  bounds: { readonly least: number; readonly most: number; readonly initial: number },
  action: string,
): number {
  if (value === undefined) return bounds.initial;
  if (typeof value !== "number" || Number.isNaN(value)) {
    throw new BadRequestError(`Cannot ${action}: "${name}" must be a number`);
  }
  return Math.min(Math.max(Math.trunc(value), bounds.least), bounds.most);
}

/** One of a few words. */
export function oneOf<T extends string>(
  value: T | undefined,
  name: string,
  words: readonly T[],
  action: string,
): T | undefined {
  if (value === undefined || words.includes(value)) return value;
  throw new BadRequestError(
    `Cannot ${action}: "${name}" is "${String(value)}", and must be ${
      words.map((word) => `"${word}"`).join(" or ")
    }`,
  );
}

/** The signal of the options, if there is one. */
export function signalOf(signal: AbortSignal | undefined, action: string): AbortSignal | undefined {
  if (signal === undefined || typeof signal?.throwIfAborted === "function") return signal;
  throw new BadRequestError(`Cannot ${action}: "signal" is not an AbortSignal`);
}
