import { AndNode, type OperationNode } from "kysely";
import {
  callHook,
  filterNode,
  validateCheck,
  validateMask,
  validateRewrite,
  validateStamp,
} from "./_validate_results.ts";
import { bothVariants, type Guard, sameVariants, type Variant, type View } from "./_rules.ts";
import { captured, inSchema, keepingToPlugins, recursive, shadowed } from "./_plugin_sql.ts";
import { TableMask } from "./_table_mask.ts";
import { Reference, type ReferenceName } from "../tree/_table_reference.ts";
import type { ExplainedHook } from "../api/explain_query.ts";
import type {
  DeleteRewrite,
  PluginHooks,
  QueryOperation,
  RowCheck,
  Stamp,
} from "../contract/plugin.ts";
import { namesIn, sameNode } from "../tree/_nodes.ts";
import { operandOfAnd } from "../tree/_predicate.ts";
import { isCte, type Scope } from "../rewrite/_with.ts";

/** The hooks of one plugin, with its name for errors. */
export interface NamedHooks {
  readonly plugin: string;
  readonly hooks: PluginHooks;
}

/** A stamp, and whose it is. */
export interface NamedStamp extends Stamp {
  readonly plugin: string;
}

/** A check, and whose it is. */
export interface NamedCheck {
  readonly plugin: string;
  readonly columns: readonly string[];
  readonly says: string;
  readonly implied: boolean;
  readonly satisfied: RowCheck["satisfied"] | undefined;
  readonly predicate: RowCheck["predicate"] | undefined;
  /** The function that the plugin gave: of checks that ask the same it is the same. */
  readonly meaning: RowCheck["predicate"] | undefined;
  readonly refuse: RowCheck["refuse"] | undefined;
}

interface Predicate {
  readonly node: OperationNode | undefined;
  /** The context it was made under, where a hook looked at it. */
  readonly context: View["context"] | typeof ANY;
  /** Whether it may be another one next time: a filter that its subqueries met is not stable. */
  readonly fleeting: boolean;
  /** Whether it holds values that are read when the query runs. */
  readonly late: boolean;
  /** What else it is good for. */
  readonly variants: readonly Variant[];
  /** Whose filters it is made of. */
  readonly by: readonly NamedHooks[];
  /** Tables that the predicate's own subqueries read: a CTE of such a name would take their place. */
  readonly reads: ReadonlySet<string> | undefined;
}

const MOST_ALIASES = 1_000;
const MOST_VARIANTS = 8;

/** Stands for every context. */
const ANY: unique symbol = Symbol("any context");

/** What the plugins do to one table, for the handles of the same flags. */
export class TablePlan {
  readonly #filters: readonly NamedHooks[];
  readonly #rewriters: readonly NamedHooks[];
  readonly #stampers: readonly NamedHooks[];
  readonly #checkers: readonly NamedHooks[];
  readonly #maskers: readonly NamedHooks[];
  readonly #stable: boolean;
  readonly #kept = new Map<QueryOperation, Map<string, Predicate[]>>();
  #asking = false;

  readonly #physicalName: string;

  /**
   * Makes the plan of a table.
   *
   * @param physicalName the name that the database has for the table
   * @param hooks the hooks that apply to the table, in the order of their plugins
   */
  constructor(physicalName: string, hooks: readonly NamedHooks[]) {
    this.#physicalName = physicalName;
    this.#filters = hooks.filter(({ hooks }) => hooks.filter !== undefined);
    this.#rewriters = hooks.filter(({ hooks }) => hooks.rewriteDelete !== undefined);
    this.#stampers = hooks.filter(({ hooks }) => hooks.stamp !== undefined);
    this.#checkers = hooks.filter(({ hooks }) => hooks.check !== undefined);
    this.#maskers = hooks.filter(({ hooks }) => hooks.mask !== undefined);
    this.#stable = this.#filters.every(({ hooks }) => hooks.stable === true);
  }

