import { hasInteractiveTransactions, withQueryExecutor } from "@kysera/core";
import type {
  CompiledQuery,
  ConnectionProvider,
  DatabaseConnection,
  DialectAdapter,
  KyselyPlugin,
  QueryExecutor,
  QueryId,
  QueryResult,
  RootOperationNode,
} from "kysely";
import type { TableId } from "../contract/table_scope.ts";
import { callHook, type NamedHooks } from "../contract/_call_hook.ts";
import { ContextReads, type ReadParameter } from "../hooks/_context_reads.ts";
import type { PluginSet } from "../hooks/_plugin_set.ts";
import { PluginRules } from "../hooks/_rules.ts";
import { Pass, type PassOptions, type Usage } from "../rewrite/_pass.ts";
import { PLAIN, type Prescan, prescan, UNTOUCHED } from "../rewrite/_prescan.ts";
import { CHECK_COLUMN, type RowChecks } from "../rewrite/_row_checks.ts";
import type { RequestScope } from "../rewrite/rules.ts";
import { refusalOf } from "../rewrite/_misplaced.ts";
import { refuseUnknownStatement } from "../rewrite/_unknown_kind.ts";
import { walk, walkRoot } from "../rewrite/_walk.ts";
import type { Rest } from "../run/_around.ts";
import { stateOf, watch } from "../run/_connection.ts";
import type { Place, RunContext } from "../run/_query_scope.ts";
import { withoutChecks } from "../run/_without_checks.ts";
import { type DeferredParameter, readDeferredIn } from "../tree/_deferred_parameter.ts";
import { isSchemaPlugin } from "../tree/_schema_plugin.ts";
import { changedTable, changesSchema, isRead } from "../tree/_statement.ts";
import { admit, truncated } from "./_admit.ts";
import { ExecutorQuery } from "./_compiled_query.ts";
import { ExecutorCommand } from "./_executor_command.ts";
import {
  isOwn,
  type LeftToRun,
  leftToRun,
  noteOrigin,
  provenance,
  restore,
  type UnknownTables,
} from "./_provenance.ts";
import type { ExecutorState } from "./_state.ts";

/** Trailing arguments of `stream()`; they differ between Kysely versions. */
type StreamRest = Parameters<QueryExecutor["stream"]> extends [unknown, unknown, ...infer R] ? R
  : [];

/** A run that has begun: as long as it is open, what the executor instance does belongs to it. */
export interface OpenRun {
  /** Stands for the run; `undefined` when it is closed. */
  run: object | undefined;
}

/** How an executor instance rewrites queries, and who is told of it. */
export interface InstanceOptions extends PassOptions {
  /** The run that the queries of the instance belong to. Default: each has one of its own. */
  readonly open?: OpenRun | undefined;
  /** Whether transactions begin as writers, where the dialect has such. */
  readonly asWriter?: boolean | undefined;
  /** Called with what the rewriting of a query has used. */
  readonly rewritten?: (usage: Usage) => void;
  /** Called with each query that is compiled. */
  readonly compiled?: (query: CompiledQuery) => void;
}

/** A query, and what stands for the run that it was compiled in. */
interface Fresh {
  readonly query: CompiledQuery;
  readonly run: object;
}

/** What is done before anybody else can have a turn. */
interface Step {
  /** The query that was compiled last in it: it may be about to be executed. */
  fresh: Fresh | undefined;
}

const RUN: InstanceOptions = Object.freeze({ walk, mode: "run" });

/**
 * Kysely's query executor with the plugins inside. Builders, transactions, connections and streams
 * all come to it to transform, compile and run; whatever is made from it is again one of its kind.
 */
export class GuardedExecutor implements QueryExecutor {
  /** The executor that compiles and runs. */
  readonly inner: QueryExecutor;
  readonly state: ExecutorState;
  readonly rules: PluginRules;
  readonly #place: Place;
  readonly #options: InstanceOptions;
  /** Plugins that say what a name means (`withSchema`): they come before the rewriting. */
  readonly #before: readonly KyselyPlugin[];
  /** The user's other Kysely plugins: they see what the rewriting added. */
  readonly #after: readonly KyselyPlugin[];
  /** The query that was transformed last: it needs no origin to be known where it was not changed. */
  #last: RootOperationNode | undefined;
  /** What its rewriting left for when it runs. */
  #lastLeft: LeftToRun | undefined;
  /** The step that is under way, which belongs to the same handle on other connections as well. */
  readonly #step: Step;
  /** Whether nothing but the rewriting has a say in a query. */
  readonly #isAlone: boolean;

