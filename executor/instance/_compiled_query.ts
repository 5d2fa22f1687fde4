import type { CompiledQuery, QueryId, RootOperationNode } from "kysely";
import { ForeignQueryError } from "../contract/errors.ts";
import type { ContextReads } from "../hooks/_context_reads.ts";
import type { PluginRules } from "../hooks/_rules.ts";
import type { RowChecks } from "../rewrite/_row_checks.ts";
import type { LeftToRun, UnknownTables } from "./_provenance.ts";

/** What is known of queries of an executor that few queries have. */
interface Extra {
  /** The parameters, filled. */
  readonly parameters: readonly unknown[];
  /** The tree, as the query shows it. */
  readonly shown: RootOperationNode;
  /** The tree with its checks, where the query does not show them. */
  readonly tree: RootOperationNode;
  readonly left: LeftToRun | undefined;
}

/** Raw SQL that was read: few queries are, and so it is not noted on each. */
const read = new WeakSet<ExecutorQuery>();

/**
 * A compiled query that an executor instance made. Its origin is private: no copy has it.
 *
 * It is frozen when it is to run, not before: most of what compiling costs beside Kysely would be
 * that. What was changed meanwhile does not run.
 */
export class ExecutorQuery<R = unknown> implements CompiledQuery<R> {
  readonly query: RootOperationNode;
  readonly queryId: QueryId;
  readonly sql: string;
  readonly parameters: readonly unknown[];
  readonly #rules: PluginRules;
  /** What Kysely compiled, or the prepared query that this is a binding of. */
  readonly #made: CompiledQuery;
  readonly #extra: Extra | undefined;
  #wasGivenBack = false;

  /**
   * @param compiled the query, as Kysely compiled it
   * @param parameters its parameters, with every deferred one read
   * @param rules those of the executor instance that compiled it, or that a prepared query is bound to
   * @param left what is left for when it runs
   */
  constructor(
    compiled: CompiledQuery<R>,
    parameters: readonly unknown[],
    rules: PluginRules,
    left?: LeftToRun,
  ) {
    this.query = compiled.query;
    this.queryId = compiled.queryId;
    this.sql = compiled.sql;
    this.parameters = parameters;
    this.#rules = rules;
    this.#made = compiled;
    this.#extra = undefined;
    if (left === undefined && parameters === compiled.parameters) return;
    const own = #rules in compiled ? (compiled as ExecutorQuery<R>).#extra : undefined;
    const all = own === undefined ? left : merged(left, own.left);
    // Kysely tells by it whether the statement gives rows.
    if (all?.checks?.addsReturning === true) this.query = withoutReturning(compiled.query);
    this.#extra = { parameters, shown: this.query, tree: own?.tree ?? compiled.query, left: all };
  }

  /**
   * `undefined`. Kysely asks whatever its `executeQuery` is given for it; the `execute()` of a builder
   * asks nothing of what it has just compiled.
   */
  get compile(): undefined {
    // What has the prototype alone was not compiled here.
    if (#rules in this) this.#wasGivenBack = true;
    return undefined;
  }

  /** Returns true if a query has been out of the hands of the builder that compiled it. */
  static wasGivenBack(query: CompiledQuery): boolean {
    return !(#rules in query) || (query as ExecutorQuery).#wasGivenBack;
  }

  /**
   * Sees that a query is what was compiled, and stays so.
   *
   * @throws {ForeignQueryError} where it was changed
   */
  static seal(query: CompiledQuery): void {
    if (!(#rules in query)) return;
    const own = query as ExecutorQuery;
    const made = own.#made;
    const { parameters, shown } = own.#extra ?? { parameters: made.parameters, shown: made.query };
    if (own.query !== shown || own.sql !== made.sql || own.parameters !== parameters) {
      throw new ForeignQueryError("it was changed after it was compiled; compile it again");
    }
    Object.freeze(own);
  }

  /** Returns the rules that a query was compiled by; `undefined` of what no executor compiled. */
  static rulesOf(query: CompiledQuery): PluginRules | undefined {
    return #rules in query ? (query as ExecutorQuery).#rules : undefined;
  }

  /** Notes that the text of raw SQL was read, and the queries in it rewritten. */
  static noteRead(query: ExecutorQuery): void {
    read.add(query);
  }

  /** Returns true for raw SQL whose text was read when it was compiled. */
  static isRead(query: CompiledQuery): boolean {
    return #rules in query && read.has(query as ExecutorQuery);
  }

  /** Returns what is left to be checked. */
  static checksOf(query: CompiledQuery): RowChecks | undefined {
    return #rules in query ? (query as ExecutorQuery).#extra?.left?.checks : undefined;
  }

  /** Returns what was read of a caller who may be another one when the query runs. */
  static readsOf(query: CompiledQuery): ContextReads | undefined {
    return #rules in query ? (query as ExecutorQuery).#extra?.left?.reads : undefined;
  }

  /** Returns the tables that are to be looked up before the query runs. */
  static unknownOf(query: CompiledQuery): UnknownTables | undefined {
    return #rules in query ? (query as ExecutorQuery).#extra?.left?.unknown : undefined;
  }

  /** Returns the query with the tree that was compiled: what hooks round the execution may change. */
  static whole(query: CompiledQuery): CompiledQuery<any> {
    if (!(#rules in query)) return query;
    const tree = (query as ExecutorQuery).#extra?.tree ?? query.query;
    return tree === query.query ? query : { ...query, query: tree };
  }

  /**
   * Returns what stands in the tree of a prepared query, for the values of one run.
   *
   * @returns `undefined` where the tree holds the values themselves
   */
  static filled(query: CompiledQuery): ReadonlyMap<unknown, unknown> | undefined {
    if (!(#rules in query)) return undefined;
    const { parameters } = query;
    const open = (query as ExecutorQuery).#made.parameters;
    return open === parameters ? undefined : new Map(open.map((each, i) => [each, parameters[i]]));
  }
}

/** What is left to be done for a query, and for the one that it is a binding of. */
function merged(
  left: LeftToRun | undefined,
  own: LeftToRun | undefined,
): LeftToRun | undefined {
  if (left === undefined || own === undefined) return left ?? own;
  return {
    checks: left.checks ?? own.checks,
    reads: left.reads ?? own.reads,
    unknown: left.unknown ?? own.unknown,
  };
}

function withoutReturning(node: RootOperationNode): RootOperationNode {
  const { returning: _, ...rest } = node as RootOperationNode & { returning?: unknown };
  return Object.freeze(rest) as RootOperationNode;
}
