/**
 * Reading fields of things that may be anything: foreign errors, proxies, plain values.
 *
 * @module
 */

/** The fields of an error, read so that nothing can throw. */
export interface Fields {
  /** A field that holds a non-empty string. */
  string(...names: string[]): string | undefined;
  /** A field that holds a finite number. */
  number(...names: string[]): number | undefined;
  /** The message, or the empty string. */
  readonly message: string;
}

/** Reads a property, whatever its getter or proxy does. */
export function readProperty(value: unknown, name: PropertyKey): unknown {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) {
    return undefined;
  }
  try {
    return Reflect.get(value, name);
  } catch {
    return undefined;
  }
}

/** Wraps an error for reading. */
export function fieldsOf(error: unknown): Fields {
  function first<T>(
    names: readonly string[],
    accepts: (value: unknown) => value is T,
  ): T | undefined {
    for (const name of names) {
      const value = readProperty(error, name);
      if (accepts(value)) return value;
    }
    return undefined;
  }
  const message = readProperty(error, "message");
  return {
    string: (...names) =>
      first(names, (value): value is string => typeof value === "string" && value !== ""),
    number: (...names) => first(names, (value): value is number => Number.isFinite(value)),
    message: typeof message === "string" ? message : "",
  };
}
