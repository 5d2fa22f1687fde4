import type { Kysely, KyselyPlugin, QueryExecutor } from "kysely";
import type { Guard, View } from "../hooks/_rules.ts";
import { HandleCommand } from "./_executor_command.ts";
import { ExecutorError } from "../contract/errors.ts";

/** A Kysely plugin that does nothing: adding it makes a copy of a handle. */
const NOTHING: KyselyPlugin = {
  transformQuery: ({ node }) => node,
  transformResult: ({ result }) => Promise.resolve(result),
};

/**
 * A new Kysely of the same kind and connection, with another query executor inside.
 *
 * `withPlugin` makes a new Kysely round whatever its executor's own `withPlugin` gives back. A first
 * call makes a copy whose executor belongs to nobody else; on that one the method is replaced; a
 * second call then puts our executor in. Neither the user's object nor a prototype is touched.
 */
export function graft<K extends Kysely<any>>(db: K, executor: QueryExecutor): K {
  const copy = db.withPlugin(NOTHING);
  Object.defineProperty(copy.getExecutor(), "withPlugin", { value: () => executor });
  // withPlugin of a Kysely, Transaction or ControlledTransaction gives one of the same class.
  return copy.withPlugin(NOTHING) as K;
}

/** The guard inside a handle; `undefined` for a Kysely that is not ours. */
export function guardOf(value: unknown): Guard | undefined {
  if (!isKysely(value)) return undefined;
  const known = GUARDS.get(value);
  if (known !== undefined) return known;
  const ask = new HandleCommand("ask");
  value.getExecutor().withPlugin(ask);
  if (ask.guard !== undefined) GUARDS.set(value, ask.guard);
  return ask.guard;
}

/** The guard inside a handle. @throws {ExecutorError} for a Kysely that is not ours */
export function mustHaveGuard(value: unknown, action: string): Guard {
  const guard = guardOf(value);
  if (guard === undefined) {
    throw new ExecutorError(
      `Cannot ${action}: the value is no executor; make one with createExecutor(db, plugins)`,
      "NOT_AN_EXECUTOR",
    );
  }
  return guard;
}

/** The same handle under another view. */
export function withView<K extends Kysely<any>>(handle: K, view: View): K {
  // The command is answered by our executor, which gives one of its kind.
  return handle.withPlugin(new HandleCommand("view", view)) as K;
}

/** The handle without our executor: same connection, same transaction, no plugins of ours. */
export function leave<K extends Kysely<any>>(handle: K): K {
  // As above.
  return handle.withPlugin(new HandleCommand("leave")) as K;
}

/** Whether a value is a Kysely instance, of whichever copy of Kysely. */
export function isKysely(value: unknown): value is Kysely<any> {
  if (typeof value !== "object" || value === null) return false;
  const { getExecutor, withPlugin } = value as Partial<Kysely<any>>;
  return typeof getExecutor === "function" && typeof withPlugin === "function";
}

const GUARDS: WeakMap<object, Guard> = new WeakMap();
