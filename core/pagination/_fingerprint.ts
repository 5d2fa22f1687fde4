import { encodeBase64 } from "./_base64.ts";
import type { Ordering } from "./_key.ts";
import type { Inspected } from "./_query.ts";

/** What tells a query and its order from all others, as a string. */
export function fingerprint(
  { sql, parameters }: Pick<Inspected, "sql" | "parameters">,
  keys: readonly Ordering[],
): string {
  return fingerprintWith(fingerprintOf(sql, keys), parameters);
}

/** The fingerprint of a query, from the part of it that does not depend on parameters. */
export function fingerprintWith(text: string, parameters: readonly unknown[]): string {
  return parameters.length === 0 ? text : `${text}\n${JSON.stringify(parameters.map(canonical))}`;
}

/** The part of a fingerprint that does not depend on parameters. */
export function fingerprintOf(sql: string, keys: readonly Ordering[]): string {
  const order = keys.map(({ descending, nullsFirst, nullable }) =>
    Number(descending) + 2 * Number(nullsFirst) + 4 * Number(nullable)
  );
  return JSON.stringify([sql, order]);
}

/** A bound value, so that no two different ones come out the same. */
function canonical(value: unknown): unknown {
  switch (typeof value) {
    case "bigint":
    case "number":
    case "undefined":
      return [typeof value, String(value)];
    case "object":
      break;
    default:
      return value;
  }
  if (value === null) return null;
  if (value instanceof Date) return ["date", value.getTime()];
  if (value instanceof Uint8Array) return ["bytes", encodeBase64(value)];
  if (Array.isArray(value)) return ["array", ...value.map(canonical)];
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === "function") return ["json", canonical(toJSON.call(value))];
  return ["object", Object.entries(value).map(([key, item]) => [key, canonical(item)])];
}
