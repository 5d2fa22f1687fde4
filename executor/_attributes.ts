import { ExecutorError } from "./errors.ts";
import type { Attributes } from "./plugin.ts";

/** A frozen copy of plain data; what is no plain data in it is kept as it is. */
export function copyAttributes(value: object, action: string): Attributes {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ExecutorError(
      `Cannot ${action}: ${value === null ? "null" : typeof value} was given; pass an object`,
      "INVALID_CONTEXT",
    );
  }
  // The top level is copied whatever made it: it is what a caller would change.
  return copy({ ...value }, new Map()) as Attributes;
}

function copy(value: unknown, seen: Map<object, unknown>): unknown {
  if (typeof value !== "object" || value === null) return value;
  const known = seen.get(value);
  if (known !== undefined) return known;
  if (Array.isArray(value)) {
    const list: unknown[] = [];
    seen.set(value, list);
    for (const item of value) list.push(copy(item, seen));
    return Object.freeze(list);
  }
  if (value instanceof Date) return new Date(value);
  if (value instanceof Set) return new Set([...value].map((item) => copy(item, seen)));
  if (value instanceof Map) {
    return new Map([...value].map(([key, item]) => [copy(key, seen), copy(item, seen)]));
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  const out: Record<string, unknown> = {};
  seen.set(value, out);
  for (const [key, item] of Object.entries(value)) {
    // A key of this name would set the copy's prototype.
    if (key !== "__proto__") out[key] = copy(item, seen);
  }
  return Object.freeze(out);
}
