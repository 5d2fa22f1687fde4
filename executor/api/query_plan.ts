import type { Compilable, CompiledQuery, Kysely, RootOperationNode } from "kysely";
import { inMode, instanceOf } from "../instance/_graft.ts";
import { sameKeys } from "../hooks/_cache_keys.ts";
import { ContextReads, type ReadParameter } from "../hooks/_context_reads.ts";
import type { GuardedExecutor, OpenRun } from "../instance/_guarded_executor.ts";
import { type CacheKey, Usage } from "../rewrite/_pass.ts";
import type { Attributes } from "../contract/plugin.ts";
import type { TableId } from "../contract/table_scope.ts";
import { DeferredParameter } from "../tree/_deferred_parameter.ts";
import { writtenKind } from "../instance/_provenance.ts";
import { ExecutorQuery } from "../instance/_compiled_query.ts";
import { Slot } from "../tree/_slot.ts";
import { ForeignQueryError } from "../contract/errors.ts";

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
   * @param handle the instance that will run it
   * @param values what goes to the slots
   * @throws {ForeignQueryError} where the plan is not good for the instance: another executor,
   * other flags, other Kysely plugins, or another context than the one that a plugin looked at
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
 * @param handle an executor, any instance of one, or a plain Kysely
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
  const instance = instanceOf(handle);
  return instance === undefined
    ? planOfPlain(handle, build)
    : planOfInstance(handle, instance, build);
}

/**
 * Returns an object that is the same for all instances that one plan may serve, except their
 * contexts: the key to keep plans by.
 *
 * @param handle an executor, any instance of one, or a plain Kysely
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
  const instance = instanceOf(handle);
  if (instance !== undefined) return instance.rules.family;
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
    serves(other) ? { ...compiled, parameters: fill(compiled.parameters, values) } : undefined;
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

function planOfInstance<R, K extends Kysely<any>>(
  handle: K,
  instance: GuardedExecutor,
  build: (db: K) => Compilable<R>,
): QueryPlan<R> {
  const { family } = instance.rules;
  let prepared = prepareFor(handle, instance, build, true, instance.openRun);
  let asked: Prepared<R> | undefined;
  const problem = (other: GuardedExecutor | undefined, run: object): string | undefined => {
    if (other?.rules.family !== family) {
      return "it was prepared for another executor, other flags or other Kysely plugins";
    }
    return !isReusable(prepared) || isFor(prepared, other, run)
      ? undefined
      : "it was prepared under another context";
  };
  /** What the catalog says of the tables may have become known, or have changed. */
  const refresh = (other: Kysely<any>, target: GuardedExecutor, run: object): void => {
    const { version, unknown } = prepared;
    const { rules } = target;
    if (
      version === rules.version &&
      (unknown.length === 0 || unknown.some((table) => rules.isUnknown(table)))
    ) {
      return;
    }
    prepared = prepareFor(other as K, target, build, true, run);
    asked = undefined;
  };
  const bound = (
    other: Kysely<any>,
    values: readonly unknown[],
    run: object,
  ): CompiledQuery<R> => {
    const target = instanceOf(other)!;
    const { rules } = target;
    const { context } = rules.request;
    const reusable = isReusable(prepared);
    // An instance of the family is a Kysely of the same kind as the one that was prepared for.
    const prepare = (defersChecks: boolean): Prepared<R> =>
      prepareFor(other as K, target, build, defersChecks, run);
    let made = reusable ? prepared : prepare(true);
    if (ExecutorQuery.checksOf(made.query)?.satisfied(values, context, run) === false) {
      // A check that cannot tell by the values is made by the database.
      if (!reusable) made = prepare(false);
      else if (asked !== undefined && isFor(asked, target, run)) made = asked;
      else made = asked = prepare(false);
    }
    const { query, unknown } = made;
    const read: ReadParameter[] = [];
    const parameters = fill(query.parameters, values, (parameter) => {
      const value = parameter.read(context, run, rules.memo);
      if (rules.callerMayChange) read.push([parameter, value]);
      return value;
    });
    const checks = ExecutorQuery.checksOf(query);
    if (!rules.callerMayChange && unknown.length === 0) {
      const left = checks && { checks, reads: undefined, unknown: undefined };
      return new ExecutorQuery<R>(query, parameters, rules, left);
    }
    // The caller's list may be changed until the query runs.
    const given = values.slice();
    const again = (run: object): CompiledQuery<R> => boundIn(other, given, run);
    // What was checked for one caller is checked again for the one that runs it.
    const check: CacheKey["read"] = (context, run) => checks?.satisfied(given, context, run);
    const keys = [...made.keys, { read: check, value: checks && true }];
    return new ExecutorQuery<R>(query, parameters, rules, {
      checks,
      reads: rules.callerMayChange ? new ContextReads(keys, read, run, again) : undefined,
      unknown: unknown.length === 0 ? undefined : { tables: unknown, again },
    });
  };
  const tried = (
    other: Kysely<any>,
    values: readonly unknown[],
    run: object,
  ): CompiledQuery<R> | string => {
    const target = instanceOf(other);
    if (target !== undefined && target.rules.family === family) refresh(other, target, run);
    return problem(target, run) ?? bound(other, values, run);
  };
  const boundIn = (
    other: Kysely<any>,
    values: readonly unknown[],
    run: object,
  ): CompiledQuery<R> => {
    const query = tried(other, values, run);
    if (typeof query === "string") throw new ForeignQueryError(query);
    return query;
  };
  const runOn = (other: Kysely<any>): object => instanceOf(other)?.openRun ?? {};
  return {
    get sql() {
      return prepared.query.sql;
    },
    get kind() {
      return writtenKind(prepared.query.query);
    },
    get reusable() {
      // Where tables are not known yet, it is compiled once more when they are.
      return !prepared.once;
    },
    serves: (other) => problem(instanceOf(other), runOn(other)) === undefined,
    tryBind(other, values) {
      const query = tried(other, values, runOn(other));
      return typeof query === "string" ? undefined : query;
    },
    bind: (other, values) => boundIn(other, values, runOn(other)),
  };
}

