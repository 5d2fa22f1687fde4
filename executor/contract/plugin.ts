/**
 * The plugin contract: what a plugin is, and what its hooks see and answer.
 *
 * @module
 */
import type { Dialect } from "@kysera/core";
import type {
  ComparisonOperatorExpression,
  CompiledQuery,
  DatabaseConnection,
  Expression,
  ExpressionBuilder,
  ExpressionWrapper,
  Kysely,
  OperationNodeSource,
  QueryResult,
  RootOperationNode,
  SqlBool,
  TableMetadata,
} from "kysely";
import type { TableHook } from "./_hook_table.ts";
import type { ForeignKey, Relation } from "./relation.ts";
import type { TableId } from "./table_scope.ts";

/** The family of SQL a database speaks, as far as rewriting is concerned. */
export type DialectName = Dialect;

/** The kind of statement a query block is. */
export type QueryOperation = "select" | "insert" | "update" | "delete" | "replace" | "merge";

/** What a MERGE does with a row. */
export type MergeAction = "insert" | "update" | "delete";

/** A value of the caller's identity or of an instance's view, frozen when it was bound. */
export type Attributes = Readonly<Record<string, unknown>>;

/** One reference to a table in a query: each alias of a self join is one of its own. */
export interface TableReference {
  /** The table's name as the query wrote it. */
  readonly table: string;
  /**
   * The name that the database has for it: after Kysely plugins that rename, in lower case where
   * the dialect sees no case. What a plugin that has rules by table should look it up by.
   */
  readonly physicalName: string;
  /** The schema the query qualified it with. */
  readonly schema: string | undefined;
  /** The name that the reference's columns are qualified with: its alias, or else the table. */
  readonly alias: string;
  /** The kind of statement the reference stands in. */
  readonly operation: QueryOperation;
  /** `target` for the table that a statement writes, `source` for one it reads. */
  readonly role: "source" | "target";
  /**
   * Whether the statement shows the rows that it writes, or decides by rows that are there: it has
   * RETURNING or OUTPUT, or is an upsert that updates. Told to `stamp` and `check` alone.
   */
  readonly returning: boolean;
  /** Of the target of a MERGE: what it does with rows, as its user wrote it. */
  readonly actions: readonly MergeAction[] | undefined;
  /** An expression for a column of this reference, qualified with its alias. */
  column<T = unknown>(name: string): ExpressionWrapper<any, any, T>;
}

/** What a hook knows of the instance that the query came through. */
export interface HookContext {
  /** The family of SQL. */
  readonly dialect: DialectName;
  /** What {@linkcode bindContext} bound, or `undefined`. */
  readonly context: Attributes | undefined;
  /** Flags of the instance, such as soft delete's `includeDeleted`. */
  readonly metadata: Attributes;
  /**
   * A value that is read from the context when the query runs. A filter that takes what it needs
   * this way, and does not look at {@linkcode HookContext.context} itself, is asked once for all
   * callers, and prepared queries serve them all with one plan.
   *
   * @param read reads the value; `run` is one object for all values of one run of a query, whatever
   * hooks they come from, and another one for the next run: what a value is to be the same by
   * @param key what the value is: predicates of one plugin whose values have the same keys are
   * written once where they would stand twice
   */
  value<T>(
    read: (context: Attributes | undefined, run: object) => T,
    key?: string,
  ): Expression<T>;
  /**
   * Reads something of the context that the shape of the result depends on (which of several
   * predicates it is), while {@linkcode HookContext.value} reads what goes into it as a parameter.
   * The result is kept, and a prepared query is good, for every context whose value has the same
   * key.
   *
   * @param read called now, and again for other contexts; it must depend on nothing else. Where no
   * context is bound it is called each time. `run` is that of the {@linkcode HookContext.value}s of
   * the same run of a query
   * @param keyOf returns the cache key of a value, compared by `Object.is`. Default: the value itself
   * @returns what `read` returned
   */
  cached<T>(
    read: (context: Attributes | undefined, run: object) => T,
    keyOf?: (value: T) => unknown,
  ): T;
  /**
   * A value that is read when the query runs, as by {@linkcode HookContext.value}, and is a part of
   * what {@linkcode HookContext.cached} reads by the same function. Of a context that is bound the
   * function reads once, for all such values and for the cache key.
   *
   * @param read the function; one that is the same for all calls of the hook, for it to be of use
   * @param take returns the part of what was read
   */
  pick<T, V>(
    read: (context: Attributes | undefined, run: object) => T,
    take: (value: T) => V,
  ): Expression<V>;
  /** Says that the answer is good for this one time, though the hooks are `stable`. */
  once(): void;
  /** Builds expressions; columns are best taken from {@linkcode TableReference.column}. */
  readonly eb: ExpressionBuilder<any, any>;
}

