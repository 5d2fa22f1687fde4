import type { Compilable, CompiledQuery, Kysely, RootOperationNode } from "kysely";
import { guardOf } from "../instance/_graft.ts";
import { type Guard, sameVariants } from "../hooks/_rules.ts";
import { LateValue } from "../tree/_deferred_parameter.ts";
import { writtenKind } from "../instance/_provenance.ts";
import { OwnQuery } from "../instance/_compiled_query.ts";
import { Slot } from "../tree/_slot.ts";
import { ForeignQueryError } from "../contract/errors.ts";
import type { Attributes } from "../contract/plugin.ts";

export { Slot } from "../tree/_slot.ts";

/** A query that was built, rewritten and compiled once, and runs many times with other values. */
export interface QueryPlan<R = unknown> {
  /** The SQL that runs. */
  readonly sql: string;
  /** The kind of statement that was built, whatever the plugins made of it. */
  readonly kind: RootOperationNode["kind"];
  /**
   * Whether what was compiled serves every run. Where it does not, because a plugin's answer may be
   * another one next time (a hook that is not `stable`, an `interceptQuery`), each
   * {@linkcode QueryPlan.bind} builds and compiles the query anew.
   */
  readonly reusable: boolean;
  /**
   * The query for one call.
   *
   * @param handle the handle that will run it
   * @param values what goes to the slots
   * @throws {ForeignQueryError} where the plan is not good for the handle: another executor, other
   * flags, other Kysely plugins, or another context than the one that a plugin looked at
   */
  bind(handle: Kysely<any>, values: readonly unknown[]): CompiledQuery<R>;
  /** {@linkcode QueryPlan.bind}, but `undefined` where the plan is not good for the handle. */
  tryBind(handle: Kysely<any>, values: readonly unknown[]): CompiledQuery<R> | undefined;
  /** Whether {@linkcode QueryPlan.bind} would take the handle. */
  serves(handle: Kysely<any>): boolean;
}

/**
 * Compiles a query once, to be run many times. What plugins take from the context by
 * `HookContext.value` is read at each run, so one plan serves every caller.
 *
 * @param handle an executor, any handle of one, or a plain Kysely
 * @param build makes the query; {@linkcode Slot}s stand where the values of a call go
 * @returns the plan
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { compilePlan, createExecutor, Slot } from "@kysera/executor";
 * import { Kysely } from "kysely";
 * import { deepEqual } from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<{ users: { id: number; hidden: number } }>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const executor = await createExecutor(db, []);
 * const byId = compilePlan(
 *   executor,
 *   (db) => db.selectFrom("users").selectAll().where("id", "=", new Slot<number>(0)),
 * );
 * deepEqual(byId.bind(executor, [7]).parameters, [7]);
 * deepEqual(byId.bind(executor, [8]).parameters, [8]);
 * ```
 */
export function compilePlan<R, K extends Kysely<any>>(
  handle: K,
  build: (db: K) => Compilable<R>,
): QueryPlan<R> {
  const guard = guardOf(handle);
  return guard === undefined ? planOfPlain(handle, build) : planOfGuarded(handle, guard, build);
}

/**
 * An object that is the same for all handles that one plan may serve, but for their contexts: the
 * key to keep plans by.
 *
 * @param handle an executor, any handle of one, or a plain Kysely
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { bindContext, createExecutor, planKey } from "@kysera/executor";
 * import { Kysely } from "kysely";
 * import { equal } from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<Record<string, never>>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const executor = await createExecutor(db, []);
 * equal(planKey(bindContext(executor, { userId: 1 })), planKey(executor));
 * ```
 */
export function planKey(handle: Kysely<any>): object {
  const guard = guardOf(handle);
  if (guard !== undefined) return guard.family;
  const executor = handle.getExecutor();
  return executor.plugins.length === 0 ? executor.adapter : executor;
}

