import { isPlainObject } from "@kysera/core";

/** Returns a frozen copy of plain data; anything else in it is kept as it is. */
export function frozenCopy<T>(value: T): T {
  // Lists and objects are copied member by member, so the copy is of the same type.
  return copy(value, new Map()) as T;
}

function copy(value: unknown, seen: Map<unknown, unknown>): unknown {
  if (value instanceof Date) return new Date(value);
  if (!Array.isArray(value) && !isPlainObject(value)) return value;
  const known = seen.get(value);
  if (known !== undefined) return known;
  if (Array.isArray(value)) {
    const list: unknown[] = [];
    seen.set(value, list);
    for (const item of value) list.push(copy(item, seen));
    return Object.freeze(list);
  }
  const out: Record<PropertyKey, unknown> = {};
  seen.set(value, out);
  for (const key of Reflect.ownKeys(value)) {
    // A key of this name would set the copy's prototype.
    if (key === "__proto__" || !Object.prototype.propertyIsEnumerable.call(value, key)) continue;
    try {
      out[key] = copy((value as typeof out)[key], seen);
    } catch (error) {
      // It is for those to know who read it.
      Object.defineProperty(out, key, { get: () => fail(error), enumerable: true });
    }
  }
  return Object.freeze(out);
}

function fail(error: unknown): never {
  throw error;
}
