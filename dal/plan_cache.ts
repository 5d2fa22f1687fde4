import { compilePlan, type QueryPlan } from "@kysera/executor";
import type { Compilable, Kysely } from "kysely";

/** The SQL of one shape may have several forms, by what plugins take from the context. */
const MOST_FORMS = 4;

/**
 * Keeps compiled queries by their shape: what their SQL depends on besides the values of parameters.
 * It serves the executors of one `planKey`, and is bounded: the oldest shape is dropped first.
 *
 * @example
 * ```ts
 * import { PlanCache, tryCompilePlan } from "@kysera/dal";
 * import { type QueryPlan, Slot } from "@kysera/executor";
 * import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from "kysely";
 * import { equal } from "node:assert/strict";
 *
 * const db = new Kysely<{ users: { id: number } }>({
 *   dialect: {
 *     createAdapter: () => new SqliteAdapter(),
 *     createDriver: () => new DummyDriver(),
 *     createIntrospector: (db) => new SqliteIntrospector(db),
 *     createQueryCompiler: () => new SqliteQueryCompiler(),
 *   },
 * });
 * const plans = new PlanCache<QueryPlan>(64);
 * const build = (db: Kysely<{ users: { id: number } }>, id: Slot<number>) =>
 *   db.selectFrom("users").selectAll().where("id", "=", id);
 *
 * let compiled = 0;
 * for (const id of [7, 8]) {
 *   const query = plans.bind("id", (plan) => plan.tryBind(db, [id]), () => {
 *     compiled++;
 *     return tryCompilePlan(db, (db) => build(db, new Slot(0)));
 *   });
 *   equal(query?.parameters[0], id);
 * }
 * equal(compiled, 1);
 * ```
 */
export class PlanCache<Entry> {
  readonly #mostShapes: number;
  /** The forms of a shape, the last used first; `null` where its queries must be built each time. */
  readonly #byShape = new Map<string, Entry[] | null>();

  /**
   * Creates an empty cache.
   *
   * @param mostShapes how many shapes are kept
   */
  constructor(mostShapes: number) {
    this.#mostShapes = mostShapes;
  }

  /**
   * Returns whether a query of a shape was seen, whose queries may have to be built each time.
   *
   * @param shape what the SQL depends on, as text
   */
  has(shape: string): boolean {
    return this.#byShape.has(shape);
  }

  /**
   * Binds values to a query of a shape, which is compiled where no kept form of it serves.
   *
   * @param shape what the SQL depends on, as text
   * @param tryBind binds the values; it returns `undefined` where the entry does not serve the caller
   * @param compile compiles the query; it returns `undefined` where it cannot be reused
   * @returns what `tryBind` returns, or `undefined` where the query must be built for this call
   */
  bind<Bound>(
    shape: string,
    tryBind: (entry: Entry) => Bound | undefined,
    compile: () => Entry | undefined,
  ): Bound | undefined {
    const known = this.#byShape.get(shape);
    if (known === null) return undefined;
    for (let i = 0; known !== undefined && i < known.length; i++) {
      const entry = known[i]!;
      const bound = tryBind(entry);
      if (bound === undefined) continue;
      if (i > 0) {
        known.splice(i, 1);
        known.unshift(entry);
      }
      return bound;
    }
    const entry = compile();
    if (this.#byShape.size >= this.#mostShapes) {
      this.#byShape.delete(this.#byShape.keys().next().value!);
    }
    const others = known?.slice(0, MOST_FORMS - 1) ?? [];
    this.#byShape.set(shape, entry === undefined ? null : [entry, ...others]);
    return entry === undefined ? undefined : tryBind(entry);
  }

  /**
   * Drops a shape.
   *
   * @param shape the shape
   */
  delete(shape: string): void {
    this.#byShape.delete(shape);
  }
}

/**
 * Compiles a query to be run many times, unless a plugin has to see each of its runs.
 *
 * @param db an executor, or a plain Kysely
 * @param build builds the query; `Slot`s stand where the values go
 * @param buildWithValues builds it with the values of a call: a plugin may want to see them, and an
 * error that has another reason occurs with them as well
 * @returns the plan; `undefined` where it would serve one run only, or needs the values
 * @throws what `buildWithValues`, or compiling its query, throws
 *
 * @example
 * ```ts
 * import { tryCompilePlan } from "@kysera/dal";
 * import { Slot } from "@kysera/executor";
 * import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from "kysely";
 * import { equal } from "node:assert/strict";
 *
 * const db = new Kysely<{ users: { id: number } }>({
 *   dialect: {
 *     createAdapter: () => new SqliteAdapter(),
 *     createDriver: () => new DummyDriver(),
 *     createIntrospector: (db) => new SqliteIntrospector(db),
 *     createQueryCompiler: () => new SqliteQueryCompiler(),
 *   },
 * });
 * const plan = tryCompilePlan(
 *   db,
 *   (db) => db.selectFrom("users").where("id", "=", new Slot<number>(0)),
 * );
 * equal(plan?.sql, `select from "users" where "id" = ?`);
 * ```
 */
export function tryCompilePlan<R, K extends Kysely<any>>(
  db: K,
  build: (db: K) => Compilable<R>,
  buildWithValues?: () => Compilable<R>,
): QueryPlan<R> | undefined {
  let plan: QueryPlan<R>;
  try {
    plan = compilePlan(db, build);
  } catch (error) {
    if (buildWithValues === undefined) throw error;
    buildWithValues().compile();
    return undefined;
  }
  return plan.reusable ? plan : undefined;
}
