import type { CompiledQuery, QueryId, RawNode, RootOperationNode } from "kysely";
import type { Checks } from "../run/_checks.ts";
import type { Guard, View } from "../hooks/_rules.ts";
import { callHook } from "../hooks/_validate_results.ts";
import { ForeignQueryError, QueryRefusedError, RawSqlError } from "../contract/errors.ts";
import { textOf } from "../tree/_raw_text.ts";
import { visit } from "../rewrite/_walk.ts";

/** A compiled query that a guarded executor made. The mark is private: no copy bears it. */
export class OwnQuery<R = unknown> implements CompiledQuery<R> {
  readonly query: RootOperationNode;
  readonly queryId: QueryId;
  readonly sql: string;
  readonly parameters: readonly unknown[];
  readonly #view: View;
  /** What few queries have: it is made for these alone. */
  readonly #more: More | undefined;

  /**
   * Makes one.
   *
   * @param compiled the query, as Kysely compiled it
   * @param parameters its parameters, with every late value read
   * @param guard the handle that compiled it, or a plan for it
   * @param checks what is left to be checked when it runs
   */
  constructor(
    compiled: CompiledQuery<R>,
    parameters: readonly unknown[],
    guard: Guard,
    checks?: Checks,
  ) {
    this.query = compiled.query;
    this.queryId = compiled.queryId;
    this.sql = compiled.sql;
    this.parameters = parameters;
    this.#view = guard.view;
    this.#more = undefined;
    if (checks !== undefined || parameters !== compiled.parameters || asksWho(guard)) {
      const own = #view in compiled ? (compiled as OwnQuery<R>).#more : undefined;
      this.#more = {
        identity: asksWho(guard) ? identityOf(guard) : NOBODY,
        open: compiled.parameters,
        checks: checks ?? own?.checks,
        tree: own?.tree ?? compiled.query,
      };
      // Kysely tells by it whether the statement gives rows.
      if (checks?.addsReturning === true) this.query = withoutReturning(compiled.query);
    }
    Object.freeze(this);
  }

  /** Whether the query was compiled by a handle of the same view, for the same caller. */
  static isOf(query: CompiledQuery, guard: Guard): boolean {
    if (!(#view in query)) return false;
    const own = query as OwnQuery;
    if (own.#view !== guard.view) return false;
    if (!asksWho(guard)) return true;
    const before = own.#more?.identity ?? NOBODY;
    const now = identityOf(guard);
    return before.length === now.length && now.every((each, i) => Object.is(each, before[i]));
  }

  /** What is left to be checked. */
  static checksOf(query: CompiledQuery): Checks | undefined {
    return #view in query ? (query as OwnQuery).#more?.checks : undefined;
  }

  /** The query with the tree that was compiled: what hooks round the execution may change. */
  static whole(query: CompiledQuery): CompiledQuery<any> {
    if (!(#view in query)) return query;
    const tree = (query as OwnQuery).#more?.tree ?? query.query;
    return tree === query.query ? query : { ...query, query: tree };
  }

  /**
   * What stands in the tree of a query that a plan was bound to, for the values of one run.
   *
   * @returns `undefined` where the tree holds the values themselves
   */
  static filled(query: CompiledQuery): ReadonlyMap<unknown, unknown> | undefined {
    if (!(#view in query)) return undefined;
    const { parameters } = query;
    const open = (query as OwnQuery).#more?.open ?? parameters;
    return open === parameters ? undefined : new Map(open.map((each, i) => [each, parameters[i]]));
  }
}

/** What is known of queries of a plan, of an executor that asks who runs them, or with checks. */
interface More {
  readonly identity: readonly unknown[];
  /** The parameters before they were filled. */
  readonly open: readonly unknown[];
  readonly checks: Checks | undefined;
  /** The tree with its guards, where the query does not show them. */
  readonly tree: RootOperationNode;
}

function withoutReturning(node: RootOperationNode): RootOperationNode {
  const { returning: _, ...rest } = node as RootOperationNode & { returning?: unknown };
  return Object.freeze(rest) as RootOperationNode;
}

const NOBODY: readonly unknown[] = [];

/** Whether plugins say who runs a query: a context that is bound tells it by itself. */
function asksWho({ core, view }: Guard): boolean {
  return core.identities.length > 0 && view.context === undefined;
}

function identityOf({ core, view }: Guard): readonly unknown[] {
  return core.identities.map(({ plugin, hooks }) =>
    callHook(plugin, "identity", () => hooks.identity!(view.context))
  );
}

/**
 * Lets a compiled query run, or refuses it.
 *
 * | query                                       | `rawSql: "allow"`         | `rawSql: "deny"` |
 * | ------------------------------------------- | ------------------------- | ---------------- |
 * | compiled by a handle of this view           | runs                      | runs             |
 * | raw SQL                                     | runs, but for TRUNCATE    | refused          |
 * | compiled elsewhere, names no guarded table  | runs                      | refused          |
 * | compiled elsewhere, names a guarded table   | refused                   | refused          |
 */
export function admit(query: CompiledQuery, guard: Guard): void {
  const { query: node } = query;
  if (node.kind === "RawNode") {
    if (guard.deniesRaw) throw new RawSqlError("the query is raw SQL");
    if (!guard.idle) refuseTruncate(node, guard);
    return;
  }
  if (OwnQuery.isOf(query, guard)) return;
  if (guard.deniesRaw || visit(node, undefined, guard) !== node) {
    throw new ForeignQueryError(
      "it was compiled by another handle, or under another context; compile it with the handle " +
        "that runs it",
    );
  }
}

/** TRUNCATE takes no condition; raw SQL is where it comes from. A call of truncate() is none. */
const TRUNCATE = /\btruncate\b(?!\s*\()/i;

function refuseTruncate(node: RawNode, guard: Guard): void {
  const text = textOf(node, []).replace(/'(?:[^']|'')*'/g, "''");
  if (!TRUNCATE.test(text)) return;
  const written = [...text.matchAll(/[\p{L}_][\p{L}\p{N}_$]*/gu)].map(([name]) => name);
  const names = written.flatMap((name) => [name, name.toLowerCase()]);
  const nodes: unknown[] = [...node.parameters];
  while (nodes.length > 0) {
    const next = nodes.pop();
    if (typeof next !== "object" || next === null) continue;
    if ("name" in next && typeof next.name === "string") names.push(next.name);
    if ("kind" in next && next.kind !== "ValueNode") nodes.push(...Object.values(next).flat());
  }
  for (const name of names) {
    if (guard.plan(name, undefined) === undefined) continue;
    throw new QueryRefusedError(
      `Cannot truncate table "${name}": it would remove rows that a plugin hides; ` +
        `delete the rows, or run it on getRawDb(executor)`,
      "TRUNCATE",
      name,
    );
  }
}