/** What a plugin's `interceptQuery` is told about the query block. */
export interface QueryBuilderContext {
  /** The kind of statement. */
  readonly operation: QueryOperation;
  /** The block's first table (of a write, its target); empty where the block names none. */
  readonly table: string;
  /** The name that table's columns are qualified with. */
  readonly alias?: string | undefined;
  /** The schema the query qualified the table with. */
  readonly schema?: string | undefined;
  /** Flags of the instance. */
  readonly metadata: Record<string, unknown>;
  /** An expression for a column of the block's first table, qualified with its alias. */
  readonly ref?: ((column: string) => ExpressionWrapper<any, any, any>) | undefined;
  /** Every table reference of the block, the first one included. */
  readonly tables?: readonly TableReference[] | undefined;
}

/**
 * The part of Kysely's builders that an interceptor uses. At run time it is the real builder of the
 * block (`SelectQueryBuilder`, `UpdateQueryBuilder`, ..), so all of its methods are there.
 */
export interface QueryBlock extends OperationNodeSource {
  /** Adds a condition on a column. */
  where(
    column: string | Expression<any>,
    operator: ComparisonOperatorExpression,
    value: unknown,
  ): QueryBlock;
  /** Adds a condition. */
  where(
    condition: Expression<SqlBool> | ((eb: ExpressionBuilder<any, any>) => Expression<SqlBool>),
  ): QueryBlock;
  /** Adds a condition that compares two columns. */
  whereRef(left: string, operator: ComparisonOperatorExpression, right: string): QueryBlock;
}

/** The UPDATE that takes the place of a DELETE. */
export interface DeleteRewrite {
  /** The columns to set, with their values or expressions. */
  readonly set: Readonly<Record<string, unknown>>;
}

/** Columns that a plugin sets on rows that are written. */
export interface Stamp {
  /** The columns, with their values or expressions: the same for all rows of a statement. */
  readonly set: Readonly<Record<string, unknown>>;
  /**
   * What is done with a column that the user gives: `"keep"` it, `"replace"` it, or `"refuse"` the
   * statement. Default `"keep"`.
   */
  readonly given?: "keep" | "replace" | "refuse" | undefined;
}

/**
 * What a new or changed row must satisfy.
 *
 * Values that a statement holds are looked at before anything is sent, those of a plan when it is
 * bound: `satisfied` is asked. What only the database knows (defaults, expressions, a SELECT's rows,
 * columns that an UPDATE leaves as they are) is checked by `predicate` in the statement itself,
 * which then fails as a whole. A check that has only one of the two refuses what it cannot see.
 */
