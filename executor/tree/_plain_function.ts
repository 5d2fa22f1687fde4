/** Words of SQL's grammar that no function has for a name, and that would be read as themselves. */
export const KEYWORDS: ReadonlySet<string> = new Set([
  "and",
  "as",
  "between",
  "case",
  "distinct",
  "except",
  "from",
  "having",
  "in",
  "intersect",
  "into",
  "is",
  "join",
  "lateral",
  "like",
  "limit",
  "not",
  "on",
  "only",
  "or",
  "select",
  "straight_join",
  "table",
  "union",
  "using",
  "where",
  "with",
  "xor",
]);

const FUNCTION = /^[\p{L}_][\p{L}\p{N}_$]*(?:\.[\p{L}_][\p{L}\p{N}_$]*)*$/u;

/** Returns true if a function's name is a name, and no SQL of its own. */
export function isPlainFunction(name: string): boolean {
  return typeof name === "string" && !KEYWORDS.has(name.toLowerCase()) && FUNCTION.test(name);
}
