const PLAIN = /^[\p{L}_][\p{L}\p{N}_$]*$/u;

/** Returns a name as a line shows it: in quotes where they are needed to see what it is. */
export function shown(...parts: readonly (string | null)[]): string {
  return parts.filter((part) => part !== null)
    .map((part) => PLAIN.test(part) ? part : JSON.stringify(part)).join(".");
}
