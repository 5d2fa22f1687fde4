/** What every SQLite driver takes as the value of a parameter. */
export type SqliteValue = null | number | bigint | string | Uint8Array;

/**
 * A copy of the parameters of a query that a driver can bind, the values that SQLite has no type for
 * turned into ones it has.
 *
 * Drivers differ in what they do with a boolean, a `Date`, `undefined` or a plain object: some throw,
 * and some bind NULL without a word (an object given first is taken for named parameters). So
 * nothing but a {@link SqliteValue} is ever handed to them.
 *
 * @param integersAsBigint For drivers that bind `1` as `1.0`, which is another text in a text column.
 */
export function bindValues(
  parameters: readonly unknown[],
  integersAsBigint: boolean,
): SqliteValue[] {
  const bound = new Array<SqliteValue>(parameters.length);
  for (let i = 0; i < parameters.length; i++) {
    const value = parameters[i];
    if (typeof value === "string") bound[i] = value;
    else if (typeof value === "number") {
      bound[i] = integersAsBigint && Number.isSafeInteger(value) && !Object.is(value, -0)
        ? BigInt(value)
        : value;
    } else bound[i] = bindValue(value, i);
  }
  return bound;
}

const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;

function bindValue(value: unknown, index: number): SqliteValue {
  if (value === null || value === undefined) return null;
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (typeof value === "bigint") {
    // Some drivers keep the lowest 64 bits without a word.
    if (value > MAX_INT64 || value < MIN_INT64) {
      throw new RangeError(
        `Cannot bind parameter ${index + 1}: an integer of SQLite has 64 bits; bind it as text`,
      );
    }
    return value;
  }
  if (value instanceof Uint8Array) return value;
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
