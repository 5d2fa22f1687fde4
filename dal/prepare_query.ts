import {
  abortable,
  BadRequestError,
  detectDialect,
  type Dialect,
  isPlainObject,
  isPromise,
  MAX_PARAMETERS,
} from "@kysera/core";
import {
  ForeignQueryError,
  getPlugins,
  inOneRun,
  isKyseraExecutor,
  planKey,
  type QueryPlan,
  Slot,
} from "@kysera/executor";
import {
  type Compilable,
  type CompiledQuery,
  DeleteResult,
  type Expression,
  InsertResult,
  type Kysely,
  MergeResult,
  NoResultError,
  type OperationNode,
  type QueryResult,
  type RootOperationNode,
  UpdateResult,
  ValueListNode,
  ValueNode,
} from "kysely";
import { type ContextLike, type DbContext, toContext } from "./context.ts";
import { PlanCache, tryCompilePlan } from "./plan_cache.ts";

/** Parameters of a prepared query, as its builder uses them: a list stands for its items. */
export type Params<P extends object> = {
  readonly [K in keyof P]-?: Expression<P[K] extends readonly (infer Item)[] ? Item : P[K]>;
};

/** A query that is built, rewritten and compiled once. */
export interface PreparedQuery<P extends object, Row> {
  /**
   * Runs the query.
   *
   * @param values the values of the parameters, all of them
   * @returns the rows, or for a write without RETURNING one result, as Kysely's `execute` gives it
   * @throws {BadRequestError} where a value is missing or unknown, or a list is empty
   * @throws the reason of the context's signal, where it is aborted
   */
  execute(values: P): Promise<Row[]>;
  /** The first row, or `undefined`. */
  executeTakeFirst(values: P): Promise<Row | undefined>;
  /** The first row. @throws {NoResultError} where there is none */
  executeTakeFirstOrThrow(values: P): Promise<Row>;
  /** The query and its parameters, as they would run. */
  compile(values: P): CompiledQuery<Row>;
  /**
   * The same query for another instance of the same executor: a transaction, another caller's
   * context, another schema. What has been compiled is shared as far as it is good for both.
   *
   * @throws {ForeignQueryError} for another executor or database, whose plugins may be others
   */
  on(contextOrDb: ContextLike): PreparedQuery<P, Row>;
}

const MOST_PLANS = 64;

/**
 * Prepares a query: it is built, rewritten by the plugins and compiled once, and a call only binds
 * its values. What plugins take from the caller's context is bound with each call as well.
 *
 * A list (`where("id", "in", params.ids)`) has a plan for each length; an empty one is refused.
 * Every array is taken for a list: an array that is one value (of PostgreSQL, or JSON) has to be
 * text, or written into the query. Where a plugin's answer may change from one call to the next, or
 * a plugin wants to see the values, the query is built anew each time.
 *
 * @param contextOrDb where it runs, unless {@linkcode PreparedQuery.on} says otherwise
 * @param build makes the query of a Kysely and the parameters; it must not look at their values
 * @returns the prepared query
 *
 * @example
 * ```ts
 * import { type Params, prepareQuery } from "@kysera/dal";
 * import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from "kysely";
 * import { equal } from "node:assert/strict";
 *
 * const db = new Kysely<{ users: { id: number; name: string } }>({
 *   dialect: {
 *     createAdapter: () => new SqliteAdapter(),
 *     createDriver: () => new DummyDriver(),
 *     createIntrospector: (db) => new SqliteIntrospector(db),
 *     createQueryCompiler: () => new SqliteQueryCompiler(),
 *   },
 * });
 * const byId = prepareQuery(db, (db, params: Params<{ id: number }>) =>
 *   db.selectFrom("users").select("name").where("id", "=", params.id));
 * equal(byId.compile({ id: 7 }).sql, `select "name" from "users" where "id" = ?`);
 * ```
 */
export function prepareQuery<DB, P extends object, Row>(
  contextOrDb: ContextLike<DB>,
  build: (db: Kysely<DB>, params: Params<P>) => Compilable<Row>,
): PreparedQuery<P, Row> {
  return new Prepared<DB, P, Row>(toContext(contextOrDb), build, new WeakMap());
}

/** By `planKey`; the shape of a query is the lengths of the lists among its values. */
type Plans<Row> = WeakMap<object, PlanCache<Planned<Row>>>;

/** The names of the parameters, in the order of their slots, with the lengths of the lists. */
type Layout = Map<string, number | undefined>;

interface Planned<Row> {
  readonly plan: QueryPlan<Row>;
  readonly layout: Layout;
}

class Prepared<DB, P extends object, Row> implements PreparedQuery<P, Row> {
  readonly #db: Kysely<DB>;
  readonly #signal: AbortSignal | undefined;
  readonly #build: (db: Kysely<DB>, params: Params<P>) => Compilable<Row>;
  readonly #plans: Plans<Row>;
  #dialect: Dialect | undefined;

