/** A value of a column, as an entry holds it. */
export type JsonValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** Texts, and numbers. */
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
/** Marks a number that is kept as text; no text of an entry can begin like this by accident. */
const EXACT = "\u0000n";

/**
 * Reads JSON without losing digits: a whole number that is not safe is a bigint, and another one
 * that is not written as a number would be (`1.10`) is text.
 *
 * @param text the JSON
 * @param decimals whether there are such; SQLite has none, but writes all digits of a double
 */
export function parseExact(text: string, decimals: boolean): JsonValue {
  const marked = text.replace(
    TOKENS,
    (token) =>
      token.startsWith('"') || isExact(token, decimals) ? token : JSON.stringify(EXACT + token),
  );
  return JSON.parse(
    marked,
    (_, value: unknown) =>
      typeof value === "string" && value.startsWith(EXACT) ? read(value) : value,
  );
}

function read(marked: string): bigint | string {
  const digits = marked.slice(EXACT.length);
  return /^-?\d+$/.test(digits) ? BigInt(digits) : digits;
}

function isExact(token: string, decimals: boolean): boolean {
  const value = Number(token);
  if (/^-?\d+$/.test(token)) return Number.isSafeInteger(value);
  return !decimals || /e/i.test(token) || String(value) === token;
}

/** JSON of values as {@linkcode parseExact} gives them. */
export function stringifyExact(value: JsonValue): string {
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return `[${value.map(stringifyExact).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value as Record<string, JsonValue>);
    return `{${
      members.map(([key, member]) => `${JSON.stringify(key)}:${stringifyExact(member)}`).join(",")
    }}`;
  }
  return JSON.stringify(value);
}
