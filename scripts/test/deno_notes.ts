/**
 * What a test file on Deno tells the runner beside its JUnit file: lines of JSON in the file that
 * `KYSERA_TEST_NOTES` names.
 *
 * @module
 */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import process from "node:process";

/** The environment variable that names the file. */
export const NOTES_VARIABLE = "KYSERA_TEST_NOTES";

/** One thing to tell. */
export type Note =
  /** A test is skipped. */
  | { readonly skipped: string; readonly reason: string }
  /** A promise was rejected, and nobody handled it. */
  | { readonly rejection: string };

/**
 * Tells the runner something.
 *
 * @param what What to tell.
 */
export function note(what: Note): void {
  const file = process.env[NOTES_VARIABLE];
  if (file) appendFileSync(file, JSON.stringify(what) + "\n");
}

/**
 * Reads what a test file has told.
 *
 * @param file The file that `KYSERA_TEST_NOTES` named.
 * @returns The notes in their order.
 */
export function readNotes(file: string): Note[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line));
}
