/** Returns true for equal values; lists, dates, bytes and plain objects are equal by what they hold. */
export function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const prototype: unknown = Object.getPrototypeOf(a);
  if (prototype !== Object.getPrototypeOf(b)) return false;
  if (a instanceof Date) return a.getTime() === (b as Date).getTime();
  const isData = Array.isArray(a) || ArrayBuffer.isView(a) || prototype === Object.prototype ||
    prototype === null;
  if (!isData) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length &&
    keys.every((key) =>
      Object.hasOwn(b, key) && isSame(a[key as keyof typeof a], b[key as keyof typeof b])
    );
}
