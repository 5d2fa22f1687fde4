/** What every SQLite driver takes as the value of a parameter. */
export type SqliteValue = null | number | bigint | string | Uint8Array;

/**
 * Turns the values that SQLite has no type for into ones it has.
 *
 * Drivers differ in what they do with a boolean, a `Date`, `undefined` or a plain object: some throw,
 * and some bind NULL without a word (an object given first is taken for named parameters). So
 * nothing but a {@link SqliteValue} is ever handed to them.
 */
export function bindValue(value: unknown, index: number): SqliteValue {
  switch (typeof value) {
    case "string":
    case "number":
    case "bigint":
      return value;
    case "boolean":
      return value ? 1 : 0;
    case "undefined":
      return null;
  }
  if (value === null || value instanceof Uint8Array) return value;
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) {
      throw new TypeError(`Cannot bind parameter ${index + 1}: the date is invalid`);
    }
    return value.toISOString();
  }
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  throw new TypeError(
    `Cannot bind parameter ${index + 1}: SQLite has no type for ${
      describe(value)
    }; pass text, a number, a bigint, a boolean, a Date or bytes (JSON.stringify() for JSON)`,
  );
}

/** Names the type of a value, never the value itself: it may be a secret. */
function describe(value: unknown): string {
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** A copy of the parameters of a query that a driver can bind. */
export function bindValues(parameters: readonly unknown[]): SqliteValue[] {
  const bound = new Array<SqliteValue>(parameters.length);
  for (let i = 0; i < parameters.length; i++) bound[i] = bindValue(parameters[i], i);
  return bound;
}