export interface RowCheck {
  /** The columns that it looks at, all of them. */
  readonly columns: readonly string[];
  /**
   * Whether a row satisfies it. Where there is a `predicate`, the row has those columns only whose
   * values are known, and `undefined` says that it cannot be told; else it has all of them.
   *
   * @param context what is bound to the executor instance that runs the statement
   * @param run stands for the run of the statement, as for {@linkcode HookContext.value}
   */
  satisfied?(
    row: Readonly<Record<string, unknown>>,
    context: Attributes | undefined,
    run: object,
  ): boolean | undefined;
  /**
   * The same as an expression, over the columns of the reference: the new row, under the name that
   * it has where it can be seen. A row passes where it is true; NULL is a violation.
   */
  predicate?(row: TableReference, context: HookContext): Expression<SqlBool>;
  /**
   * Whether every row that the filter lets an UPDATE find satisfies it: then an UPDATE that assigns
   * none of its columns need not be checked. Default `false`; of a check without `predicate` it is
   * taken to be so.
   */
  readonly implied?: boolean;
  /**
   * What the predicate asks, as a key: checks of one plugin that have the same key ask the same. An
   * upsert whose new and changed rows are asked the same can be checked by the database.
   */
  readonly key?: string;
  /**
   * Whether a new row may be asked as it is proposed, because nothing changes it before it is
   * stored. An upsert whose new and changed rows are asked different things is then checked by its
   * values; else it is refused. Default `false`.
   */
  readonly asProposed?: boolean;
  /** The rule in words, for the error. */
  readonly says: string;
  /** Makes the error that a violation is told by. Default: a `CheckRefusedError`. */
  refuse?(problem: string, cause: unknown): Error;
}

/** Columns of a table that are not shown as they are. */
export interface ColumnMask {
  /** All columns of the table, in their order: what `select *` stands for. */
  readonly columns: readonly string[];
  /**
   * What is seen in the place of columns: `null`, a value, or an expression over the reference's
   * columns. Nothing that the caller writes in a query sees more: no WHERE, ORDER BY or aggregate.
   */
  readonly hidden: Readonly<Record<string, unknown>>;
  /** Columns that the caller may not assign to; stamps may. Default none. */
  readonly unwritable?: readonly string[];
}

/** What a query of a batch has to have done, or else nothing of the batch is done. */
export interface QueryExpectation {
  /** How many rows it changes. */
  readonly rows: number;
  /** What the error holds that a statement fails with which has changed others. */
  readonly marker: string;
}

/**
 * The batch of statements that a query is sent in: they all happen, or none. A hook adds statements
 * before it calls `next`, and sees no result of them.
 */
export interface QueryBatch {
  /**
   * Runs a query by itself and at once, before the batch is sent: for what the batch does not
   * change, such as the catalog.
   *
   * @param query what {@linkcode QueryScope.compile} gave
   * @returns its result
   */
  read(query: CompiledQuery): Promise<QueryResult<any>>;
  /** What the query has to have done; `undefined` where nothing is expected of it. */
  readonly expected: QueryExpectation | undefined;
  /**
   * Says that a query takes the place of the one that the hook was given: pass it to `next`. It has
   * to fail by itself where it does not do what is expected.
   *
   * @param query what {@linkcode QueryScope.compile} gave
   */
  replace(query: CompiledQuery): void;
  /**
   * Adds a statement that runs before the query, behind those that were added so before.
   *
   * @param query what {@linkcode QueryScope.compile} gave
   */
  before(query: CompiledQuery): void;
  /**
   * Adds a statement that runs after the query, behind those that were added so before.
   *
   * @param query what {@linkcode QueryScope.compile} gave
   */
  after(query: CompiledQuery): void;
}

