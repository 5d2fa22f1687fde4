import { ExecutorError } from "../contract/errors.ts";
import type { Attributes } from "../contract/plugin.ts";

/** A frozen copy of plain data; what is not plain data in it is kept as it is. */
export function copyAttributes(value: object, action: string): Attributes {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ExecutorError(
      `Cannot ${action}: ${value === null ? "null" : typeof value} was given; pass an object`,
      "INVALID_CONTEXT",
    );
  }
  return copyMembers(value, new Map());
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
  if (value instanceof Date) return locked(new Date(value));
  if (value instanceof Set) return locked(new Set([...value].map((item) => copy(item, seen))));
  if (value instanceof Map) {
    const entries = [...value].map(([key, item]) => [copy(key, seen), copy(item, seen)] as const);
    return locked(new Map(entries));
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  return copyMembers(value, seen);
}

/** The members of an object; at the top level whatever made it, as it is what a caller changes. */
function copyMembers(value: object, seen: Map<object, unknown>): Attributes {
  const out: Record<string, unknown> = {};
  seen.set(value, out);
  for (const [key, item] of Object.entries(value)) {
    // A key of this name would set the copy's prototype.
    if (key !== "__proto__") out[key] = copy(item, seen);
  }
  return Object.freeze(out);
}

/** Object.freeze() leaves what a Date, a Set or a Map holds open: their methods that change it go. */
function locked<T extends object>(value: T): T {
  const refuse = (): never => {
    throw new TypeError("Cannot change a bound context; bind another one");
  };
  for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(value))) {
    if (/^(?:set|add|delete|clear)/.test(name)) {
      Object.defineProperty(value, name, { value: refuse });
    }
  }
  return Object.freeze(value);
}
