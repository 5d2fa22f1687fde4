import type { TableId } from "../contract/table_scope.ts";
import type {
  CompiledQuery,
  KyselyPlugin,
  OperationNode,
  QueryId,
  RootOperationNode,
} from "kysely";
import { ForeignQueryError } from "../contract/errors.ts";
import type { ContextReads } from "../hooks/_context_reads.ts";
import type { PluginRules } from "../hooks/_rules.ts";
import type { Pass } from "../rewrite/_pass.ts";
import type { RowChecks } from "../rewrite/_row_checks.ts";
import type { Provenance, Rules } from "../rewrite/rules.ts";
import { mapChildren } from "../tree/_children.ts";

const PROVENANCE: unique symbol = Symbol("kysera.provenance");

/** Where a rewritten query came from. It stands on the query, and no log prints what is in it. */
class Origin {
  readonly #self: OperationNode;
  readonly #original: RootOperationNode;
  readonly #queryId: QueryId;
  readonly #rules: PluginRules;
  readonly #left: LeftToRun | undefined;

  constructor(
    self: OperationNode,
    original: RootOperationNode,
    queryId: QueryId,
    rules: PluginRules,
    left: LeftToRun | undefined,
  ) {
    this.#self = self;
    this.#original = original;
    this.#queryId = queryId;
    this.#rules = rules;
    this.#left = left;
  }

  /** The node that was rewritten: a copy of it does not count. */
  get self(): OperationNode {
    return this.#self;
  }

  /** The query before it was rewritten. */
  get original(): RootOperationNode {
    return this.#original;
  }

  get queryId(): QueryId {
    return this.#queryId;
  }

  /** The rules of the executor instance that rewrote it. */
  get rules(): PluginRules {
    return this.#rules;
  }

  get left(): LeftToRun | undefined {
    return this.#left;
  }
}

/** What the rewriting of a query leaves for when it runs. */
export interface LeftToRun {
  /** What is left to be checked. */
  readonly checks: RowChecks | undefined;
  /** What was read of a caller who may be another one then. */
  readonly reads: ContextReads | undefined;
  /** Tables that are to be looked up before. */
  readonly unknown: UnknownTables | undefined;
}

/** Tables of a query that nobody knew when it was compiled. */
export interface UnknownTables {
  readonly tables: readonly TableId[];
  /** Compiles the query again in a run, when they are known. */
  again(run: object): CompiledQuery<any>;
}

interface Rewritten {
  [PROVENANCE]?: Origin;
}

/**
 * Notes on the root of a rewritten query where it came from, so that a query which it is built into
 * rewrites what the user wrote, once, in the scope it stands in there.
 */
export function noteOrigin<T extends OperationNode>(
  node: T,
  original: RootOperationNode,
  queryId: QueryId,
  rules: PluginRules,
  left: LeftToRun | undefined,
): T {
  const out = Object.isExtensible(node) ? node : { ...node };
  (out as Rewritten)[PROVENANCE] = new Origin(out, original, queryId, rules, left);
  // A node with an origin is trusted: nothing may change it any more.
  return Object.freeze(out);
}

/** Returns true if an instance of this scope has rewritten a query. */
export function isOwn(node: OperationNode, rules: PluginRules): boolean {
  const origin = originOf(node);
  return origin !== undefined && isSameScope(origin.rules, rules);
}

/** Returns what the rewriting of a query has left for when it runs. */
export function leftToRun(node: OperationNode): LeftToRun | undefined {
  return originOf(node)?.left;
}

/** Returns the kind of statement that a user wrote, of a query that may have been rewritten. */
export function writtenKind(node: RootOperationNode): RootOperationNode["kind"] {
  return originOf(node)?.original.kind ?? node.kind;
}

/**
 * Takes every query in a tree that instances of this scope have rewritten back to what its user
 * wrote. Needed where a Kysely plugin comes before the rewriting: it copies nodes, and copies have no
 * origin.
 */
export function restore(node: OperationNode, rules: PluginRules): OperationNode {
  refuseForeign(node, rules);
  const original = originalOf(node, rules);
  return original !== undefined
    ? restore(original, rules)
    : mapChildren(node, (child) => restore(child, rules));
}

/** What the rules of an executor instance ask about queries that stand in others. */
export const provenance: Provenance = {
  /**
   * | it was built by                              | it is rewritten                               |
   * | -------------------------------------------- | --------------------------------------------- |
   * | this instance, or one of the same scope      | from what its user wrote                      |
   * | one with other flags, of the same context    | from what its user wrote, under its own flags |
   * | one without a context                        | from what its user wrote, under this context  |
   * | one of another context                       | refused                                       |
   * | another executor                             | as it stands                                  |
   */
  rewrite(node: OperationNode, pass: Pass): OperationNode | undefined {
    const origin = originOf(node);
    // The rules of a pass are those of an executor instance.
    const rules = pass.rules as PluginRules;
    if (origin === undefined || origin.rules.set !== rules.set) return undefined;
    refuseForeign(node, rules);
    // Names mean what they mean to the instance that the query was built by.
    const sameContext = origin.rules.request.context === rules.request.context;
    const by = sameContext ? origin.rules : origin.rules.for(rules.request);
    if (by === rules) return again(origin, rules, pass);
    // A prepared query serves the instances that have the rules of this one.
    pass.usage.once = true;
    return pass.under(by, (inner) => again(origin, rules, inner));
  },
  originalOf: (node: OperationNode, rules: Rules) => originalOf(node, rules as PluginRules),
  isRewritten: (node: OperationNode) => originOf(node) !== undefined,
};

function originalOf(node: OperationNode, rules: PluginRules): OperationNode | undefined {
  const origin = originOf(node);
  if (origin === undefined || !isSameScope(origin.rules, rules)) return undefined;
  // Plugins that only the inner instance has would be lost with the node they made.
  return ownPlugins(origin, rules).length === 0 ? origin.original : undefined;
}

/** @throws {ForeignQueryError} for a subquery that was built under another context */
function refuseForeign(node: OperationNode, rules: PluginRules): void {
  const origin = originOf(node);
  if (origin === undefined || origin.rules.set !== rules.set) return;
  const { context } = origin.rules.request;
  if (context === undefined || context === rules.request.context) return;
  throw new ForeignQueryError(
    "a subquery was built under another context; build it with the executor that runs the query",
  );
}

/**
 * Rewrites the original, and lets the Kysely plugins of its own instance at the result: those that
 * the outer instance has too will see it with the whole query.
 */
function again(origin: Origin, outer: PluginRules, pass: Pass): OperationNode {
  let node = pass.visit(origin.original) as RootOperationNode;
  for (const plugin of ownPlugins(origin, outer)) {
    node = plugin.transformQuery({ node, queryId: origin.queryId });
  }
  return node;
}

function ownPlugins({ rules }: Origin, outer: PluginRules): readonly KyselyPlugin[] {
  const { plugins } = rules;
  if (plugins.length === 0 || plugins === outer.plugins) return NO_PLUGINS;
  return plugins.filter((plugin) => !outer.plugins.includes(plugin));
}

const NO_PLUGINS: readonly KyselyPlugin[] = [];

function isSameScope(a: PluginRules, b: PluginRules): boolean {
  return a.set === b.set && a.request === b.request;
}

function originOf(node: OperationNode): Origin | undefined {
  const origin = (node as Rewritten)[PROVENANCE];
  return origin?.self === node ? origin : undefined;
}
