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
import { callHook } from "../hooks/_validate_results.ts";
import { type Rest, runAround } from "../run/_around.ts";
import { Checks, GUARD_COLUMN, withoutGuards } from "../run/_checks.ts";
import { watch } from "../run/_connection.ts";
import { Guard } from "../hooks/_rules.ts";
import { HandleCommand } from "./_executor_command.ts";
import { readLate } from "../tree/_deferred_parameter.ts";
import { checksOf, isMarkedBy, mark } from "./_provenance.ts";
import { admit, OwnQuery } from "./_compiled_query.ts";
import type { NamedHooks } from "../hooks/_table_rules.ts";
import type { Place } from "../run/_query_scope.ts";
import { restore } from "./_restore.ts";
import { isSchemaPlugin } from "../tree/_schema_plugin.ts";
import { isRead } from "../tree/_statement.ts";
import { isUntouched } from "../rewrite/_prescan.ts";
import { visitRoot } from "../rewrite/_walk.ts";

/** What Kysely's versions pass behind the size of a chunk. */
type StreamRest = Parameters<QueryExecutor["stream"]> extends [unknown, unknown, ...infer R] ? R
  : [];

/**
 * Kysely's query executor with the plugins inside. Builders, transactions, connections and streams
 * all come to it to transform, compile and run; whatever is made from it is again one of its kind.
 */
export class GuardedExecutor implements QueryExecutor {
  readonly #inner: QueryExecutor;
  readonly #guard: Guard;
  /** Plugins that say what a name means (`withSchema`): they come before the rewriting. */
  readonly #before: readonly KyselyPlugin[];
  /** The user's other Kysely plugins: they see what the rewriting added. */
  readonly #after: readonly KyselyPlugin[];
  readonly #place: Place;
  #last: RootOperationNode | undefined;

  /**
   * Makes one.
   *
   * @param inner the executor that compiles and runs
   * @param guard the plugins, for this handle; made anew where the Kysely plugins change
   * @param place the connection it has for itself, if any
   */
  constructor(inner: QueryExecutor, guard: Guard, place: Place) {
    this.#inner = inner;
    this.#guard = guard;
    this.#place = place;
    const { plugins } = inner;
    this.#before = plugins.length === 0 ? plugins : plugins.filter(isSchemaPlugin);
    this.#after = plugins.length === 0 ? plugins : afterRewriting(plugins);
  }

  get adapter(): DialectAdapter {
    return this.#inner.adapter;
  }

  get plugins(): readonly KyselyPlugin[] {
    return this.#inner.plugins;
  }