  constructor(
    { db, signal }: Pick<DbContext<DB>, "db" | "signal">,
    build: (db: Kysely<DB>, params: Params<P>) => Compilable<Row>,
    plans: Plans<Row>,
  ) {
    this.#db = db;
    this.#signal = signal;
    this.#build = build;
    this.#plans = plans;
  }

  compile(values: P): CompiledQuery<Row> {
    return inOneRun(
      this.#db,
      (db) => this.#bind(db, values)?.query ?? this.#anew(db, values).compile(),
    );
  }

  execute(values: P): Promise<Row[]> {
    const start = (): Promise<Row[]> => inOneRun(this.#db, (db) => this.#start(db, values));
    return this.#signal === undefined ? start() : abortable(this.#signal, start);
  }

  /** Binds or builds the query, and starts it. */
  async #start(db: Kysely<DB>, values: P): Promise<Row[]> {
    const bound = this.#bind(db, values);
    if (bound === undefined) {
      // Every builder of Kysely's that can be compiled can be run.
      const query = this.#anew(db, values) as Compilable<Row> & { execute(): Promise<Row[]> };
      return await query.execute();
    }
    const { plan, query } = bound;
    return resultOf(plan.kind, query, await db.executeQuery(query), db);
  }

  async executeTakeFirst(values: P): Promise<Row | undefined> {
    return (await this.execute(values))[0];
  }

  async executeTakeFirstOrThrow(values: P): Promise<Row> {
    const [row] = await this.execute(values);
    if (row === undefined) {
      // Kysely's error takes the query that gave nothing, whichever statement it is.
      const { query } = this.compile(values);
      throw new NoResultError(query as ConstructorParameters<typeof NoResultError>[0]);
    }
    return row;
  }

  on(contextOrDb: ContextLike): PreparedQuery<P, Row> {
    const context = toContext(contextOrDb);
    if (!isSameExecutor(context.db, this.#db)) {
      throw new ForeignQueryError(
        "it was prepared for another executor or database; prepare one for this",
      );
    }
    return new Prepared(context, this.#build, this.#plans);
  }

  /** The plan, and the query for these values; `undefined` where there is none to keep. */
  #bind(
    db: Kysely<DB>,
    values: P,
  ): { readonly plan: QueryPlan<Row>; readonly query: CompiledQuery<Row> } | undefined {
    const key = planKey(db);
    let plans = this.#plans.get(key);
    if (plans === undefined) this.#plans.set(key, plans = new PlanCache(MOST_PLANS));
    return plans.bind(signatureOf(values), ({ plan, layout }) => {
      const query = plan.tryBind(db, this.#values(values, layout));
      return query === undefined ? undefined : { plan, query };
    }, () => this.#plan(db, values));
  }

  /** The values in the order of their slots. @throws {BadRequestError} */
  #values(values: P, layout: Layout): readonly unknown[] {
    const out = slotValues(values, layout);
    const dialect = this.#dialect ??= detectDialect(this.#db);
    if (out.length > MAX_PARAMETERS[dialect]) {
      throw new BadRequestError(
        `Cannot run the prepared query: it has ${out.length} values, and the database takes no more ` +
          `than ${MAX_PARAMETERS[dialect]} in one statement; run it for a part of them at a time`,
      );
    }
    // mysql2 writes the keys of an object into the SQL.
    if (dialect === "mysql" && out.some(isPlainObject)) {
      throw new BadRequestError(
        "Cannot run the prepared query: a value is an object, of which the driver would make SQL; " +
          "give text, as JSON.stringify",
      );
    }
    return out;
  }

  #plan(db: Kysely<DB>, values: P): Planned<Row> | undefined {
    const layout: Layout = new Map();
    const plan = tryCompilePlan(db, (db) => {
      layout.clear();
      return this.#build(db, paramsFor<P>(values, layout, (index) => new Slot(index)));
    }, () => this.#anew(db, values));
    return plan === undefined ? undefined : { plan, layout };
  }

  /** The query with its values in it, as one would write it by hand. */
  #anew(db: Kysely<DB>, values: P): Compilable<Row> {
    const layout: Layout = new Map();
    const params = paramsFor<P>(values, layout, (_index, value) => new Value(value));
    const built = this.#build(db, params);
    if (typeof built?.compile !== "function") {
      throw new BadRequestError(
        "Cannot run the prepared query: its function returns no query; it may not be async, nor " +
          "execute the query itself",
      );
    }
    this.#values(values, layout);
    return built;
  }
}

/** Whether two instances have the same plugins and go to the same database. */
function isSameExecutor(one: Kysely<any>, other: Kysely<any>): boolean {
  if (one === other) return true;
  if (one.getExecutor().adapter !== other.getExecutor().adapter) return false;
  const guarded = isKyseraExecutor(one);
  if (guarded !== isKyseraExecutor(other)) return false;
  // The handles of an executor have one list between them.
  return !guarded || getPlugins(one) === getPlugins(other);
}

/** The lengths of the lists among the values: `ids:3`. */
function signatureOf(values: object): string {
  if (typeof values !== "object" || values === null) {
    throw new BadRequestError(
      "Cannot run the prepared query: the values are not an object; pass { name: value, .. }",
    );
  }
  let signature = "";
  for (const key of Object.keys(values)) {
    const value: unknown = (values as Record<string, unknown>)[key];
    if (Array.isArray(value)) signature += `${JSON.stringify(key)}:${value.length};`;
  }
  return signature;
}

/** Parameters that give out slots, or the values themselves, as they are asked for. */
function paramsFor<P extends object>(
  values: P,
  layout: Layout,
  make: (index: number, value: unknown) => Expression<unknown>,
): Params<P> {
  let next = 0;
  const known = new Map<string, Expression<unknown>>();
  return new Proxy({} as Params<P>, {
    get(_target, key): unknown {
      if (typeof key !== "string") return undefined;
      const made = known.get(key);
      if (made !== undefined) return made;
      const value: unknown = Object.hasOwn(values, key)
        ? (values as Record<string, unknown>)[key]
        : undefined;
      let expression: Expression<unknown>;
      if (Array.isArray(value)) {
        layout.set(key, value.length);
        expression = new List(value.map((item, i) => make(next + i, item)));
        next += value.length;
      } else {
        layout.set(key, undefined);
        expression = make(next++, value);
      }
      known.set(key, expression);
      return expression;
    },
  });
}

/** A value as a parameter. */
class Value implements Expression<unknown> {
  readonly #value: unknown;

