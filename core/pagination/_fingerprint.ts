import { encodeBase64 } from "./_base64.ts";
import type { Key } from "./_key.ts";
import type { Inspected } from "./_query.ts";

/** What tells a query and its order from all others, as a string. */
export function fingerprint({ sql, parameters }: Inspected, keys: readonly Key[]): string {
  const order = keys.map(({ descending, nullsFirst, nullable }) =>
    Number(descending) + 2 * Number(nullsFirst) + 4 * Number(nullable)
  );
  return JSON.stringify([sql, order, parameters.map(canonical)]);
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
