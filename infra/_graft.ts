import type { Kysely, KyselyPlugin, QueryExecutor } from "kysely";

/** A Kysely plugin that does nothing: adding it makes a copy of a handle. */
const NOTHING: KyselyPlugin = {
  transformQuery: ({ node }) => node,
  transformResult: ({ result }) => Promise.resolve(result),
};

/**
 * A new Kysely of the same kind and connection, with another query executor inside: `withPlugin`
 * makes a Kysely round whatever its executor's own `withPlugin` gives back. The copy that is changed
 * belongs to nobody else; neither the user's object nor a prototype is touched.
 */
export function graft<K extends Kysely<any>>(db: K, executor: QueryExecutor): K {
  const copy = db.withPlugin(NOTHING);
  Object.defineProperty(copy.getExecutor(), "withPlugin", { value: () => executor });
  // withPlugin of a Kysely or a Transaction gives one of the same class.
  return copy.withPlugin(NOTHING) as K;
}

/** Whether a value is a Kysely, of whichever copy of Kysely. */
export function isKysely(value: unknown): value is Kysely<any> {
  if (typeof value !== "object" || value === null) return false;
  const { getExecutor, withPlugin } = value as Partial<Kysely<any>>;
  return typeof getExecutor === "function" && typeof withPlugin === "function";
}
