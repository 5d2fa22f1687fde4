import type { Shape } from "./_shape.ts";
import { VALIBOT } from "./_valibot.ts";
import { ZOD } from "./_zod.ts";

/** The libraries that schemas are written for. */
export const LIBRARIES = ["zod", "valibot"] as const;

/** One of the libraries. */
export type LibraryName = (typeof LIBRARIES)[number];

/** How a library says what a value has to be. */
export interface SchemaLibrary {
  /** The line that imports it. */
  readonly importLine: string;
  /** What a file begins with that has columns of JSON. */
  readonly jsonHelper: { readonly imports: readonly string[]; readonly text: string } | undefined;
  /**
   * Returns the expression of a shape.
   *
   * @param before how many characters stand before it in its line
   */
  shape(shape: Shape, indent: string, before: number): string;
  /** Returns the expression of what may be NULL, may be left out, or both. */
  wrap(expression: string, what: "nullable" | "optional" | "nullish"): string;
  /** The name of the function that makes an object, of which other keys are refused. */
  readonly strictObject: string;
  /** That of an object whose other keys are left out. */
  readonly object: string;
  /** Returns the expression of an object with some keys left out, and none that has to be there. */
  partial(name: string, omitted: readonly string[]): string;
}

/** Returns how a library is written for. */
export function libraryOf(name: LibraryName): SchemaLibrary {
  return { zod: ZOD, valibot: VALIBOT }[name];
}