  transformQuery<T extends RootOperationNode>(node: T, queryId: QueryId): T {
    const guard = this.#guard;
    guard.core.assertAlive();
    let original: RootOperationNode = node;
    if (this.#before.length > 0) {
      original = restore(original, guard) as RootOperationNode;
      for (const plugin of this.#before) original = transform(plugin, original, queryId);
    }
    guard.usage.late = false;
    guard.startRun();
    const { core } = guard;
    const outer = guard.writes ? core.checks : undefined;
    if (outer !== undefined) core.checks = new Checks();
    if (!guard.planning && guard.usage.variants.length > 0) guard.usage.variants = [];
    let out = guard.idle || isUntouched(original, guard)
      ? original
      : visitRoot(original, guard) as RootOperationNode;
    // Only a plan has its values read later; any other query may be built into one that is not ours.
    if (guard.usage.late && !guard.planning) {
      out = readLate(out, guard.view.context, guard.run) as RootOperationNode;
    }
    for (const plugin of this.#after) out = transform(plugin, out, queryId);
    let checks: Checks | undefined;
    if (outer !== undefined) {
      if (!core.checks.isEmpty) checks = core.checks;
      core.checks = outer;
    }
    if (checks !== undefined) checks.column = guard.physicalColumn(GUARD_COLUMN);
    if (out !== original || guard.hasFlags || checks !== undefined) {
      out = mark(out, original, queryId, guard, checks);
    }
    this.#last = out;
    // The kind changes only where a plugin has an UPDATE take a DELETE's place; Kysely's builders
    // read what they need from the compiled query.
    return out as T;
  }

  compileQuery<R = unknown>(node: RootOperationNode, queryId: QueryId): CompiledQuery<R> {
    const guard = this.#guard;
    const known = node === this.#last || node.kind === "RawNode" || isMarkedBy(node, guard);
    const rewritten = known ? node : this.transformQuery(node, queryId);
    this.#last = undefined;
    const compiled = this.#inner.compileQuery<R>(rewritten, queryId);
    return new OwnQuery<R>(
      compiled,
      compiled.parameters,
      guard,
      guard.writes ? checksOf(rewritten) : undefined,
    );
  }

  provideConnection<T>(
    consumer: (connection: DatabaseConnection) => Promise<T>,
    ...options: unknown[]
  ): Promise<T> {
    const { core, dialect } = this.#guard;
    const watched = core.arounds.length === 0
      ? consumer
      : (connection: DatabaseConnection) => consumer(watch(connection, dialect));
    return this.#inner.provideConnection(watched, ...options as []);
  }

  executeQuery<R>(query: CompiledQuery<R>, ...rest: Rest): Promise<QueryResult<R>> {
    const guard = this.#guard;
    try {
      guard.core.assertAlive();
      admit(query, guard);
    } catch (error) {
      return Promise.reject(error);
    }
    const checks = guard.writes ? OwnQuery.checksOf(query) : undefined;
    const inner = checks === undefined || checks.guarded.length === 0
      ? this.#inner
      : this.#inner.withConnectionProvider(unguarding(this.#inner, checks, guard));
    const arounds = aroundsOf(query, guard);
    return arounds.length === 0
      ? inner.executeQuery(checks === undefined ? query : OwnQuery.whole(query), ...rest)
      : runAround(inner, guard, arounds, query, rest, this.#place);
  }

  stream<R>(
    query: CompiledQuery<R>,
    chunkSize: number,
    ...rest: StreamRest
  ): AsyncIterableIterator<QueryResult<R>> {
    const guard = this.#guard;
    guard.core.assertAlive();
    admit(query, guard);
    // What is written is watched by the hooks round execution, which need the whole result. What
    // comes behind the query means the same there.
    return isRead(query.query) ||
        (guard.core.arounds.length === 0 && OwnQuery.checksOf(query) === undefined)
      ? streamAround(
        query,
        guard,
        (next) => this.#inner.stream<R>(next, chunkSize, ...rest),
      )
      : once(() => this.executeQuery(query, ...rest as unknown as Rest));
  }

  withConnectionProvider(provider: ConnectionProvider): GuardedExecutor {
    return new GuardedExecutor(
      this.#inner.withConnectionProvider(provider),
      this.#guard,
      { ...this.#place, bound: true },
    );
  }

  withPlugin(plugin: KyselyPlugin): QueryExecutor {
    if (plugin instanceof HandleCommand) return this.#obey(plugin);
    return this.#over(this.#inner.withPlugin(plugin));
  }

  withPlugins(plugins: readonly KyselyPlugin[]): GuardedExecutor {
    return this.#over(this.#inner.withPlugins(plugins));
  }

  withPluginAtFront(plugin: KyselyPlugin): GuardedExecutor {
    return this.#over(this.#inner.withPluginAtFront(plugin));
  }

  withoutPlugins(): GuardedExecutor {
    return this.#over(this.#inner.withoutPlugins());
  }

  /** The same view over other Kysely plugins: what a name means may have changed. */
  #over(inner: QueryExecutor): GuardedExecutor {
    const { core, view } = this.#guard;
    return new GuardedExecutor(inner, Guard.over(inner, core, view), this.#place);
  }

  #obey(command: HandleCommand): QueryExecutor {
    command.guard = this.#guard;
    if (command.action === "ask") return this;
    if (command.action === "leave") return this.#inner;
    if (command.action === "bare") return this.#inner.withoutPlugins();
    return new GuardedExecutor(
      this.#inner,
      this.#guard.for(command.view ?? this.#guard.view),
      this.#place,
    );
  }
}

/** Gives connections on which a statement's guards are not to be seen. */
function unguarding(inner: QueryExecutor, checks: Checks, guard: Guard): ConnectionProvider {
  return {
    provideConnection: (consumer, ...rest) =>
      inner.provideConnection(
        (connection) => {
          const { core, dialect } = guard;
          const own = core.arounds.length === 0 ? connection : watch(connection, dialect);
          return consumer(withoutGuards(own, checks, dialect));
        },
        ...rest,
      ),
  };
}

function aroundsOf({ query }: CompiledQuery, { core }: Guard): readonly NamedHooks[] {
  return core.arounds.length === core.aroundsOfReads.length || !isRead(query)
    ? core.arounds
    : core.aroundsOfReads;
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

/** A stream with every plugin's `aroundStream` round it. */
function streamAround<R>(
  query: CompiledQuery<R>,
  { core, dialect, view }: Guard,
  stream: (query: CompiledQuery<R>) => AsyncIterableIterator<QueryResult<R>>,
): AsyncIterableIterator<QueryResult<R>> {
  if (core.streamArounds.length === 0) return stream(query);
  const { context, metadata } = view;
  const run = core.streamArounds.reduceRight<
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