  private constructor(
    inner: QueryExecutor,
    state: ExecutorState,
    rules: PluginRules,
    place: Place,
    options: InstanceOptions,
    step: Step = { fresh: undefined },
  ) {
    this.#step = step;
    this.inner = inner;
    this.state = state;
    this.rules = rules;
    this.#place = place;
    this.#options = options;
    const { plugins } = inner;
    this.#before = plugins.length === 0 ? plugins : plugins.filter(isSchemaPlugin);
    this.#after = plugins.length === 0 ? plugins : afterRewriting(plugins);
    this.#isAlone = plugins.length === 0 && !rules.hasFlags;
  }

  /**
   * Creates the query executor of an executor instance.
   *
   * @param inner the executor that compiles and runs
   * @param place the connection that it has for itself, if any
   */
  static over(
    inner: QueryExecutor,
    state: ExecutorState,
    request: RequestScope,
    place: Place,
  ): GuardedExecutor {
    const rules = PluginRules.over(inner, state.set, request, provenance, state.relations);
    return new GuardedExecutor(inner, state, rules, place, RUN);
  }

  /** Returns the same executor for another request scope. */
  for(request: RequestScope): GuardedExecutor {
    const { inner, state, rules } = this;
    return new GuardedExecutor(inner, state, rules.for(request), this.#place, this.#options);
  }

  /** Returns the same executor, which rewrites queries in another mode. */
  inMode(options: Omit<InstanceOptions, "walk">): GuardedExecutor {
    const { inner, state, rules } = this;
    return new GuardedExecutor(inner, state, rules, this.#place, { walk, ...options });
  }

  /**
   * Returns the same executor with a step of its own: to it, what another one has compiled was given
   * back to somebody. So a query runs for whoever the caller is by then, though nothing else has had
   * a turn.
   */
  apart(): GuardedExecutor {
    const { inner, state, rules } = this;
    return new GuardedExecutor(inner, state, rules, this.#place, this.#options);
  }

  /** The run that the queries of the instance belong to, while it is open. */
  get openRun(): object | undefined {
    return this.#options.open?.run;
  }

  get adapter(): DialectAdapter {
    return this.inner.adapter;
  }

  get plugins(): readonly KyselyPlugin[] {
    return this.inner.plugins;
  }

  transformQuery<T extends RootOperationNode>(node: T, queryId: QueryId): T {
    try {
      // Most queries are given back as they are: they take the shortest way.
      let found: Prescan | undefined;
      if (this.#isAlone && !this.state.destroyed) {
        found = prescan(node, this.rules);
        if (found === UNTOUCHED) {
          this.#last = node;
          this.#lastLeft = undefined;
          return node;
        }
      }
      return this.#transform(node, queryId, found);
    } catch (error) {
      throw refusalOf(node, error);
    }
  }

  /** @param found what a look at the query has found, where there was one */
  #transform<T extends RootOperationNode>(
    node: T,
    queryId: QueryId,
    found: Prescan | undefined,
  ): T {
    const { rules } = this;
    this.state.assertAlive();
    if (rules.set.hooks.length > 0) refuseUnknownStatement(node);
    let original: RootOperationNode = node;
    if (this.#before.length > 0) {
      original = restore(original, rules) as RootOperationNode;
      for (const plugin of this.#before) original = transform(plugin, original, queryId);
    }
    // The kind changes only where a plugin has an UPDATE take a DELETE's place; Kysely's builders
    // read what they need from the compiled query.
    return this.#rewrite(original, queryId, this.openRun, found) as T;
  }

  /** Rewrites a query that schema plugins have seen, in a run where one has begun. */
  #rewrite(
    original: RootOperationNode,
    queryId: QueryId,
    run: object | undefined,
    seen?: Prescan,
  ): RootOperationNode {
    const { rules } = this;
    let out = original;
    let left: LeftToRun | undefined;
    let isKnown = rules.hasFlags;
    const found = rules.idle ? UNTOUCHED : seen ?? prescan(original, rules);
    if (found !== UNTOUCHED) {
      const plain = found === PLAIN ? original : undefined;
      const pass = Pass.start(rules, this.#options, run, plain);
      out = walkRoot(original, pass) as RootOperationNode;
      let parameters: readonly ReadParameter[] = NONE;
      // Only a prepared query has them read later; any other may be built into one that is not ours.
      if (pass.usage.deferred && pass.mode !== "prepare") {
        [out, parameters] = withParameters(out, original, pass);
      }
      left = this.#leftOf(pass, parameters, original, queryId);
      isKnown ||= left !== undefined;
      this.#options.rewritten?.(pass.usage);
    }
    for (const plugin of this.#after) out = transform(plugin, out, queryId);
    if (isKnown || out !== original) out = noteOrigin(out, original, queryId, rules, left);
    this.#last = out;
    this.#lastLeft = left;
    return out;
  }

  compileQuery<R = unknown>(node: RootOperationNode, queryId: QueryId): CompiledQuery<R> {
    const { rules } = this;
    const isTransformed = node === this.#last || isOwn(node, rules);
    // Drivers compile commands for savepoints, which pass no plugin and never come to be admitted.
    const known = isTransformed || node.kind === "RawNode";
    const rewritten = known ? node : this.transformQuery(node, queryId);
    const left = rewritten === this.#last
      ? this.#lastLeft
      : rules.leaves
      ? leftToRun(rewritten)
      : undefined;
    this.#last = undefined;
    this.#lastLeft = undefined;
    const compiled = this.inner.compileQuery<R>(rewritten, queryId);
    // A policy's values are among them, and whoever may write no SQL may not write these either.
    if (rules.deniesRaw) Object.freeze(compiled.parameters);
    const query = new ExecutorQuery<R>(compiled, compiled.parameters, rules, left);
    if (node.kind === "RawNode" && isTransformed) ExecutorQuery.noteRead(query);
    if (this.#options !== RUN) this.#options.compiled?.(query);
    if (left?.reads !== undefined && this.openRun === undefined) {
      this.#keepFresh({ query, run: left.reads.run });
    }
    return query;
  }

  /** Keeps a query for as long as nobody else can have a turn. */
  #keepFresh(fresh: Fresh): void {
    const step = this.#step;
    step.fresh = fresh;
    queueMicrotask(() => {
      if (step.fresh === fresh) step.fresh = undefined;
    });
  }

  /**
   * Returns what stands for the run of a query: that in which it was compiled, where its builder
   * executes it at once. So the caller is asked for once.
   */
  #runOf(query: CompiledQuery): object {
    const { fresh } = this.#step;
    this.#step.fresh = undefined;
    return this.openRun ??
      (fresh?.query === query && !ExecutorQuery.wasGivenBack(query) ? fresh.run : {});
  }

  provideConnection<T>(
    consumer: (connection: DatabaseConnection) => Promise<T>,
    ...options: unknown[]
  ): Promise<T> {
    const { set, traits } = this.rules;
    const asWriter = traits.transactions.writer !== undefined &&
      (set.readsBeforeWrites || this.#options.asWriter === true);
    if (this.#place.bound) {
      const watched = set.arounds.length === 0
        ? consumer
        : (connection: DatabaseConnection) => consumer(watch(connection, traits));
      return this.inner.provideConnection(watched, ...options as []);
    }
    const { held } = this.state;
    return this.source.provideConnection((connection) => {
      const watched = watch(connection, traits);
      const state = stateOf(watched);
      state.asWriter = asWriter;
      state.activity = held;
      return held.hold(watched, consumer);
    }, ...options as []);
  }

  /** The executor that runs what the instance is given, where it has to get a connection first. */
  get source(): QueryExecutor {
    return this.#place.bound ? this.inner : this.state.held.source(this.inner);
  }

  executeQuery<R>(query: CompiledQuery<R>, ...rest: Rest): Promise<QueryResult<R>> {
    return this.#start(query, this.#runOf(query), rest);
  }

  /** Admits a query, and executes it as soon as the names in options are checked. */
  #start<R>(
    compiled: CompiledQuery<R>,
    run: object,
    rest: Rest,
  ): Promise<QueryResult<R>> {
    const { rules } = this;
    let query: CompiledQuery<R>;
    try {
      this.state.assertAlive();
      query = admit(compiled, rules, run);
    } catch (error) {
      return Promise.reject(error);
    }
    if (this.state.isUnchecked && !changesSchema(query)) {
      rules.noteCaller(run);
      return this.#checkNames().then(() => this.#startChecked(query, run, rest));
    }
    return this.#startChecked(query, run, rest);
  }

  /**
   * Looks up what has to be known before a query can be executed.
   *
   * @returns the tables that were looked up; those that are not there have to be forgotten when the
   * query was executed
   */
  async ready(query: CompiledQuery): Promise<readonly TableId[]> {
    if (this.state.isUnchecked) await this.#checkNames();
    const unknown = this.rules.discovers ? this.#unknownOf(query) : undefined;
    if (unknown === undefined) return [];
    await this.#learn(unknown.tables);
    return unknown.tables;
  }

  /** Executes a query as soon as its tables are known. */
  #startChecked<R>(
    query: CompiledQuery<R>,
    run: object,
    rest: Rest,
  ): Promise<QueryResult<R>> {
    const { rules } = this;
    const unknown = rules.discovers ? this.#unknownOf(query) : undefined;
    if (unknown !== undefined) {
      rules.noteCaller(run);
      return this.#startWhenKnown(unknown, run, rest);
    }
    return changesSchema(query)
      ? this.#execute(query, run, rest).finally(() => this.state.forget(changedTable(query)))
      : this.#execute(query, run, rest);
  }

  #unknownOf(query: CompiledQuery): UnknownTables | undefined {
    const known = ExecutorQuery.unknownOf(query);
    if (known !== undefined) return known;
    const tables = truncated(query).filter((table) => this.rules.isUnknown(table));
    return tables.length === 0 ? undefined : { tables, again: () => query };
  }

  #execute<R>(query: CompiledQuery<R>, run: object, rest: Rest): Promise<QueryResult<R>> {
    const { rules } = this;
    const checks = rules.writes ? ExecutorQuery.checksOf(query) : undefined;
    const source = this.source;
    const inner = checks === undefined || checks.guarded.length === 0
      ? source
      : source.withConnectionProvider(unchecking(source, checks, rules));
    const arounds = aroundsOf(query, rules.set);
    // The hooks are called when there is a connection.
    if (arounds.length > 0) rules.noteCaller(run);
    return arounds.length === 0
      ? inner.executeQuery(checks === undefined ? query : ExecutorQuery.whole(query), ...rest)
      : this.state.runAround!(inner, this.#runContext(run), arounds, query, rest, this.#place);
  }

  stream<R>(
    query: CompiledQuery<R>,
    chunkSize: number,
    ...rest: StreamRest
  ): AsyncIterableIterator<QueryResult<R>> {
    return this.#stream(query, this.#runOf(query), chunkSize, rest);
  }

  #stream<R>(
    compiled: CompiledQuery<R>,
    run: object,
    chunkSize: number,
    rest: StreamRest,
  ): AsyncIterableIterator<QueryResult<R>> {
    const { rules } = this;
    this.state.assertAlive();
    const query = admit(compiled, rules, run);
    if (this.state.isUnchecked) {
      rules.noteCaller(run);
      return this.#streamWhenChecked<R>(query, run, chunkSize, rest);
    }
    return this.#streamChecked<R>(query, run, chunkSize, rest);
  }