interface Prepared<R> {
  readonly query: CompiledQuery<R>;
  /** Whether a hook's result may be another one next time. */
  readonly once: boolean;
  /** The context that a hook looked at itself. */
  readonly context: Attributes | undefined | typeof ANY;
  readonly keys: readonly CacheKey[];
  /** Tables that nobody knew. */
  readonly unknown: readonly TableId[];
  /** The version of what was known of tables. */
  readonly version: number;
}

/** Returns true if what was compiled serves other runs as it is. */
function isReusable({ once, unknown }: Prepared<unknown>): boolean {
  return !once && unknown.length === 0;
}

/** Returns true if hooks would read in a run what they read when a query was compiled. */
function isFor(
  { context, keys }: Prepared<unknown>,
  { rules }: GuardedExecutor,
  run: object,
): boolean {
  return (context === ANY || context === rules.request.context) &&
    sameKeys(keys, rules.request, run, rules.callerMayChange);
}

/**
 * Compiles a query, and leaves its deferred parameters to be read when it runs.
 *
 * @param run stands for the run that it is compiled in, where one has begun
 */
function prepareFor<R, K extends Kysely<any>>(
  handle: K,
  { rules }: GuardedExecutor,
  build: (db: K) => Compilable<R>,
  defersChecks: boolean,
  run: object | undefined,
): Prepared<R> {
  const usage = new Usage();
  const { version } = rules;
  let own: CompiledQuery | undefined;
  const open: OpenRun = { run };
  const preparing = inMode(handle, {
    mode: "prepare",
    defersChecks,
    open,
    rewritten: (used) => usage.add(used),
    compiled: (query) => own = query,
  });
  let query: CompiledQuery<R>;
  try {
    query = build(preparing).compile();
  } finally {
    open.run = undefined;
  }
  const { keys, unknown } = usage;
  return {
    query,
    // What another executor instance has compiled is good for its own caller: it is made each time.
    once: usage.once || query !== own,
    context: usage.context ? rules.request.context : ANY,
    keys,
    unknown,
    version,
  };
}

/** Stands for every context. */
const ANY: unique symbol = Symbol("any context");

function fill(
  parameters: readonly unknown[],
  values: readonly unknown[],
  read?: (parameter: DeferredParameter<unknown>) => unknown,
): unknown[] {
  const out = new Array<unknown>(parameters.length);
  for (let i = 0; i < parameters.length; i++) {
    const value = parameters[i];
    out[i] = value instanceof Slot
      ? values[value.index]
      : read !== undefined && value instanceof DeferredParameter
      ? read(value)
      : value;
  }
  return out;
}