  /**
   * The predicate that says which rows of a reference exist.
   *
   * @param scope the CTE names in sight of the place where the predicate will stand
   * @returns `undefined` where all rows do; else a node that is safe as an operand of AND
   */
  predicate(
    name: ReferenceName,
    operation: QueryOperation,
    scope: Scope | undefined,
    guard: Guard,
  ): OperationNode | undefined {
    if (this.#filters.length === 0) return undefined;
    // What refuses the reference is to be seen with it.
    if (guard.core.trace !== undefined) this.#trace(name, operation, "filter", [], guard);
    const predicate = this.#stable
      ? this.#keptPredicate(name, operation, guard)
      : this.#ask(name, operation, guard);
    if (guard.core.trace !== undefined) {
      this.#trace(name, operation, "filter", predicate.by, guard);
    }
    if (predicate.context !== ANY) guard.usage.context = true;
    if (!this.#stable || predicate.fleeting) guard.usage.moment = true;
    if (predicate.late) guard.usage.late = true;
    if (predicate.variants.length > 0) {
      guard.usage.variants = bothVariants(guard.usage.variants, predicate.variants);
    }
    if (predicate.reads !== undefined && scope !== undefined) {
      for (const read of predicate.reads) {
        if (isCte(scope, read)) throw shadowed(read, name.table);
      }
    }
    return predicate.node;
  }

  /** What becomes of a DELETE of the table: the first answer a plugin gives. */
  deleteRewrite(
    name: ReferenceName,
    guard: Guard,
  ): DeleteRewrite | "deny" | undefined {
    for (const named of this.#rewriters) {
      const { plugin, hooks } = named;
      const reference = new Reference(name, "delete", this.#physicalName);
      guard.caller = { plugin, hook: "rewriteDelete" };
      const answer = callHook(
        plugin,
        "rewriteDelete",
        () => hooks.rewriteDelete!(reference, guard.hookContext),
      );
      if (answer === undefined) continue;
      validateRewrite(answer, plugin);
      this.#trace(name, "delete", "rewriteDelete", [named], guard);
      if (hooks.stable !== true) guard.usage.moment = true;
      return answer;
    }
    return undefined;
  }

  /** What the plugins set on rows that are written, in their order. */
  stamps(
    name: ReferenceName,
    operation: "insert" | "update",
    guard: Guard,
    returning = false,
  ): NamedStamp[] {
    return this.#stampers.flatMap((named) => {
      const { plugin, hooks } = named;
      const reference = new Reference(name, operation, this.#physicalName, returning);
      guard.caller = { plugin, hook: "stamp" };
      const answer = callHook(plugin, "stamp", () => hooks.stamp!(reference, guard.hookContext));
      if (answer === undefined) return [];
      if (hooks.stable !== true) guard.usage.moment = true;
      validateStamp(answer, plugin);
      this.#trace(name, operation, "stamp", [named], guard);
      return [{ plugin, ...answer }];
    });
  }

  /** What the plugins ask of rows that are written. */
  checks(
    name: ReferenceName,
    operation: "insert" | "update",
    returning: boolean,
    guard: Guard,
  ): NamedCheck[] {
    return this.#checkers.flatMap((named) => {
      const { plugin, hooks } = named;
      const reference = new Reference(name, operation, this.#physicalName, returning);
      guard.caller = { plugin, hook: "check" };
      const answer = callHook(plugin, "check", () => hooks.check!(reference, guard.hookContext));
      if (answer === undefined) return [];
      if (hooks.stable !== true) guard.usage.moment = true;
      validateCheck(answer, plugin);
      this.#trace(name, operation, "check", [named], guard);
      const { columns, says, implied } = answer;
      return [{
        plugin,
        columns,
        says,
        implied: implied ?? answer.predicate === undefined,
        satisfied: answer.satisfied?.bind(answer),
        predicate: answer.predicate?.bind(answer),
        meaning: answer.predicate,
        refuse: answer.refuse?.bind(answer),
      }];
    });
  }

  /**
   * The predicate of a check.
   *
   * @param name what the row is known by where the predicate will stand
   * @param scope the CTE names in sight there
   */
  rowPredicate(
    check: NamedCheck,
    name: ReferenceName,
    operation: "insert" | "update",
    scope: Scope | undefined,
    guard: Guard,
  ): OperationNode {
    const { plugin, predicate } = check;
    const reference = new Reference(name, operation, this.#physicalName);
    guard.caller = { plugin, hook: "check" };
    const answer = callHook(plugin, "check", () => predicate!(reference, guard.hookContext));
    const written = inSchema(filterNode(answer, plugin, "check"), guard);
    const { reads, names } = namesIn(written, guard);
    const own = name.qualifier.table.identifier.name;
    if (names.has(own)) throw captured(own, name.table);
    for (const read of reads) if (isCte(scope, read)) throw shadowed(read, name.table);
    return keepingToPlugins(written, guard);
  }

  /** Which columns of a reference are masked; `undefined` where none is. */
  mask(
    name: ReferenceName,
    operation: QueryOperation,
    guard: Guard,
  ): TableMask | undefined {
    if (this.#maskers.length === 0) return undefined;
    const answers = this.#maskers.flatMap((named) => {
      const { plugin, hooks } = named;
      const reference = new Reference(name, operation, this.#physicalName);
      guard.caller = { plugin, hook: "mask" };
      const answer = callHook(plugin, "mask", () => hooks.mask!(reference, guard.hookContext));
      if (hooks.stable !== true) guard.usage.moment = true;
      if (answer === undefined) return [];
      validateMask(answer, plugin);
      this.#trace(name, operation, "mask", [named], guard);
      return [{ plugin, answer }];
    });
    return answers.length === 0 ? undefined : new TableMask(answers, name, guard);
  }

  #trace(
    name: ReferenceName,
    operation: QueryOperation,
    hook: ExplainedHook,
    applied: readonly NamedHooks[],
    guard: Guard,
  ): void {
    const { trace } = guard.core;
    if (trace === undefined) return;
    const known = name.known === undefined ? name : { ...name, qualifier: name.known };
    trace.add(new Reference(known, operation, this.#physicalName), hook, applied, guard);
  }

  #keptPredicate(
    name: ReferenceName,
    operation: QueryOperation,
    guard: Guard,
  ): Predicate {
    let byName = this.#kept.get(operation);
    if (byName === undefined) this.#kept.set(operation, byName = new Map());
    const alias = name.alias === undefined ? "" : name.alias.name;
    const key = name.actions === undefined ? alias : `${alias}\0${name.actions.join()}`;
    const known = byName.get(key);
    for (let i = 0; known !== undefined && i < known.length; i++) {
      if (isFor(known[i]!, guard)) return known[i]!;
    }
    const predicate = this.#ask(name, operation, guard);
    if (predicate.fleeting) return predicate;
    // Aliases and contexts may be many: bounds keep them from piling up.
    if (byName.size >= MOST_ALIASES) byName.clear();
    // What was made for one context alone is of no use when another has taken its place.
    const lasting = known?.filter((each) => each.context === ANY).slice(0, MOST_VARIANTS - 1) ?? [];
    byName.set(key, [predicate, ...lasting]);
    return predicate;
  }

  #ask(
    name: ReferenceName,
    operation: QueryOperation,
    guard: Guard,
  ): Predicate {
    if (this.#asking) throw recursive(name.table);
    this.#asking = true;
    const { usage } = guard;
    const { context: before, late, moment, variants } = usage;
    usage.context = false;
    usage.late = false;
    usage.moment = false;
    usage.variants = [];
    try {
      const nodes: OperationNode[] = [];
      const by: NamedHooks[] = [];
      for (const named of this.#filters) {
        const { plugin, hooks } = named;
        const reference = new Reference(name, operation, this.#physicalName);
        guard.caller = { plugin, hook: "filter" };
        const answer = callHook(
          plugin,
          "filter",
          () => hooks.filter!(reference, guard.hookContext),
        );
        if (answer === undefined) continue;
        by.push(named);
        const node = operandOfAnd(inSchema(filterNode(answer, plugin), guard));
        if (!nodes.some((other) => sameNode(other, node))) nodes.push(node);
      }
      if (nodes.length === 0) {
        return {
          node: undefined,
          reads: undefined,
          context: contextOf(guard),
          fleeting: usage.moment,
          late: false,
          variants: usage.variants,
          by,
        };
      }
      const written = nodes.reduce((left, right) => AndNode.create(left, right));
      const { reads, names } = namesIn(written, guard);
      const own = name.qualifier.table.identifier.name;
      if (names.has(own)) throw captured(own, name.table);
      const node = keepingToPlugins(written, guard);
      return {
        node,
        reads: reads.size === 0 ? undefined : reads,
        context: contextOf(guard),
        fleeting: usage.moment,
        late: usage.late,
        variants: usage.variants,
        by,
      };
    } finally {
      this.#asking = false;
      usage.context ||= before;
      usage.late ||= late;
      usage.moment ||= moment;
      usage.variants = bothVariants(variants, usage.variants);
    }
  }
}

function contextOf(guard: Guard): Predicate["context"] {
  return guard.usage.context ? guard.view.context : ANY;
}

function isFor(predicate: Predicate, guard: Guard): boolean {
  const { context } = guard.view;
  if (predicate.context !== ANY && predicate.context !== context) return false;
  // The run is made when somebody asks for it.
  return predicate.variants.length === 0 || sameVariants(predicate.variants, context, guard.run);
}
