/**
 * The last things of many: a list that forgets the oldest when it is full.
 *
 * @example
 * ```ts
 * import { CircularBuffer } from "@kysera/debug";
 * import assert from "node:assert/strict";
 *
 * const last = new CircularBuffer<number>(2);
 * for (const n of [1, 2, 3]) last.add(n);
 * assert.deepEqual([...last], [2, 3]);
 * ```
 */
export class CircularBuffer<T> implements Iterable<T> {
  /** How many things it holds at most. */
  readonly capacity: number;
  #items: T[] = [];
  #next = 0;

  /**
   * Makes an empty one.
   *
   * @param capacity how many things it holds at most
   * @throws {RangeError} where that is not a whole number from 1
   */
  constructor(capacity: number) {
    if (!Number.isSafeInteger(capacity) || capacity < 1) {
      throw new RangeError(
        `Cannot keep the last ${capacity} of anything; use a whole number from 1`,
      );
    }
    this.capacity = capacity;
  }

  /** How many things it holds. */
  get size(): number {
    return this.#items.length;
  }

  /**
   * Adds a thing.
   *
   * @param item the thing
   */
  add(item: T): void {
    this.#items[this.#next] = item;
    this.#next = (this.#next + 1) % this.capacity;
  }

  /** Forgets all. */
  clear(): void {
    this.#items = [];
    this.#next = 0;
  }

  /**
   * From the oldest to the newest.
   *
   * @returns a new list
   */
  toArray(): T[] {
    return this.#items.length < this.capacity
      ? this.#items.slice()
      : [...this.#items.slice(this.#next), ...this.#items.slice(0, this.#next)];
  }

  /** From the oldest to the newest. */
  [Symbol.iterator](): Iterator<T> {
    return this.toArray()[Symbol.iterator]();
  }
}
