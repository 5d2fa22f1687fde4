import type { Evidence } from "../rules/_rule.ts";

/** What a server was seen to do with a statement. */
export interface Observation {
  /** What is so. */
  readonly does: ReadonlySet<Evidence>;
  /** What can be seen at all: what is not in it is not known. */
  readonly seen: ReadonlySet<Evidence>;
  /** In words, for the message. */
  readonly words: string | undefined;
}

/** What was seen, by the places of the migration and of the statement. */
export type Observations = ReadonlyMap<string, Observation>;

/** The key of a statement. */
export function placeOf(migration: number, statement: number): string {
  return `${migration}:${statement}`;
}
