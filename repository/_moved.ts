/** Where a repository that was moved to another executor instance has its members from. */
export interface MovedSource {
  /** The names of all members. */
  readonly names: ReadonlySet<PropertyKey>;
  /** Returns true for a member that can be had without the others. */
  has(name: PropertyKey): boolean;
  /** Returns such a member; each time the same. */
  member(name: PropertyKey): unknown;
  /** Makes the whole repository, of which the others are members as well. */
  whole(): object;
}

/**
 * Returns a repository whose members are made when they are asked for: a server moves one to the
 * caller of each request, and uses a method or two of it. Whoever looks at it as an object, to copy it
 * for instance, finds all of them.
 */
export function moved(source: MovedSource): object {
  return new Proxy(new Moved(source), HANDLER);
}

class Moved {
  readonly #source: MovedSource;
  #made: object | undefined;
  #isWhole = false;

  static {
    // It takes that of the repository.
    Reflect.deleteProperty(this.prototype, "constructor");
  }

  constructor(source: MovedSource) {
    this.#source = source;
  }

  static get(moved: Moved, name: PropertyKey): unknown {
    if (moved.#isWhole) return Reflect.get(moved, name);
    const source = moved.#source;
    if (source.has(name)) return source.member(name);
    // To be awaited, for instance, it is asked for what it does not have.
    return Reflect.get(source.names.has(name) ? Moved.#madeOf(moved) : Object.prototype, name);
  }

  /** Returns the object with all of its members: somebody looks at it as one. */
  static whole(moved: Moved): Moved {
    if (moved.#isWhole) return moved;
    const made = Moved.#madeOf(moved);
    moved.#isWhole = true;
    Object.setPrototypeOf(moved, Object.getPrototypeOf(made));
    return Object.defineProperties(moved, Object.getOwnPropertyDescriptors(made));
  }

  static #madeOf(moved: Moved): object {
    return moved.#made ??= moved.#source.whole();
  }
}

const HANDLER: ProxyHandler<Moved> = {
  get: (moved, name) => Moved.get(moved, name),
  // Everything else is done to the object itself.
  set: (moved, name, value) => Reflect.set(Moved.whole(moved), name, value),
  has: (moved, name) => Reflect.has(Moved.whole(moved), name),
  ownKeys: (moved) => Reflect.ownKeys(Moved.whole(moved)),
  getOwnPropertyDescriptor: (moved, name) =>
    Reflect.getOwnPropertyDescriptor(Moved.whole(moved), name),
  defineProperty: (moved, name, descriptor) =>
    Reflect.defineProperty(Moved.whole(moved), name, descriptor),
  deleteProperty: (moved, name) => Reflect.deleteProperty(Moved.whole(moved), name),
  getPrototypeOf: (moved) => Reflect.getPrototypeOf(Moved.whole(moved)),
  setPrototypeOf: (moved, prototype) => Reflect.setPrototypeOf(Moved.whole(moved), prototype),
  isExtensible: (moved) => Reflect.isExtensible(Moved.whole(moved)),
  preventExtensions: (moved) => Reflect.preventExtensions(Moved.whole(moved)),
};
