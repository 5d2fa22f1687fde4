import type { KyselyPlugin, OperationNode, QueryId, RootOperationNode } from "kysely";
import type { Checks } from "../run/_checks.ts";
import type { Guard } from "../hooks/_rules.ts";
import { ForeignQueryError } from "../contract/errors.ts";
import type { Scope } from "../rewrite/_with.ts";
import { visit } from "../rewrite/_walk.ts";

const MARK: unique symbol = Symbol("kysera.mark");

/** Where a rewritten query came from. Its fields are private, so that no log prints them. */
class Mark {
  readonly #self: OperationNode;
  readonly #original: RootOperationNode;
  readonly #queryId: QueryId;
  readonly #guard: Guard;
  /** What is left to be checked when it runs. */
  readonly checks: Checks | undefined;

  /**
   * Makes one.
   *
   * @param self the node that bears the mark: a copy of the node does not count as it
   * @param original the query before it was rewritten
   * @param queryId the query's id, for Kysely plugins
   * @param guard the handle that rewrote it
   * @param checks what is left to be checked
   */
  constructor(
    self: OperationNode,
    original: RootOperationNode,
    queryId: QueryId,
    guard: Guard,
    checks: Checks | undefined,
  ) {
    this.checks = checks;
    this.#self = self;
    this.#original = original;
    this.#queryId = queryId;
    this.#guard = guard;
  }

  get original(): RootOperationNode {
    return this.#original;
  }

  get queryId(): QueryId {
    return this.#queryId;
  }

  get guard(): Guard {
    return this.#guard;
  }

  isOn(node: OperationNode): boolean {
    return this.#self === node;
  }
}

interface Marked {
  [MARK]?: Mark;
}

/**
 * Marks the root of a rewritten query, so that a query which it is built into rewrites what the user
 * wrote, once, in the scope it stands in there.
 */
export function mark<T extends OperationNode>(
  node: T,
  original: RootOperationNode,
  queryId: QueryId,
  guard: Guard,
  checks?: Checks,
): T {
  const out = Object.isExtensible(node) ? node : { ...node };
  (out as Marked)[MARK] = new Mark(out, original, queryId, guard, checks);
  // What bears the mark is trusted: nothing may change it any more.
  return Object.freeze(out);
}

/** Whether the node is one that {@linkcode mark} gave back, for whichever guard. */
export function isMarked(node: OperationNode): boolean {
  return markOf(node) !== undefined;
}

/** Whether the node is one that {@linkcode mark} gave back for this guard's view. */
export function isMarkedBy(node: OperationNode, guard: Guard): boolean {
  const found = markOf(node);
  return found !== undefined && found.guard.core === guard.core && found.guard.view === guard.view;
}

/** What a rewritten query leaves to be checked when it runs. */
export function checksOf(node: OperationNode): Checks | undefined {
  return markOf(node)?.checks;
}

/** The kind of statement that a user wrote, of a query that may have been rewritten. */
export function writtenKind(node: RootOperationNode): RootOperationNode["kind"] {
  return markOf(node)?.original.kind ?? node.kind;
}

/** What a query was before this executor rewrote it. */
export function originalOf(node: OperationNode, guard: Guard): OperationNode | undefined {
  if (!isMarkedBy(node, guard)) return undefined;
  const found = markOf(node)!;
  // Plugins that only the inner handle has would be lost with the node they made.
  return ownPlugins(found, guard).length === 0 ? found.original : undefined;
}

/**
 * Rewrites a query that was rewritten before, and stands in another one now.
 *
 * | it was built by                        | it is rewritten                               |
 * | -------------------------------------- | --------------------------------------------- |
 * | this handle, or one of the same view   | from what its user wrote                      |
 * | a handle with other flags, same context | from what its user wrote, under its own flags |
 * | a handle without a context             | from what its user wrote, under this context  |
 * | a handle of another context            | refused                                       |
 * | another executor                       | as it stands                                  |
 *
 * @returns `undefined` where the node is to be rewritten as it stands
 */
export function rewriteMarked(
  node: OperationNode,
  scope: Scope | undefined,
  guard: Guard,
): OperationNode | undefined {
  const found = markOf(node);
  if (found === undefined || found.guard.core !== guard.core) return undefined;
  refuseForeign(node, guard);
  // Names mean what they mean to the handle that the query was built by.
  const sees = found.guard.view.context === guard.view.context;
  const by = sees ? found.guard : found.guard.for(guard.view);
  // What another guard's hooks look at is not noted here: the result is good for once.
  if (by !== guard) guard.usage.moment = true;
  return again(found, scope, by, guard);
}

/** @throws {ForeignQueryError} for a subquery that was built under another context */
export function refuseForeign(node: OperationNode, guard: Guard): void {
  const found = markOf(node);
  if (found === undefined || found.guard.core !== guard.core) return;
  const { context } = found.guard.view;
  if (context === undefined || context === guard.view.context) return;
  throw new ForeignQueryError(
    "a subquery was built under another context; build it with the handle that runs the query",
  );
}

/**
 * Rewrites the original, and lets the Kysely plugins of its own handle at the result: those that the
 * outer handle has too will see it with the whole query.
 */
function again(found: Mark, scope: Scope | undefined, by: Guard, outer: Guard): OperationNode {
  let node = visit(found.original, scope, by) as RootOperationNode;
  outer.usage.late ||= by.usage.late;
  for (const plugin of ownPlugins(found, outer)) {
    node = plugin.transformQuery({ node, queryId: found.queryId });
  }
  return node;
}

function ownPlugins(found: Mark, outer: Guard): readonly KyselyPlugin[] {
  const { plugins } = found.guard;
  if (plugins.length === 0 || plugins === outer.plugins) return NO_PLUGINS;
  return plugins.filter((plugin) => !outer.plugins.includes(plugin));
}

const NO_PLUGINS: readonly KyselyPlugin[] = [];

function markOf(node: OperationNode): Mark | undefined {
  const found = (node as Marked)[MARK];
  return found !== undefined && found.isOn(node) ? found : undefined;
}
