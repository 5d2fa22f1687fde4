import { AndNode, type OperationNode } from "kysely";
import { TABLE_HOOKS, type TableHook } from "../contract/_hook_table.ts";
import { callHook, type NamedHooks } from "../contract/_call_hook.ts";
import type {
  HookContext,
  PluginHooks,
  QueryOperation,
  TableReference,
} from "../contract/plugin.ts";
import type { CacheKey, Pass } from "../rewrite/_pass.ts";
import type {
  MaskedColumns,
  NamedAssignment,
  NamedCheck,
  NamedDeleteRewrite,
  RequestScope,
  TableRules,
} from "../rewrite/rules.ts";
import { isPlainExpression } from "../rewrite/_prescan.ts";
import { refuseShadowed } from "../rewrite/_shadowed.ts";
import type { TableId } from "../contract/table_scope.ts";
import { DistinctNodes } from "../tree/_distinct_nodes.ts";
import { namesIn, nodeOfSource } from "../tree/_nodes.ts";
import { operandOfAnd } from "../tree/_predicate.ts";
import { Reference, type ReferenceName } from "../tree/_table_reference.ts";
import { sameKeys } from "./_cache_keys.ts";
import { CallContext } from "./_hook_context.ts";
import { captured, inSchema, recursive, seesItself, subjectToPlugins } from "./_plugin_sql.ts";
import { TableMask } from "./_table_mask.ts";
import {
  filterNode,
  validateCheck,
  validateMask,
  validateRewrite,
  validateStamp,
} from "./_validate_results.ts";

interface Predicate {
  readonly node: OperationNode | undefined;
  /** Whether a hook looked at the context itself. */
  readonly context: boolean;
  /** The context it was made under, where a hook looked at it. */
  readonly madeFor: RequestScope["context"] | typeof ANY;
  /** Whether it may be another one next time: a filter that its subqueries met is not stable. */
  readonly once: boolean;
  /** Whether it holds parameters that are read when the query runs. */
  readonly deferred: boolean;
  /** What hooks have read of the context. */
  readonly keys: readonly CacheKey[];
  /** Tables that its subqueries read and nobody knows yet. */
  readonly unknown: readonly TableId[];
  /** Whose filters it is made of. */
  readonly by: readonly NamedHooks[];
  /** Tables that the predicate's own subqueries read: a CTE of such a name would take their place. */
  readonly reads: ReadonlySet<string> | undefined;
}

const MOST_ALIASES = 1_000;
const MOST_PREDICATES = 8;

/** Stands for every context. */
const ANY: unique symbol = Symbol("any context");

/** What the hooks of plugins say about one table, for executor instances of the same flags. */
export class PluginTableRules implements TableRules {
  readonly #hooks: Readonly<Record<TableHook, readonly NamedHooks[]>>;
  readonly #stable: boolean;
  readonly #kept = new Map<QueryOperation, Map<string, Predicate[]>>();
  readonly #physicalName: string;
  /** Set where the table is to be looked up: what is known of it is not all. */
  readonly unknown: TableId | undefined;