function planOfPlain<R, K extends Kysely<any>>(
  handle: K,
  build: (db: K) => Compilable<R>,
): QueryPlan<R> {
  const compiled = build(handle).compile();
  const key = planKey(handle);
  const serves = (other: Kysely<any>): boolean => planKey(other) === key;
  const tryBind = (
    other: Kysely<any>,
    values: readonly unknown[],
  ): CompiledQuery<R> | undefined =>
    serves(other)
      ? { ...compiled, parameters: fill(compiled.parameters, values, undefined, {}) }
      : undefined;
  return {
    sql: compiled.sql,
    kind: compiled.query.kind,
    reusable: true,
    serves,
    tryBind,
    bind(other, values) {
      const bound = tryBind(other, values);
      if (bound !== undefined) return bound;
      throw new ForeignQueryError("its plan was compiled for another database");
    },
  };
}

function planOfGuarded<R, K extends Kysely<any>>(
  handle: K,
  guard: Guard,
  build: (db: K) => Compilable<R>,
): QueryPlan<R> {
  const { family, usage } = guard;
  usage.context = false;
  usage.moment = false;
  usage.variants = [];
  const compiled = compileFor(handle, guard, build);
  const context = usage.context ? guard.view.context : ANY;
  const reusable = !usage.moment;
  const { variants } = usage;
  let asked: CompiledQuery<R> | undefined;
  const problem = (other: Guard | undefined, run: object): string | undefined => {
    if (other?.family !== family) {
      return "its plan was compiled for another executor, other flags or other Kysely plugins";
    }
    if (!reusable) return undefined;
    return (context === ANY || context === other.view.context) &&
        sameVariants(variants, other.view.context, run)
      ? undefined
      : "its plan was compiled under another context";
  };
  const bound = (
    other: Kysely<any>,
    values: readonly unknown[],
    run: object,
  ): CompiledQuery<R> => {
    const target = guardOf(other);
    const { view } = target!;
    const checks = OwnQuery.checksOf(compiled);
    if (reusable && checks !== undefined && !checks.satisfied(values, view.context)) {
      // A check that cannot tell by the values is made by the database.
      const query = asked ??= compileFor(other as K, target!, build, false);
      return new OwnQuery<R>(query, fill(query.parameters, values, view.context, run), target!);
    }
    // A handle of the family is a Kysely of the same kind as the one that the plan was made for.
    let query = reusable ? compiled : compileFor(other as K, target!, build);
    if (!reusable && OwnQuery.checksOf(query)?.satisfied(values, view.context) === false) {
      query = compileFor(other as K, target!, build, false);
    }
    return new OwnQuery<R>(query, fill(query.parameters, values, view.context, run), target!);
  };
  return {
    sql: compiled.sql,
    kind: writtenKind(compiled.query),
    reusable,
    serves: (other) => problem(guardOf(other), {}) === undefined,
    tryBind(other, values) {
      const run = {};
      return problem(guardOf(other), run) === undefined ? bound(other, values, run) : undefined;
    },
    bind(other, values) {
      const run = {};
      const why = problem(guardOf(other), run);
      if (why !== undefined) throw new ForeignQueryError(why);
      return bound(other, values, run);
    },
  };
}

/** Compiles a query, and leaves its late values to be read when it runs. */
function compileFor<R, K extends Kysely<any>>(
  handle: K,
  guard: Guard,
  build: (db: K) => Compilable<R>,
  defers: boolean = true,
): CompiledQuery<R> {
  guard.planning = true;
  guard.defers = defers;
  try {
    return build(handle).compile();
  } finally {
    guard.planning = false;
    guard.defers = true;
  }
}

/** Stands for every context. */
const ANY: unique symbol = Symbol("any context");

function fill(
  parameters: readonly unknown[],
  values: readonly unknown[],
  context: Attributes | undefined,
  run: object,
): unknown[] {
  const out = new Array<unknown>(parameters.length);
  for (let i = 0; i < parameters.length; i++) {
    const value = parameters[i];
    out[i] = value instanceof Slot
      ? values[value.index]
      : value instanceof LateValue
      ? value.read(context, run)
      : value;
  }
  return out;
}