  constructor(value: unknown) {
    this.#value = value;
  }

  get expressionType(): unknown {
    return undefined;
  }

  toOperationNode(): OperationNode {
    return ValueNode.create(this.#value);
  }
}

/** A list of expressions, in brackets. */
class List implements Expression<unknown> {
  readonly #items: readonly Expression<unknown>[];

  constructor(items: readonly Expression<unknown>[]) {
    this.#items = items;
  }

  get expressionType(): unknown {
    return undefined;
  }

  toOperationNode(): OperationNode {
    return ValueListNode.create(this.#items.map((item) => item.toOperationNode()));
  }
}

function slotValues(values: object, layout: Layout): readonly unknown[] {
  const given = values as Record<string, unknown>;
  const out: unknown[] = [];
  for (const [name, length] of layout) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (value === undefined) {
      throw new BadRequestError(
        `Cannot run the prepared query: parameter "${name}" has no value; for NULL give null`,
      );
    }
    const items: unknown = length === undefined ? value : (value as unknown[]).find(isPromise);
    if (isPromise(items)) {
      throw new BadRequestError(
        `Cannot run the prepared query: parameter "${name}" is a promise; await it first`,
      );
    }
    if (length === undefined) out.push(value);
    else if (length === 0) {
      throw new BadRequestError(
        `Cannot run the prepared query: list "${name}" is empty; there is nothing to look for`,
      );
    } else {
      for (const item of value as unknown[]) {
        if (item === undefined) {
          throw new BadRequestError(
            `Cannot run the prepared query: an item of list "${name}" is undefined; leave it out, or ` +
              "give null for NULL",
          );
        }
        out.push(item);
      }
    }
  }
  for (const name of Object.keys(given)) {
    if (!layout.has(name)) {
      throw new BadRequestError(`Cannot run the prepared query: it has no parameter "${name}"`);
    }
  }
  return out;
}

/** What Kysely's builders make of a result. */
function resultOf<Row>(
  kind: RootOperationNode["kind"],
  compiled: CompiledQuery<Row>,
  result: QueryResult<Row>,
  db: Kysely<any>,
): Row[] {
  if (kind === "SelectQueryNode") return result.rows;
  const { adapter } = db.getExecutor();
  const writes = compiled.query as RootOperationNode & { returning?: unknown; output?: unknown };
  const returnsRows = (writes.returning !== undefined && adapter.supportsReturning === true) ||
    (writes.output !== undefined && adapter.supportsOutput === true);
  if (returnsRows) return result.rows;
  const { numAffectedRows, numChangedRows, insertId } = result;
  // The row type of a write without RETURNING is the result that its builder gives.
  switch (kind) {
    case "InsertQueryNode":
      return [new InsertResult(insertId, numAffectedRows ?? 0n) as Row];
    case "UpdateQueryNode":
      return [new UpdateResult(numAffectedRows ?? 0n, numChangedRows) as Row];
    case "DeleteQueryNode":
      return [new DeleteResult(numAffectedRows ?? 0n) as Row];
    case "MergeQueryNode":
      return [new MergeResult(numAffectedRows) as Row];
    default:
      return result.rows;
  }
}
