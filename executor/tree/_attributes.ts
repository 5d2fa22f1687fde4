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
  return copyMembers(value, new Copies());
}

interface Copy {
  readonly value: object;
  readonly copy: object;
  readonly before: Copy | undefined;
}

/** How many copies are looked through one by one. */
const FEW = 8;

/** What was copied: what stands in several places is copied once. Most contexts hold two objects. */
class Copies {
  #last: Copy | undefined;
  #count = 0;
  #many: Map<object, object> | undefined;

  get(value: object): object | undefined {
    if (this.#many !== undefined) return this.#many.get(value);
    for (let each = this.#last; each !== undefined; each = each.before) {
      if (each.value === value) return each.copy;
    }
    return undefined;
  }

  set(value: object, copy: object): void {
    if (this.#many !== undefined) {
      this.#many.set(value, copy);
      return;
    }
    this.#last = { value, copy, before: this.#last };
    if (++this.#count <= FEW) return;
    this.#many = new Map();
    for (let each: Copy | undefined = this.#last; each !== undefined; each = each.before) {
      this.#many.set(each.value, each.copy);
    }
  }
}

function copy(value: unknown, seen: Copies): unknown {
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
function copyMembers(value: object, seen: Copies): Attributes {
  const out: Record<string, unknown> = {};
  seen.set(value, out);
  for (const key in value) {
    // A key of this name would set the copy's prototype.
    if (key === "__proto__" || !Object.hasOwn(value, key)) continue;
    out[key] = copy((value as Readonly<typeof out>)[key], seen);
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