  async *#streamWhenChecked<R>(
    query: CompiledQuery<R>,
    run: object,
    chunkSize: number,
    rest: StreamRest,
  ): AsyncIterableIterator<QueryResult<R>> {
    await this.#checkNames();
    yield* this.#streamChecked<R>(query, run, chunkSize, rest);
  }

  #streamChecked<R>(
    query: CompiledQuery<R>,
    run: object,
    chunkSize: number,
    rest: StreamRest,
  ): AsyncIterableIterator<QueryResult<R>> {
    const { rules } = this;
    const unknown = rules.discovers ? this.#unknownOf(query) : undefined;
    if (unknown !== undefined) {
      rules.noteCaller(run);
      return this.#streamWhenKnown<R>(unknown, run, chunkSize, rest);
    }
    // What is written is watched by the hooks round execution, which need the whole result. What
    // comes after the query means the same there.
    if (
      isRead(query.query) ||
      (rules.set.arounds.length === 0 && ExecutorQuery.checksOf(query) === undefined)
    ) {
      const { held } = this.state;
      const inner = this.#place.bound ? this.inner : held.holding(this.inner);
      return streamAround(
        query,
        rules,
        (next) => held.noting(inner.stream<R>(next, chunkSize, ...rest)),
      );
    }
    rules.noteCaller(run);
    return once(() => this.#start(query, run, rest as unknown as Rest));
  }

  withConnectionProvider(provider: ConnectionProvider): GuardedExecutor {
    return new GuardedExecutor(
      this.inner.withConnectionProvider(provider),
      this.state,
      this.rules,
      { ...this.#place, bound: true },
      this.#options,
      this.#step,
    );
  }

  withPlugin(plugin: KyselyPlugin): QueryExecutor {
    if (plugin instanceof ExecutorCommand) return plugin.obey(this);
    ExecutorCommand.tellOther(plugin);
    return this.#over(this.inner.withPlugin(plugin));
  }

  withPlugins(plugins: readonly KyselyPlugin[]): GuardedExecutor {
    return this.#over(this.inner.withPlugins(plugins));
  }

  withPluginAtFront(plugin: KyselyPlugin): GuardedExecutor {
    return this.#over(this.inner.withPluginAtFront(plugin));
  }

  withoutPlugins(): GuardedExecutor {
    return this.#over(this.inner.withoutPlugins());
  }

  /** Returns the same scope over other Kysely plugins: what a name means may have changed. */
  #over(inner: QueryExecutor): GuardedExecutor {
    const { state, rules } = this;
    const over = PluginRules.over(inner, state.set, rules.request, provenance, state.relations);
    return new GuardedExecutor(inner, state, over, this.#place, this.#options);
  }

  /** Returns what a pass leaves for when the query runs; `undefined` where that is nothing. */
  #leftOf(
    pass: Pass,
    parameters: readonly ReadParameter[],
    original: RootOperationNode,
    queryId: QueryId,
  ): LeftToRun | undefined {
    const { rules, usage, checksLeft: checks } = pass;
    const again = (run: object): CompiledQuery =>
      this.compileQuery(this.#rewrite(original, queryId, run), queryId);
    if (checks !== undefined) checks.column = rules.physicalColumn(CHECK_COLUMN);
    const reads = rules.callerMayChange && pass.mode !== "prepare" &&
        (usage.keys.length > 0 || parameters.length > 0)
      ? new ContextReads(usage.keys, parameters, pass.run, again)
      : undefined;
    const unknown = usage.unknown.length === 0 ? undefined : { tables: usage.unknown, again };
    return checks === undefined && reads === undefined && unknown === undefined
      ? undefined
      : { checks, reads, unknown };
  }

  /** Checks the names in options of plugins, on the connection that a query is to run on. */
  #checkNames(): Promise<void> {
    return this.state.checkNames(withQueryExecutor(this.state.rawDb, this.source));
  }

  /** Looks up tables that a query names and nobody knows, on the connection that it will run on. */
  #learn(tables: readonly TableId[]): Promise<void> {
    const { relations, rawDb, set } = this.state;
    return relations.learn(tables, set.discoverers, withQueryExecutor(rawDb, this.source));
  }

  async #startWhenKnown<R>(
    { tables, again }: UnknownTables,
    run: object,
    rest: Rest,
  ): Promise<QueryResult<R>> {
    try {
      await this.#learn(tables);
      return await this.#start(again(run), run, rest);
    } finally {
      this.state.relations.forgetAbsent(tables);
    }
  }

  async *#streamWhenKnown<R>(
    { tables, again }: UnknownTables,
    run: object,
    chunkSize: number,
    rest: StreamRest,
  ): AsyncIterableIterator<QueryResult<R>> {
    try {
      await this.#learn(tables);
      yield* this.#stream<R>(again(run), run, chunkSize, rest);
    } finally {
      this.state.relations.forgetAbsent(tables);
    }
  }

  #runContext(run: object): RunContext {
    const { traits, request } = this.rules;
    const { rawDb } = this.state;
    return {
      traits,
      hasTransactions: hasInteractiveTransactions(rawDb),
      context: request.context,
      metadata: request.metadata,
      run,
      dbOn: (executor) => withQueryExecutor(rawDb, executor),
      whole: (query) => ExecutorQuery.whole(query),
      filled: (query) => ExecutorQuery.filled(query),
    };
  }
}