  /**
   * @param physicalName the name that the database has for the table
   * @param hooks the hooks that apply to the table, in the order of their plugins
   * @param unknown the table, where it is to be looked up first
   */
  constructor(physicalName: string, hooks: readonly NamedHooks[], unknown: TableId | undefined) {
    this.unknown = unknown;
    this.#physicalName = physicalName;
    // Each hook has its list.
    this.#hooks = Object.fromEntries(
      TABLE_HOOKS.map((hook) => [hook, hooks.filter(({ hooks }) => hooks[hook] !== undefined)]),
    ) as unknown as Record<TableHook, readonly NamedHooks[]>;
    this.#stable = this.#hooks.filter.every(({ hooks }) => hooks.stable === true);
  }

  /** Whether some hook applies to the table. */
  get applies(): boolean {
    return Object.values(this.#hooks).some((hooks) => hooks.length > 0);
  }

  apply(pass: Pass): boolean {
    this.#note(pass);
    return this.applies;
  }

  predicate(
    name: ReferenceName,
    operation: QueryOperation,
    pass: Pass,
  ): OperationNode | undefined {
    if (this.unknown !== undefined) this.#note(pass);
    if (this.#hooks.filter.length === 0) return undefined;
    // What refuses the reference is to be seen with it.
    const { trace } = pass;
    if (trace !== undefined) this.#trace(name, operation, "filter", [], pass);
    const predicate = this.#stable
      ? this.#keptPredicate(name, operation, pass)
      : this.#ask(name, operation, pass);
    if (trace !== undefined) this.#trace(name, operation, "filter", predicate.by, pass);
    const { usage } = pass;
    if (predicate.context) usage.context = true;
    if (!this.#stable || predicate.once) usage.once = true;
    if (predicate.deferred) usage.deferred = true;
    if (predicate.keys.length > 0 || predicate.unknown.length > 0) usage.add(predicate);
    if (predicate.reads !== undefined && pass.scope !== undefined) {
      refuseShadowed(predicate.reads, name.table, pass.scope);
    }
    return predicate.node;
  }

  deleteRewrite(name: ReferenceName, pass: Pass): NamedDeleteRewrite | undefined {
    this.#note(pass);
    for (const named of this.#hooks.rewriteDelete) {
      const answer = this.#call(named, "rewriteDelete", name, "delete", false, pass);
      if (answer === undefined) continue;
      validateRewrite(answer, named.plugin);
      if (answer !== "deny") refuseShadowedValues(answer.set, name, pass);
      return { plugin: named.plugin, answer };
    }
    return undefined;
  }

  assignments(
    name: ReferenceName,
    operation: "insert" | "update",
    pass: Pass,
  ): readonly NamedAssignment[] {
    this.#note(pass);
    return this.#hooks.stamp.flatMap((named) => {
      const answer = this.#call(named, "stamp", name, operation, false, pass);
      if (answer === undefined) return [];
      validateStamp(answer, named.plugin);
      refuseShadowedValues(answer.set, name, pass);
      return [{ plugin: named.plugin, ...answer }];
    });
  }

  checks(
    name: ReferenceName,
    operation: "insert" | "update",
    returning: boolean,
    pass: Pass,
  ): NamedCheck[] {
    this.#note(pass);
    return this.#hooks.check.flatMap((named) => {
      const { plugin } = named;
      const answer = this.#call(named, "check", name, operation, returning, pass);
      if (answer === undefined) return [];
      validateCheck(answer, plugin);
      const { columns, says, implied } = answer;
      return [{
        plugin,
        columns,
        says,
        implied: implied ?? answer.predicate === undefined,
        key: answer.key ?? answer.predicate,
        asProposed: answer.asProposed,
        satisfied: answer.satisfied?.bind(answer),
        predicate: answer.predicate?.bind(answer),
        refuse: answer.refuse?.bind(answer),
      }];
    });
  }

  rowPredicate(
    check: NamedCheck,
    name: ReferenceName,
    operation: "insert" | "update",
    pass: Pass,
  ): OperationNode {
    const { plugin, predicate } = check;
    const reference = new Reference(name, operation, this.#physicalName);
    const context = new CallContext(pass, plugin, "check");
    const answer = callHook(plugin, "check", () => predicate!(reference, context));
    const written = inSchema(filterNode(answer, plugin, "check"), pass.rules);
    const { names, reads: own } = namesIn(written, (name) => pass.rules.cteKey(name));
    const alias = name.qualifier.table.identifier.name;
    if (names.has(alias)) throw captured(alias, name.table);
    const holds = subjectToPlugins(written, pass);
    // What the filters of other tables read counts as well.
    const { reads, tables } = namesIn(holds, (name) => pass.rules.cteKey(name));
    refuseShadowed(reads, name.table, pass.scope);
    const { checks } = pass.rules.traits;
    if (checks.place === "returning" && checks.seesWritten && own.size > 0) {
      const { identifier } = name.table.table;
      const key = pass.rules.cteKey(identifier.name);
      if (tables.has(key)) throw seesItself(check, name.table);
    }
    return holds;
  }

  mask(name: ReferenceName, operation: QueryOperation, pass: Pass): MaskedColumns | undefined {
    this.#note(pass);
    const answers = this.#hooks.mask.flatMap((named) => {
      const answer = this.#call(named, "mask", name, operation, false, pass);
      if (answer === undefined) return [];
      validateMask(answer, named.plugin);
      return [{ plugin: named.plugin, answer }];
    });
    return answers.length === 0 ? undefined : new TableMask(answers, name, pass);
  }

  /** Notes a table that is to be looked up before the query runs. */
  #note({ usage }: Pass): void {
    if (this.unknown === undefined) return;
    usage.unknown = [...usage.unknown, this.unknown];
  }

  /** Calls a hook about a reference, and notes that it applied where it answered. */
  #call<H extends Exclude<TableHook, "filter">>(
    named: NamedHooks,
    hook: H,
    name: ReferenceName,
    operation: QueryOperation,
    returning: boolean,
    pass: Pass,
  ): ReturnType<NonNullable<PluginHooks[H]>> {
    const { plugin, hooks } = named;
    const reference = new Reference(name, operation, this.#physicalName, returning);
    const context = new CallContext(pass, plugin, hook);
    // Each of these hooks takes a reference and a context.
    const ask = hooks[hook] as (reference: TableReference, context: HookContext) => any;
    const answer = callHook(plugin, hook, () => ask.call(hooks, reference, context));
    if (hooks.stable !== true) pass.usage.once = true;
    if (answer !== undefined) this.#trace(name, operation, hook, [named], pass);
    return answer;
  }

  #trace(
    name: ReferenceName,
    operation: QueryOperation,
    hook: TableHook,
    applied: readonly NamedHooks[],
    pass: Pass,
  ): void {
    if (pass.trace === undefined) return;
    const known = name.known === undefined ? name : { ...name, qualifier: name.known };
    const reference = new Reference(known, operation, this.#physicalName);
    pass.trace.add(reference, hook, applied, (plugin) => new CallContext(pass, plugin, "explain"));
  }

  #keptPredicate(name: ReferenceName, operation: QueryOperation, pass: Pass): Predicate {
    let byName = this.#kept.get(operation);
    if (byName === undefined) this.#kept.set(operation, byName = new Map());
    const alias = name.alias === undefined ? "" : name.alias.name;
    const key = name.actions === undefined ? alias : `${alias}\0${name.actions.join()}`;
    const known = byName.get(key);
    for (let i = 0; known !== undefined && i < known.length; i++) {
      if (isFor(known[i]!, pass)) return known[i]!;
    }
    const predicate = this.#ask(name, operation, pass);
    if (predicate.once || predicate.unknown.length > 0) return predicate;
    // Aliases and contexts may be many: bounds keep them from piling up.
    if (byName.size >= MOST_ALIASES) byName.clear();
    // What was made for one context alone is of no use when another has taken its place.
    const lasting = known?.filter((each) => each.madeFor === ANY).slice(0, MOST_PREDICATES - 1) ??
      [];
    byName.set(key, [predicate, ...lasting]);
    return predicate;
  }

  #ask(name: ReferenceName, operation: QueryOperation, outer: Pass): Predicate {
    if (outer.isAsking(this, operation)) throw recursive(name.table);
    return outer.asking(this, operation, (pass) => {
      const distinct = new DistinctNodes();
      const by: NamedHooks[] = [];
      for (const named of this.#hooks.filter) {
        const { plugin, hooks } = named;
        const reference = new Reference(name, operation, this.#physicalName);
        const context = new CallContext(pass, plugin, "filter");
        const answer = callHook(plugin, "filter", () => hooks.filter!(reference, context));
        if (answer === undefined) continue;
        by.push(named);
        distinct.add(operandOfAnd(inSchema(filterNode(answer, plugin), pass.rules)));
      }
      const { nodes } = distinct;
      let node: OperationNode | undefined;
      let reads: ReadonlySet<string> | undefined;
      if (nodes.length > 0) {
        const written = nodes.reduce((left, right) => AndNode.create(left, right));
        const readsNothing = isPlainExpression(written, pass.rules);
        const own = name.qualifier.table.identifier.name;
        if (!readsNothing && namesIn(written, (name) => pass.rules.cteKey(name)).names.has(own)) {
          throw captured(own, name.table);
        }
        node = readsNothing ? written : subjectToPlugins(written, pass);
        // What the filters of the tables read that it reads counts as well.
        if (!readsNothing) {
          const all = namesIn(node, (name) => pass.rules.cteKey(name));
          if (all.reads.size > 0) reads = all.reads;
        }
      }
      const { context, once, deferred, keys, unknown } = pass.usage;
      return {
        node,
        reads,
        context,
        madeFor: context ? pass.rules.request.context : ANY,
        unknown,
        once,
        deferred: node !== undefined && deferred,
        keys,
        by,
      };
    });
  }
}

/** SQL that a plugin assigns reads what it says it reads, whatever the query has for CTEs. */
function refuseShadowedValues(
  values: Readonly<Record<string, unknown>>,
  { table }: ReferenceName,
  { scope, rules }: Pass,
): void {
  if (scope === undefined) return;
  for (const value of Object.values(values)) {
    const node = nodeOfSource(value);
    if (node === undefined) continue;
    refuseShadowed(namesIn(node, (name) => rules.cteKey(name)).reads, table, scope);
  }
}

function isFor(predicate: Predicate, pass: Pass): boolean {
  const { request, callerMayChange } = pass.rules;
  if (predicate.madeFor !== ANY && predicate.madeFor !== request.context) return false;
  return predicate.keys.length === 0 ||
    sameKeys(predicate.keys, request, pass.run, callerMayChange);
}
