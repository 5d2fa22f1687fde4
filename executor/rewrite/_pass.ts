import type { OperationNode } from "kysely";
import type { QueryOperation } from "../contract/plugin.ts";
import type { TableId } from "../contract/table_scope.ts";
import type { ContextRead, ReadContext } from "../tree/_context_memo.ts";
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
  readonly read: ReadContext;
  /** What it was. */
  readonly value: unknown;
  /** What it is the key of; `undefined` where it is that itself. */
  readonly of?: ContextRead | undefined;
  /** Returns the key of what is read. */
  readonly keyOf?: ((value: any) => unknown) | undefined;
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
  /** Tables that nobody knows yet: the result is good for nothing until they were looked up. */
  unknown: readonly TableId[] = NO_TABLES;

  /** Notes what a part of the query has used. */
  add(part: Omit<Usage, "add">): void {
    if (part.context) this.context = true;
    if (part.once) this.once = true;
    if (part.deferred) this.deferred = true;
    if (part.keys.length > 0) this.keys = bothKeys(this.keys, part.keys);
    if (part.unknown.length > 0) this.unknown = [...this.unknown, ...part.unknown];
  }
}

const NO_KEYS: readonly CacheKey[] = [];
const NO_TABLES: readonly TableId[] = [];

/** Returns both lists, without what is there twice. */
function bothKeys(a: readonly CacheKey[], b: readonly CacheKey[]): readonly CacheKey[] {
  if (a.length === 0) return b;
  const added = b.filter((each) => !a.some(({ read }) => read === each.read));
  return added.length === 0 ? a : [...a, ...added];
}

/** Tables whose filters are being asked, the innermost first. */
interface Asking {
  readonly operation: QueryOperation;
  readonly table: TableRules;
  readonly outer: Asking | undefined;
}

/** How the queries of an executor instance are rewritten. */
export interface PassOptions {
  readonly walk: (node: OperationNode, pass: Pass) => OperationNode;
  readonly mode: PassMode;
  /** Set where the query is explained. */
  readonly trace?: RuleTrace | undefined;
  /** Whether checks of the parameters of a prepared query are left to when it is bound. Default true. */
  readonly defersChecks?: boolean | undefined;
}

/**
 * One rewriting of one query: all of its state. A query that a hook builds while it is asked makes a
 * pass of its own, and so changes nothing of this one.
 *
 * A pass is made for each query: what few queries need is made when it is asked for.
 */
export class Pass {
  readonly rules: Rules;
  /** The CTE names visible here. */
  readonly scope: CteScope | undefined;
  /** What the part of the query that is being rewritten has used. */
  readonly usage: Usage;
  private readonly root: Pass;
  private readonly options: PassOptions;
  private readonly walk: PassOptions["walk"];
  private readonly asked: Asking | undefined;
  private madeChecks: RowChecks | undefined = undefined;
  private madeRun: object | undefined = undefined;
  private madePlain: OperationNode | undefined = undefined;
  /** Whether filtered tables become derived tables here, because a WHERE may be lost. */
  private keepsWhere = true;

  private constructor(
    rules: Rules,
    options: PassOptions,
    root: Pass | undefined,
    scope: CteScope | undefined,
    usage: Usage | undefined,
    asked: Asking | undefined,
  ) {
    this.rules = rules;
    this.options = options;
    this.walk = options.walk;
    this.root = root ?? this;
    this.scope = scope;
    this.usage = usage ?? new Usage();
    this.asked = asked;
  }

  /**
   * Begins a pass.
   *
   * @param run stands for the run of the query, where that has begun before
   * @param plain the query, where it is known that nothing below its row sources has to be rewritten
   */
  static start(
    rules: Rules,
    options: PassOptions,
    run?: object,
    plain?: OperationNode,
  ): Pass {
    const pass = new Pass(rules, options, undefined, undefined, undefined, undefined);
    pass.madeRun = run;
    pass.madePlain = plain;
    return pass;
  }

  /** Returns true if nothing below the row sources of a statement has to be rewritten. */
  isPlain(node: OperationNode): boolean {
    return node === this.madePlain;
  }

  get mode(): PassMode {
    return this.options.mode;
  }

  get trace(): RuleTrace | undefined {
    return this.options.trace;
  }

  /** Whether checks of the parameters of a prepared query are left to when it is bound. */
  get defersChecks(): boolean {
    return this.options.defersChecks !== false;
  }

  /** What the statement leaves to be checked when it runs. */
  get checks(): RowChecks {
    return this.root.madeChecks ??= new RowChecks();
  }

  /** Returns {@linkcode Pass.checks}, or `undefined` where nothing is left to be checked. */
  get checksLeft(): RowChecks | undefined {
    const { madeChecks } = this.root;
    return madeChecks === undefined || madeChecks.isEmpty ? undefined : madeChecks;
  }

  /** Stands for the run of the query: what is read of a context is the same for all of one run. */
  get run(): object {
    return this.root.madeRun ??= {};
  }

  /** Returns true if plugins have rules for a table; notes one that nobody knows yet. */
  isGuarded(name: string, schema: string | undefined): boolean {
    return this.rules.table(name, schema)?.apply(this) === true;
  }

  /** Rewrites a node and everything below it. */
  visit(node: OperationNode): OperationNode {
    return this.walk(node, this);
  }

  /** Returns the same pass at a place that sees other CTE names. */
  within(scope: CteScope | undefined): Pass {
    if (scope === this.scope) return this;
    const pass = new Pass(this.rules, this.options, this.root, scope, this.usage, this.asked);
    pass.keepsWhere = this.keepsWhere;
    return pass;
  }

  /** Returns the same pass at a place where a WHERE may be lost. */
  deriving(): Pass {
    if (!this.keepsWhere) return this;
    const { rules, options, root, scope, usage, asked } = this;
    const pass = new Pass(rules, options, root, scope, usage, asked);
    pass.keepsWhere = false;
    return pass;
  }

  /** Whether filtered tables are to become derived tables, because a WHERE may be lost. */
  get derives(): boolean {
    return !this.keepsWhere;
  }

  /**
   * Rewrites a part of the query by the rules of another executor instance, and notes what it used.
   */
  under<T>(rules: Rules, rewrite: (pass: Pass) => T): T {
    const part = new Pass(rules, this.options, this.root, this.scope, undefined, this.asked);
    try {
      return rewrite(part);
    } finally {
      this.usage.add(part.usage);
    }
  }

  /** Asks the filters of a table, as a part that can be kept: it has a usage of its own. */
  asking<T>(table: TableRules, operation: QueryOperation, ask: (pass: Pass) => T): T {
    const asked = { table, operation, outer: this.asked };
    return ask(new Pass(this.rules, this.options, this.root, undefined, undefined, asked));
  }

  /**
   * Returns true if the filters of a table are being asked by this pass for an operation. A filter of
   * UPDATE may look at other rows of its table: those are read, and what is read is another question.
   */
  isAsking(table: TableRules, operation: QueryOperation): boolean {
    for (let a = this.asked; a !== undefined; a = a.outer) {
      if (a.table === table && a.operation === operation) return true;
    }
    return false;
  }
}