const NONE: readonly ReadParameter[] = [];

/** Returns a query with its deferred parameters read, and what was read. */
function withParameters(
  node: RootOperationNode,
  original: RootOperationNode,
  { rules, run }: Pass,
): readonly [RootOperationNode, readonly ReadParameter[]] {
  // An assigned column stands in every row, with one value.
  const read = new Map<DeferredParameter<unknown>, unknown>();
  const out = readDeferredIn(node, original, (parameter) => {
    const known = read.get(parameter);
    if (known !== undefined || read.has(parameter)) return known;
    const value = parameter.read(rules.request.context, run, rules.memo);
    read.set(parameter, value);
    return value;
  });
  // A root stays one of its kind.
  return [out as RootOperationNode, rules.callerMayChange ? [...read] : NONE];
}

/** Returns a provider of connections on which a statement's own checks are not seen. */
function unchecking(
  inner: QueryExecutor,
  checks: RowChecks,
  { set, traits }: PluginRules,
): ConnectionProvider {
  return {
    provideConnection: (consumer, ...rest) =>
      inner.provideConnection(
        (connection) => {
          const own = set.arounds.length === 0 ? connection : watch(connection, traits);
          return consumer(withoutChecks(own, checks, traits));
        },
        ...rest,
      ),
  };
}

