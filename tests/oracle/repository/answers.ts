/** What comes of a call, on either side. */
import type { Row } from "./tables.ts";

/** The error that a repository is to throw, by its name. */
export class Expected extends Error {
  constructor(name: string) {
    super(name);
    this.name = name;
  }
}

/** A transaction that a sequence lets fail. */
export class GivenUp extends Error {
  readonly results: unknown;

  constructor(results: unknown) {
    super("given up");
    this.name = "GivenUp";
    this.results = results;
  }
}

/** What a call gives. */
export type Answer =
  | { rows: Row[]; ordered: boolean }
  | { pages: { rows: Row[]; ordered: boolean; about: unknown }[] }
  | { value: unknown };
