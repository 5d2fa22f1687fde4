/** The members that functions make. */
type Made<T extends Readonly<Record<string, () => unknown>>> = {
  readonly [K in keyof T]: ReturnType<T[K]>;
};

/**
 * Returns an object whose members are made when they are read first: a request needs few of the
 * repositories that there are.
 */
export function lazy<T extends Readonly<Record<string, () => unknown>>>(makers: T): Made<T> {
  const made = {};
  for (const [name, make] of Object.entries(makers)) {
    Object.defineProperty(made, name, {
      configurable: true,
      enumerable: true,
      get: () => {
        const value = make();
        Object.defineProperty(made, name, { value, enumerable: true });
        return value;
      },
    });
  }
  // Each maker has become a member of the same name.
  return made as Made<T>;
}
