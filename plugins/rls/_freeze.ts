import { isPlainObject } from "@kysera/core";

/** A frozen copy of plain data; what is no plain data in it is kept as it is. */
export function frozenCopy<T>(value: T): T {
  // Lists and objects are copied member by member, so the copy is of the same type.
  if (Array.isArray(value)) return Object.freeze(value.map(frozenCopy)) as T;
  if (value instanceof Date) return new Date(value) as T;
  if (!isPlainObject(value)) return value;
  const entries = Object.entries(value)
    // A key of this name would set the copy's prototype.
    .filter(([key]) => key !== "__proto__")
    .map(([key, item]) => [key, frozenCopy(item)]);
  return Object.freeze(Object.fromEntries(entries)) as T;
}
