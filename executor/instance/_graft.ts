import { isKysely } from "@kysera/core";
import type { Compilable, CompiledQuery, Kysely } from "kysely";
import { ExecutorError } from "../contract/errors.ts";
import type { Plugin } from "../contract/plugin.ts";
import type { RequestScope } from "../rewrite/rules.ts";
import { ExecutorCommand } from "./_executor_command.ts";
import type { RunBatch } from "./batch_types.ts";
import { isBranded } from "./executor_type.ts";
import { GuardedExecutor, type InstanceOptions } from "./_guarded_executor.ts";

const INSTANCES: WeakMap<object, GuardedExecutor> = new WeakMap();

/**
 * Returns the guarded executor inside a Kysely instance; `undefined` where there is none.
 *
 * @throws {ExecutorError} for one that another copy of the package made
 */
export function instanceOf(value: unknown): GuardedExecutor | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const inside = (value as Partial<Marked>)[MARK]?.inside;
  if (inside !== undefined) return inside;
  if (!isKysely(value)) return undefined;
  const known = INSTANCES.get(value);
  if (known !== undefined) return known;
  let found: GuardedExecutor | undefined;
  value.getExecutor().withPlugin(
    new ExecutorCommand((executor) => {
      found = executor;
      return executor;
    }),
  );
  if (found !== undefined) INSTANCES.set(value, found);
  return found;
}

/**
 * Returns the guarded executor inside a Kysely instance.
 *
 * @throws {ExecutorError} where there is none
 */
export function mustBeInstance(value: unknown, action: string): GuardedExecutor {
  const instance = instanceOf(value);
  if (instance !== undefined) return instance;
  throw new ExecutorError(
    `Cannot ${action}: the value is not an executor; make one with createExecutor(db, plugins)`,
    "NOT_AN_EXECUTOR",
  );
}

/** Returns the same Kysely instance under another request scope. */
export function withScope<K extends Kysely<any>>(instance: K, request: RequestScope): K {
  const root = Scoped.rootOf(instance) ?? instance;
  // What Kysely makes has no mark of its own; nor does another executor's have ours inside.
  const marked = Object.hasOwn(root, MARK) ? (root as Partial<Marked>)[MARK] : undefined;
  if (marked?.inside !== undefined) {
    marked.scoped ??= scopedOver(root);
    // It has the members of the root.
    return new marked.scoped(root, marked, request) as Kysely<any> as K;
  }
  return branded(instance, instance.withPlugin(new ExecutorCommand((e) => e.for(request))));
}

/** Returns the same Kysely instance, whose queries are rewritten in another mode. */
export function inMode<K extends Kysely<any>>(
  instance: K,
  options: Omit<InstanceOptions, "walk">,
): K {
  return branded(instance, instance.withPlugin(new ExecutorCommand((e) => e.inMode(options))));
}

/** Returns the Kysely instance without our executor: same connection, same transaction. */
export function leave<K extends Kysely<any>>(instance: K): K {
  // withPlugin returns one of the same class.
  return instance.withPlugin(new ExecutorCommand((executor) => executor.inner)) as K;
}

/**
 * Returns the Kysely instance without our executor, for a query of ours about the catalog: it does not
 * wait in vain for a connection.
 */
export function beneath<K extends Kysely<any>>(instance: K): K {
  // withPlugin returns one of the same class.
  return instance.withPlugin(new ExecutorCommand((executor) => executor.source)) as K;
}

/**
 * Makes a Kysely instance an executor instance for all to see.
 *
 * Its builders execute what they compile at once, and so for one caller. Whoever asks for the query
 * executor instead may give it what was compiled for somebody else: theirs is one apart.
 *
 * @param instance an instance that was made just now
 */
export function mark<K extends Kysely<any>>(
  instance: K,
  plugins: readonly Plugin[],
  rawDb: Kysely<any>,
): K {
  const executor = instance.getExecutor();
  const marked: Mark = {
    inside: executor instanceof GuardedExecutor ? executor : undefined,
    plugins,
    rawDb,
  };
  Object.defineProperty(instance, MARK, { value: marked });
  // A property of its own for each method would cost more than the instance itself.
  return Object.setPrototypeOf(instance, prototypeOver(Object.getPrototypeOf(instance)));
}

const MARK: unique symbol = Symbol("@kysera/executor/mark");

/** What a marked instance is. */
interface Mark {
  /** The executor inside; `undefined` where another one is around it. */
  readonly inside: GuardedExecutor | undefined;
  readonly plugins: readonly Plugin[];
  readonly rawDb: Kysely<any>;
  /** What makes the same instance under another scope. */
  scoped?: ScopedClass;
}

type ScopedClass = new (root: Kysely<any>, mark: Mark, request: RequestScope) => object;

type Marked = Kysely<any> & { readonly [MARK]: Mark };

/** The prototypes of marked instances, by those of Kysely's own: of databases and of transactions. */
const PROTOTYPES: WeakMap<object, object> = new WeakMap();

