import type {
  CompiledQuery,
  ConnectionProvider,
  DatabaseConnection,
  Kysely,
  QueryExecutor,
  QueryId,
  RootOperationNode,
} from "kysely";
import { Atomic } from "./_atomic.ts";
import { stateOf, under } from "./_connection.ts";
import { batchOn, type CollectedBatch } from "./_query_batch.ts";
import { isSlot } from "../tree/_slot.ts";
import { ExecutorError } from "../contract/errors.ts";
import type { Attributes, DialectName, QueryScope } from "../contract/plugin.ts";
import type { DialectTraits } from "../dialect/mod.ts";

/** Where an executor runs its queries. */
export interface Place {
  /** Whether it has a connection for itself, in which a transaction may be open. */
  readonly bound: boolean;
  /** Set where it was made in a transaction that had begun before. */
  readonly begun: {
    /** How many transactions had ended on the connection when that was first looked at. */
    ends: number | undefined;
  } | undefined;
}

/** What the execution of a query needs to know of the executor instance that it runs on. */
export interface RunContext {
  readonly traits: DialectTraits;
  /** Whether the database has interactive transactions. */
  readonly hasTransactions: boolean;
  readonly context: Attributes | undefined;
  readonly metadata: Attributes;
  /** Stands for the run of the query: what is read of a context is the same for all of one run. */
  readonly run: object;
  /** Returns the database on another query executor, without the plugins of any executor. */
  dbOn(executor: QueryExecutor): Kysely<any>;
  /** Returns the query with the tree that was compiled. */
  whole(query: CompiledQuery): CompiledQuery<any>;
  /** Returns what stands in the tree of a prepared query, for the values of one run. */
  filled(query: CompiledQuery): ReadonlyMap<unknown, unknown> | undefined;
}

/** What the hooks round one query share. */
export class HookScope implements QueryScope {
  readonly dialect: DialectName;
  readonly context: Attributes | undefined;
  readonly metadata: Attributes;
  readonly run: object;
  readonly connection: DatabaseConnection;
  readonly batch: CollectedBatch | undefined;
  readonly #inner: QueryExecutor;
  readonly #query: CompiledQuery;
  readonly #run: RunContext;
  readonly #place: Place;
  readonly #uses: readonly Promise<unknown>[];
  #db: Kysely<any> | undefined;
  #filled: ReadonlyMap<unknown, unknown> | undefined;
  /** What hooks have said of trees of their own. */
  readonly #given: (() => ReadonlyMap<unknown, unknown>)[] = [];
  #atomic: Atomic | undefined;
  readonly #passed: Set<unknown>;
  #last: Promise<unknown> = Promise.resolve();
  #ended = false;

  constructor(props: {
    readonly run: RunContext;
    readonly inner: QueryExecutor;
    readonly connection: DatabaseConnection;
    readonly query: CompiledQuery;
    readonly place: Place;
    /** What still uses the connection, whatever happened to the query. */
    readonly uses: readonly Promise<unknown>[];
    /** Errors that are not the hooks' own. */
    readonly passed: Set<unknown>;
  }) {
    const { run } = props;
    this.dialect = run.traits.name;
    this.context = run.context;
    this.metadata = run.metadata;
    this.run = run.run;
    this.connection = props.connection;
    this.#inner = props.inner;
    this.#query = props.query;
    this.#run = run;
    this.#place = props.place;
    this.#uses = props.uses;
    this.#passed = props.passed;
    const { begun } = props.place;
    this.batch = props.run.hasTransactions ? undefined : batchOn(under(this.connection));
    if (begun !== undefined) begun.ends ??= stateOf(this.connection).ends;
  }

  get inTransaction(): boolean {
    const { open, ends } = stateOf(this.connection);
    return open || this.#place.begun?.ends === ends;
  }

  /** As {@linkcode HookScope.inTransaction}; `undefined` where the driver may have begun one unseen. */
  get #inTransaction(): boolean | undefined {
    if (this.inTransaction) return true;
    return !this.#place.bound || stateOf(this.connection).begins > 0 ? false : undefined;
  }

  get db(): Kysely<any> {
    return this.#db ??= this.#on({ provideConnection: (use) => this.#provide(use) });
  }

  readonly compile = (
    node: RootOperationNode,
    values: readonly unknown[] = [],
  ): CompiledQuery => {
    const { queryId } = this.#query;
    const compiled = compiledOnce(node, this.#inner, queryId);
    const filled = this.#filled ??= this.#allFilled();
    // What stands in the query's own tree for a value of a plan goes before the hook's.
    const parameters = compiled.parameters.map((value) =>
      filled.has(value) ? filled.get(value) : isSlot(value) ? values[value.index] : value
    );
    return { ...compiled, queryId, parameters };
  };

  standsFor(values: () => ReadonlyMap<unknown, unknown>): void {
    this.#given.push(values);
    this.#filled = undefined;
  }

  #allFilled(): ReadonlyMap<unknown, unknown> {
    const own = this.#run.filled(this.#query) ?? NOTHING;
    return this.#given.length === 0
      ? own
      : new Map([own, ...this.#given.map((values) => values())].flatMap((map) => [...map]));
  }

  readonly atomically = async <T>(fn: () => Promise<T>): Promise<T> => {
    if (this.#ended) throw ended("run anything atomically");
    // One inside another is a part of it: where it fails, all of it does.
    if (this.#atomic !== undefined) return await this.#atomic.join(fn);
    const atomic = new Atomic({
      transactions: this.#run.traits.transactions,
      connection: this.connection,
      inTransaction: this.#inTransaction,
      // Past the queue: a transaction that waits in it would be waited for by what it is for.
      db: () => this.#on({ provideConnection: (use) => use(this.connection) }),
      passes: (error) => this.#passed.add(error),
      settled: async () => {
        await Promise.allSettled([...this.#uses, this.#last]);
      },
    });
    this.#atomic = atomic;
    try {
      return await atomic.run(fn);
    } finally {
      this.#atomic = undefined;
    }
  };

  /** Waits for what hooks have left running: the connection is given back then. */
  async end(): Promise<void> {
    await Promise.allSettled([...this.#uses, this.#last]);
    this.#ended = true;
  }

  #on(provider: ConnectionProvider): Kysely<any> {
    return this.#run.dbOn(this.#inner.withConnectionProvider(provider));
  }

  /** One query of the hooks after the other, as in a transaction of Kysely. */
  #provide<T>(use: (connection: DatabaseConnection) => Promise<T>): Promise<T> {
    if (this.#ended) return Promise.reject(ended("run a query on its connection"));
    const run = this.#last.then(() => use(this.connection));
    this.#last = run.catch(() => {});
    return run;
  }
}

const NOTHING: ReadonlyMap<unknown, unknown> = new Map();
/** What was compiled, by the adapter of the database and the tree: those of a plan come again. */
const COMPILED: WeakMap<object, WeakMap<RootOperationNode, CompiledQuery>> = new WeakMap();

function compiledOnce(
  node: RootOperationNode,
  inner: QueryExecutor,
  queryId: QueryId,
): CompiledQuery {
  let compiled = COMPILED.get(inner.adapter);
  if (compiled === undefined) COMPILED.set(inner.adapter, compiled = new WeakMap());
  let found = compiled.get(node);
  if (found === undefined) compiled.set(node, found = inner.compileQuery(node, queryId));
  return found;
}

function ended(action: string): ExecutorError {
  return new ExecutorError(
    `Cannot ${action}: the query that the scope belongs to has ended; wait for it in the hook`,
    "SCOPE_ENDED",
  );
}
