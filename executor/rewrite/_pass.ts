import type { OperationNode } from "kysely";
import type { Attributes } from "../contract/plugin.ts";
import type { CteScope } from "../tree/_cte_scope.ts";
import { RowChecks } from "./_row_checks.ts";
import type { Rules, RuleTrace, TableRules } from "./rules.ts";

/**
 * What a query is rewritten for: `run` it now; `prepare` it, so that deferred parameters are left in
 * it and read when it is bound; `explain` which rules apply to it.
 */
export type PassMode = "run" | "prepare" | "explain";

/** What a hook has read of a context, and what the result is cached by. */
export interface CacheKey {
  /** Reads it of any context. */
  readonly read: (context: Attributes | undefined, run: object) => unknown;
  /** What it was. */
  readonly value: unknown;
}

/** What the rewriting of a query has used, and so what its result depends on. */
export class Usage {
  /** A hook looked at the context itself: the result is good for this context only. */
  context = false;
  /** The hook's result may differ between calls: it is not kept. */
  once = false;
  /** The result may hold parameters that are read when the query runs. */
  deferred = false;
  /** What hooks have read of the context: the result is good where they would read the same. */
  keys: readonly CacheKey[] = NO_KEYS;

  /** Notes what a part of the query has used. */
  add(part: Pick<Usage, "context" | "once" | "deferred" | "keys">): void {
    if (part.context) this.context = true;
    if (part.once) this.once = true;
    if (part.deferred) this.deferred = true;
    if (part.keys.length > 0) this.keys = bothKeys(this.keys, part.keys);
  }
}

const NO_KEYS: readonly CacheKey[] = [];

/** Returns both lists, without what is there twice. */
function bothKeys(a: readonly CacheKey[], b: readonly CacheKey[]): readonly CacheKey[] {
  if (a.length === 0) return b;
  const added = b.filter((each) => !a.some(({ read }) => read === each.read));
  return added.length === 0 ? a : [...a, ...added];
}

/** Tables whose filters are being asked, the innermost first. */
interface Asking {
  readonly table: TableRules;
  readonly outer: Asking | undefined;
}

type Walk = (node: OperationNode, pass: Pass) => OperationNode;

/**
 * One rewriting of one query: all of its state. A query that a hook builds while it is asked makes a
 * pass of its own, and so changes nothing of this one.
 */
export class Pass {
  readonly rules: Rules;
  readonly mode: PassMode;
  /** The CTE names visible here. */
  readonly scope: CteScope | undefined;
  readonly usage: Usage;
  /** What the statement leaves to be checked when it runs. */
  readonly checks: RowChecks;
  readonly trace: RuleTrace | undefined;
  /** Stands for the run of the query: what is read of a context is the same for all of one run. */
  readonly run: object;
  /** Whether checks of the parameters of a prepared query are left to when it is bound. */
  readonly defersChecks: boolean;
  readonly #walk: Walk;
  readonly #asking: Asking | undefined;

  private constructor(props: PassProps) {
    this.rules = props.rules;
    this.mode = props.mode;
    this.scope = props.scope;
    this.usage = props.usage;
    this.checks = props.checks;
    this.trace = props.trace;
    this.run = props.run;
    this.defersChecks = props.defersChecks;
    this.#walk = props.walk;
    this.#asking = props.asking;
  }

  /** Begins a pass. */
  static start(
    rules: Rules,
    walk: Walk,
    options: { mode: PassMode; trace: RuleTrace | undefined; defersChecks: boolean },
  ): Pass {
    return new Pass({
      ...options,
      rules,
      walk,
      scope: undefined,
      usage: new Usage(),
      checks: new RowChecks(),
      run: {},
      asking: undefined,
    });
  }

  /** Rewrites a node and everything below it. */
  visit(node: OperationNode): OperationNode {
    return this.#walk(node, this);
  }

  /** Returns the same pass at a place that sees other CTE names. */
  within(scope: CteScope | undefined): Pass {
    return scope === this.scope ? this : new Pass({ ...this.#props(), scope });
  }

  /**
   * Rewrites a part of the query by the rules of another executor instance, and notes what it used.
   */
  under<T>(rules: Rules, rewrite: (pass: Pass) => T): T {
    const usage = new Usage();
    try {
      return rewrite(new Pass({ ...this.#props(), rules, usage }));
    } finally {
      this.usage.add(usage);
    }
  }

  /** Asks the filters of a table, as a part that can be kept: it has a usage of its own. */
  asking<T>(table: TableRules, ask: (pass: Pass) => T): T {
    const usage = new Usage();
    const asking = { table, outer: this.#asking };
    return ask(new Pass({ ...this.#props(), scope: undefined, usage, asking }));
  }

  /** Returns true if the filters of a table are being asked by this pass. */
  isAsking(table: TableRules): boolean {
    for (let a = this.#asking; a !== undefined; a = a.outer) if (a.table === table) return true;
    return false;
  }

  #props(): PassProps {
    return {
      rules: this.rules,
      mode: this.mode,
      scope: this.scope,
      usage: this.usage,
      checks: this.checks,
      trace: this.trace,
      run: this.run,
      defersChecks: this.defersChecks,
      walk: this.#walk,
      asking: this.#asking,
    };
  }
}

interface PassProps {
  readonly rules: Rules;
  readonly mode: PassMode;
  readonly scope: CteScope | undefined;
  readonly usage: Usage;
  readonly checks: RowChecks;
  readonly trace: RuleTrace | undefined;
  readonly run: object;
  readonly defersChecks: boolean;
  readonly walk: Walk;
  readonly asking: Asking | undefined;
}