function aroundsOf({ query }: CompiledQuery, set: PluginSet): readonly NamedHooks[] {
  return set.arounds.length === set.aroundsOfReads.length || !isRead(query)
    ? set.arounds
    : set.aroundsOfReads;
}

function afterRewriting(plugins: readonly KyselyPlugin[]): readonly KyselyPlugin[] {
  return plugins.filter((plugin) => !isSchemaPlugin(plugin));
}

function transform(
  plugin: KyselyPlugin,
  node: RootOperationNode,
  queryId: QueryId,
): RootOperationNode {
  const out = plugin.transformQuery({ node, queryId });
  if (out.kind !== node.kind) {
    throw new TypeError(
      `Cannot use a Kysely plugin that turns a ${node.kind} into a ${out.kind}; ` +
        `transformQuery must return a node of the same kind`,
    );
  }
  return out;
}

/** Returns a stream with every plugin's `aroundStream` round it. */
function streamAround<R>(
  query: CompiledQuery<R>,
  { set, dialect, request }: PluginRules,
  stream: (query: CompiledQuery<R>) => AsyncIterableIterator<QueryResult<R>>,
): AsyncIterableIterator<QueryResult<R>> {
  if (set.streamArounds.length === 0) return stream(query);
  const { context, metadata } = request;
  const run = set.streamArounds.reduceRight<
    (query: CompiledQuery<any>) => AsyncIterableIterator<QueryResult<any>>
  >(
    (next, { plugin, hooks }) => (query) =>
      callHook(
        plugin,
        "aroundStream",
        () => hooks.aroundStream!(query, next, { dialect, context, metadata }),
      ),
    stream,
  );
  return run(query);
}

async function* once<R>(run: () => Promise<QueryResult<R>>): AsyncIterableIterator<QueryResult<R>> {
  yield await run();
}