/** The scope that a query runs in, as {@linkcode PluginHooks.aroundQuery} sees it. */
export interface QueryScope extends Pick<HookContext, "dialect" | "context" | "metadata"> {
  /** Stands for this run of the query, as the `run` that reads of a context are given does. */
  readonly run: object;
  /** The connection that the query runs on. */
  readonly connection: DatabaseConnection;
  /** Whether a transaction is open on the connection, as far as this executor saw. */
  readonly inTransaction: boolean;
  /**
   * The database on this connection, and so in the same transaction: without the plugins of any
   * executor, with the Kysely plugins and the schema that the instance has. No hooks run round its
   * queries. It is of use until the hook has answered, and runs one query after the other.
   */
  readonly db: Kysely<any>;
  /**
   * Runs what must happen as a whole or not at all: in a transaction of its own where none is open,
   * or so that what it wrote is undone where it fails. One inside another (of another plugin, round
   * the same query) is a part of it. Queries of one transaction run one after the other, so none
   * comes in between.
   *
   * In a transaction of PostgreSQL there is no savepoint: what fails after a write makes the
   * transaction fail, as every failed statement does there.
   *
   * @param fn what to do: to call `next`, and to run queries on {@linkcode QueryScope.db}
   * @returns what `fn` returns, after COMMIT where the transaction is its own
   * @throws what `fn` throws, after what it wrote is undone; what the database says to BEGIN, COMMIT
   * or a savepoint, as it is
   */
  atomically<T>(fn: () => Promise<T>): Promise<T>;
  /**
   * The batch that the query is a part of, where the database has no interactive transactions;
   * `undefined` elsewhere. {@linkcode QueryScope.atomically} is refused where there is one.
   */
  readonly batch: QueryBatch | undefined;
  /**
   * Compiles a tree that a hook has made from `query.query`. No plugin and no Kysely plugin sees it
   * again; where the query came from a plan, the values of this run are filled in. (In the tree of
   * such a query stand-ins take the place of values: compile it, do not read it.) What is made of a
   * plan's tree can be kept by it, as the tree is the same at each run; a tree is compiled once.
   *
   * @param node the tree; it must not be changed afterwards
   * @param values what goes to the `Slot`s that the hook itself has put into the tree
   */
  compile(node: RootOperationNode, values?: readonly unknown[]): CompiledQuery;
  /**
   * Says what objects in a hook's own trees stand for in this run. {@linkcode QueryScope.compile}
   * then gives the values, to this hook and to those that see its query: one tree can so be kept for
   * queries that differ in their values.
   *
   * @param values returns the values by the objects; called if something is compiled
   */
  standsFor(values: () => ReadonlyMap<unknown, unknown>): void;
}

