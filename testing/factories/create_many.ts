/**
 * Makes so many rows with a factory, without a database.
 *
 * @param factory makes one row
 * @param count how many
 * @param overrides asked for the overrides of each row, by its index from 0
 * @returns the rows
 *
 * @example
 * ```ts
 * import { createFactory, createMany } from "@kysera/testing";
 * import assert from "node:assert/strict";
 *
 * const user = createFactory({ name: "Test User" });
 * const users = createMany(user, 2, (index) => ({ name: `User ${index}` }));
 * assert.deepEqual(users, [{ name: "User 0" }, { name: "User 1" }]);
 * ```
 */
export function createMany<Row, Overrides>(
  factory: (overrides?: Overrides) => Row,
  count: number,
  overrides?: (index: number) => Overrides,
): Row[] {
  return Array.from({ length: count }, (_, index) => factory(overrides?.(index)));
}

/**
 * Creates a function that makes so many rows with a factory.
 *
 * @param factory makes one row
 * @returns a function of a count, and of overrides for all rows or a function that gives each row's
 *
 * @example
 * ```ts
 * import { createFactory, createManyFactory } from "@kysera/testing";
 * import assert from "node:assert/strict";
 *
 * const users = createManyFactory(createFactory({ name: "Test User", age: 30 }));
 * assert.equal(users(3, { age: 40 }).length, 3);
 * ```
 */
export function createManyFactory<Row, Overrides extends object>(
  factory: (overrides?: Overrides) => Row,
): (count: number, overrides?: Overrides | ((index: number) => Overrides)) => Row[] {
  return (count, overrides) =>
    createMany(
      factory,
      count,
      (index) =>
        // An object of overrides is not a function, and a function is one that gives them.
        (typeof overrides === "function" ? overrides(index) : overrides ?? {}) as Overrides,
    );
}

/**
 * Creates a factory whose defaults depend on a number that counts its rows, from 1.
 *
 * @param defaults gives the row of a number
 * @returns a function that makes the next row
 *
 * @example
 * ```ts
 * import { createSequenceFactory } from "@kysera/testing";
 * import assert from "node:assert/strict";
 *
 * const user = createSequenceFactory((n) => ({ email: `user-${n}@test.com`, age: 30 }));
 * assert.equal(user().email, "user-1@test.com");
 * assert.deepEqual(user({ age: 31 }), { email: "user-2@test.com", age: 31 });
 * ```
 */
export function createSequenceFactory<Row extends object>(
  defaults: (sequence: number) => Row,
): (overrides?: Partial<Row>) => Row {
  let sequence = 0;
  return (overrides = {}) => ({ ...defaults(++sequence), ...overrides });
}