function prototypeOver(base: Kysely<any>): object {
  let prototype = PROTOTYPES.get(base);
  if (prototype === undefined) {
    PROTOTYPES.set(base, prototype = Object.create(base, membersOver(base)) as object);
  }
  return prototype;
}

function membersOver(base: Kysely<any>): PropertyDescriptorMap {
  return {
    __kysera: { value: true },
    __plugins: {
      get(this: Marked) {
        return this[MARK].plugins;
      },
    },
    __rawDb: {
      get(this: Marked) {
        return this[MARK].rawDb;
      },
    },
    batch: {
      value(this: Marked, build: Parameters<RunBatch>[1]) {
        return instanceOf(this)!.state.runBatch(this, build);
      },
    },
    getExecutor: {
      value(this: Marked) {
        return this[MARK].inside?.apart() ?? base.getExecutor.call(this);
      },
    },
    // In Kysely 0.28 it asks getExecutor(), and a builder's query would be run apart.
    executeQuery: {
      value(this: Marked, query: CompiledQuery | Compilable, ...rest: []) {
        const { inside } = this[MARK];
        return inside === undefined
          ? base.executeQuery.call(this, query as CompiledQuery, ...rest)
          : inside.executeQuery(isCompilable(query) ? query.compile() : query, ...rest);
      },
    },
    destroy: {
      // Has it end its plugins, and those of the executors that it was made of, before the database is
      // closed. Kysely itself asks nobody but the driver. Transactions have nothing to close.
      async value(this: Marked): Promise<void> {
        try {
          if (!this.isTransaction) await instanceOf(this)?.state.end(true);
        } finally {
          await base.destroy.call(this);
        }
      },
    },
  };
}

/**
 * An instance under another request scope. A server makes one for each request, and most of them run
 * a query or two of a repository: so the Kysely is made when something of it is used but the query
 * executor.
 */
class Scoped {
  readonly #root: Kysely<any>;
  readonly #of: Mark;
  readonly #request: RequestScope;
  #mark: Mark | undefined;
  #made: Kysely<any> | undefined;

  /**
   * @param root the instance that it is the same as, under another scope
   * @param of the mark of that
   * @param request the scope
   */
  constructor(root: Kysely<any>, of: Mark, request: RequestScope) {
    this.#root = root;
    this.#of = of;
    this.#request = request;
  }

  /** Returns the instance that another one is the same as; `undefined` where it is that itself. */
  static rootOf(instance: object): Kysely<any> | undefined {
    return #root in instance ? instance.#root : undefined;
  }

  static markOf(scoped: Scoped): Mark {
    const { inside, plugins, rawDb } = scoped.#of;
    return scoped.#mark ??= { inside: inside!.for(scoped.#request), plugins, rawDb };
  }

  /** Returns the Kysely whose members the instance has. */
  static kyselyOf(scoped: Scoped): Kysely<any> {
    const { inside, plugins, rawDb } = Scoped.markOf(scoped);
    return scoped.#made ??= mark(
      scoped.#root.withPlugin(new ExecutorCommand(() => inside!)),
      plugins,
      rawDb,
    );
  }
}

/** Returns what makes a root the same under another scope: a Kysely of the same class. */
function scopedOver(root: Kysely<any>): ScopedClass {
  class Instance extends Scoped {}
  const base: object = Object.getPrototypeOf(root);
  Object.setPrototypeOf(Instance.prototype, base);
  const members: PropertyDescriptorMap = {
    [MARK]: {
      get(this: Scoped) {
        return Scoped.markOf(this);
      },
    },
    constructor: { value: root.constructor },
  };
  const own: ReadonlySet<PropertyKey> = new Set([
    "constructor",
    ...Reflect.ownKeys(membersOver(root)).filter((name) => name !== "destroy"),
  ]);
  for (let from = base; from !== Object.prototype; from = Object.getPrototypeOf(from)) {
    for (const name of Reflect.ownKeys(from)) {
      if (own.has(name) || Object.hasOwn(members, name)) continue;
      const { get } = Object.getOwnPropertyDescriptor(from, name)!;
      members[name] = get === undefined
        ? {
          value(this: Scoped, ...parameters: unknown[]) {
            const kysely = Scoped.kyselyOf(this);
            return Reflect.apply(Reflect.get(kysely, name), kysely, parameters);
          },
        }
        : {
          get(this: Scoped) {
            return Reflect.get(Scoped.kyselyOf(this), name);
          },
        };
    }
  }
  Object.defineProperties(Instance.prototype, members);
  return Instance;
}

function isCompilable(query: CompiledQuery | Compilable): query is Compilable {
  return typeof (query as Compilable).compile === "function";
}

/** Puts the marker of one instance on another. */
function branded<K extends Kysely<any>>(instance: K, other: Kysely<any>): K {
  // withPlugin returns one of the same class.
  const made = other as K;
  return isBranded(instance) ? mark(made, instance.__plugins, instance.__rawDb) : made;
}