/** The declarative hooks: what to do with each table reference. All are optional. */
export interface PluginHooks {
  /**
   * Whether the hooks have anything to say about a table. Asked once per name; without it the
   * other hooks are asked about every reference.
   */
  appliesTo?(table: { readonly name: string; readonly schema: string | undefined }): boolean;
  /**
   * Which rows of this reference exist for this caller: a predicate over its columns, or
   * `undefined` for all of them.
   */
  filter?(reference: TableReference, context: HookContext): Expression<SqlBool> | undefined;
  /**
   * Set when the filter's answer depends on nothing but the reference and the instance: it is then
   * asked once for each and the answer kept.
   */
  readonly stable?: boolean;
  /**
   * Columns to set on rows that are written. Asked with `operation` `"insert"` for new rows (of
   * VALUES, of a SELECT, of a MERGE), and `"update"` for changed ones (an upsert's too).
   */
  stamp?(reference: TableReference, context: HookContext): Stamp | undefined;
  /**
   * What a new or changed row must satisfy, besides being visible when it is changed. Asked as
   * {@linkcode PluginHooks.stamp} is, so that the two can ask for different things. A row that an
   * upsert proposes must satisfy what is asked of new rows, even where it ends as an UPDATE.
   */
  check?(reference: TableReference, context: HookContext): RowCheck | undefined;
  /**
   * Which columns of this reference the caller may not read, and what is seen instead of them. The
   * filters and checks of plugins see the columns themselves.
   */
  mask?(reference: TableReference, context: HookContext): ColumnMask | undefined;
  /**
   * What a DELETE of this table is rewritten to: an UPDATE, a refusal, or (`undefined`) itself.
   */
  rewriteDelete?(
    reference: TableReference,
    context: HookContext,
  ): DeleteRewrite | "deny" | undefined;
  /**
   * Which queries {@linkcode PluginHooks.aroundQuery} runs round: `"all"`, or `"writes"`, which is
   * all but SELECT (one with a data-modifying CTE is a write) and EXPLAIN that runs nothing. Nobody
   * can tell what raw SQL does, so it counts as a write. Default `"all"`.
   */
  readonly around?: "all" | "writes";
  /** Runs round the execution of queries of this executor. */
  aroundQuery?(
    query: CompiledQuery,
    next: (query: CompiledQuery) => Promise<QueryResult<any>>,
    scope: QueryScope,
  ): Promise<QueryResult<any>>;
  /**
   * Runs round streams that {@linkcode PluginHooks.aroundQuery} does not run round: those of what
   * reads. The first plugin is outermost.
   */
  aroundStream?(
    query: CompiledQuery,
    next: (query: CompiledQuery) => AsyncIterableIterator<QueryResult<any>>,
    scope: Pick<HookContext, "dialect" | "context" | "metadata">,
  ): AsyncIterableIterator<QueryResult<any>>;
  /**
   * Returns true if, under this context, hooks read the caller from elsewhere (a provider), who may
   * be another one when a compiled query runs. What they have taken by {@linkcode
   * HookContext.value} and {@linkcode HookContext.cached} is then read again when it runs, and a
   * query that was compiled for another caller is refused.
   */
  callerMayChange?(context: Attributes | undefined): boolean;
  /**
   * Returns who the caller of a run is, compared by what it holds. Asked where hooks read something
   * else in one run than in another (a clock, an id of the request): with the same caller in both, the
   * query is compiled again with what they read now, where it would be refused otherwise. Asked too
   * before a run has to wait, so that the caller is read when it begins.
   */
  callerOf?(context: Attributes | undefined, run: object): unknown;
  /**
   * Told what the database says of a table that a query names and that the executor did not know:
   * one that was made later, or is temporary, or stands in a schema that nobody asked about. Before
   * the query runs, {@linkcode PluginHooks.appliesTo} is asked again. With this hook no table is left
   * alone because it is unknown.
   *
   * @param table the table, by the physical names that the query has for it
   * @param found what the catalog says, in each schema that has a table or view of the name, the one
   * first that the name alone finds; empty where there is none
   */
  discover?(table: TableId, found: readonly Relation[]): void;
  /**
   * Whether the plugin keeps copies of rows of other tables in a table. Beside a plugin with
   * {@linkcode PluginHooks.governs}, such a table is closed to every query, unless that plugin's
   * options name it: what a policy hides of a row must not be read in a copy of it.
   *
   * @param table the table, by its physical names
   * @param metadata the flags of the executor instance
   * @returns `"closed"` for such a table; `"open"` where the flags are the plugin's own, which then
   * answers for what it shows; `undefined` for any other table
   */
  copies?(table: TableId, metadata: Attributes): "closed" | "open" | undefined;
  /**
   * Implemented by a plugin with policies. Returns true if its options name a table, with policies
   * or as one to leave alone.
   *
   * @param table the table, by its physical names
   * @param context where it is given: returns true as well if no policy is meant for the caller
   */
  governs?(table: TableId, context?: HookContext): boolean;
  /**
   * Returns the names of tables and columns that the plugin's options hold. The executor checks
   * them against the catalog: `createExecutor` when it is made, `createExecutorSync` and
   * `wrapTransaction` before its first query runs.
   */
  optionNames?(): Iterable<OptionName>;
  /** Set where the plugin is of no use if raw SQL goes past it: the executor then refuses it. */
  readonly rawSql?: "deny";
  /**
   * What an answer of one of the hooks is made of (the names of policies, say), for `explainQuery`,
   * which alone asks.
   */
  explain?(
    reference: TableReference,
    context: HookContext,
    hook: TableHook,
  ): readonly string[];
  /** What the plugin does to a table, in words, for `describeExecutor`. */
  describe?(table: { readonly name: string; readonly schema: string | undefined }): string[];
  /**
   * What `describeExecutor` is to warn of about a table, in words: that the plugin, which guards
   * tables, was told nothing of this one. It is asked about every table of the database.
   */
  warn?(table: TableId): string | undefined;
}

/** A name in the options of a plugin, which the database is to have. */
export interface OptionName {
  /** Where it stands, for errors: `skipTables`, or `schema.posts.stamp`. */
  readonly option: string;
  /** The table, as `"table"` or `"schema.table"`. */
  readonly table?: string | undefined;
  /** A column of it, or several one of which is enough; without `table`, of any table. */
  readonly column?: string | readonly string[] | undefined;
}

/** What a plugin is given when an executor is made with it. */
export interface PluginHost {
  /** The family of SQL. */
  readonly dialect: DialectName;
  /** The database without any plugin of this executor. */
  readonly db: Kysely<any>;
  /** Whether `setup` may return a promise: `false` where the executor is made at once. */
  readonly canWait: boolean;
  /** Whether names in options are compared with the catalog: `"off"` takes them at their word. */
  readonly check: "catalog" | "off";
  /** The tables of the database; asked of it once per executor, whoever asks. */
  tables(): Promise<readonly TableMetadata[]>;
  /**
   * What the database says of tables and views, generated columns and materialized views included.
   *
   * @param tables those to ask about, by their physical names, in every schema that has one of the
   * name; in one statement, unless they are hundreds. Without them all are asked about, once per
   * executor
   * @returns those that are there, first those that their name alone finds
   */
  relations(tables?: readonly TableId[]): Promise<readonly Relation[]>;
  /** The foreign keys between tables that their names alone find, by the database's names. */
  foreignKeys(): Promise<readonly ForeignKey[]>;
  /** The physical name of a table, after the Kysely plugins of the database (camel case, ..). */
  physicalName(table: string): string;
  /** The physical name of a column. */
  physicalColumn(column: string): string;
}

/**
 * The methods that a plugin adds to a repository, as a type: `methods` may use `this["entity"]`,
 * `this["key"]`, `this["create"]` and `this["update"]`, which stand for the entity and the key of the
 * repository, and for what its methods of these names take.
 *
 * @example
 * ```ts
 * import type { Plugin, RepositoryExtension } from "@kysera/executor";
 *
 * interface TouchMethods<Entity, Key> {
 *   touch(id: Key): Promise<Entity>;
 * }
 * interface Touching extends RepositoryExtension {
 *   readonly methods: TouchMethods<this["entity"], this["key"]>;
 * }
 * export type TouchPlugin = Plugin & { readonly repositoryExtension?: Touching };
 * ```
 */
export interface RepositoryExtension {
  /** The repository's entity. */
  readonly entity: unknown;
  /** The repository's key. */
  readonly key: unknown;
  /** What the repository's `create` takes. */
  readonly create: unknown;
  /** What the repository's `update` takes. */
  readonly update: unknown;
  /** The methods. */
  readonly methods: object;
}

/**
 * A plugin: the specification's members, and the declarative hooks.
 *
 * @example
 * ```ts
 * import type { Plugin } from "@kysera/executor";
 *
 * export const activeOnly: Plugin = {
 *   name: "active-only",
 *   version: "1.0.0",
 *   interceptQuery(qb, context) {
 *     return context.operation === "select" ? qb.where("active", "=", true) : qb;
 *   },
 * };
 * ```
 */
export interface Plugin extends PluginHooks {
  /** Unique among the plugins of an executor. */
  readonly name: string;
  /** The plugin's own version. */
  readonly version: string;
  /** Names of plugins that must be there, and run before this one. */
  readonly dependencies?: readonly string[];
  /** Names of plugins that must not be there. */
  readonly conflictsWith?: readonly string[];
  /** Higher runs first, among plugins that do not depend on each other. Default 0. */
  readonly priority?: number;
  /** Called once when an executor is made. */
  onInit?(executor: Kysely<any>): void | Promise<void>;
  /** Called by `destroyExecutor`. */
  onDestroy?(): void | Promise<void>;
  /**
   * Called for every query block (root, subquery, CTE body, each arm of a union) with a builder
   * made from it; what it returns takes the block's place.
   */
  interceptQuery?(qb: QueryBlock, context: QueryBuilderContext): QueryBlock;
  /** Never there at run time: the type of what `extendRepository` adds. */
  readonly repositoryExtension?: RepositoryExtension;
  /** Adds methods to a repository. */
  extendRepository?<T extends object>(repository: T): T;
  /**
   * Whether what `extendRepository` leaves as it is of a repository on the executor, it leaves on every
   * instance of it. Then a repository that is moved to another instance is extended when a member is
   * asked for that the plugin has added or replaced, and moving it costs next to nothing. Default
   * `false`.
   */
  readonly extendsAlike?: boolean;
  /**
   * Hooks that need to know the database: called once per executor, before `onInit`; what it
   * returns is used beside the plugin's own hooks. `createExecutorSync` refuses a promise.
   */
  setup?(host: PluginHost): PluginHooks | Promise<PluginHooks>;
}
