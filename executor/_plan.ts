import {
  AliasNode,
  AndNode,
  ColumnNode,
  createQueryId,
  ExpressionWrapper,
  IdentifierNode,
  type OperationNode,
  ParensNode,
  ReferenceNode,
  SelectionNode,
  SelectQueryNode,
  sql,
  type TableNode,
  ValueNode,
} from "kysely";
import {
  bothVariants,
  type Guard,
  sameVariants,
  type Usage,
  type Variant,
  type View,
} from "./_guard.ts";
import { ExecutorError, PluginHookError, QueryRefusedError } from "./errors.ts";
import type { ExplainedHook } from "./explain_query.ts";
import type {
  ColumnMask,
  DeleteRewrite,
  MergeAction,
  PluginHooks,
  QueryOperation,
  RowCheck,
  Stamp,
  TableReference,
} from "./plugin.ts";
import { namesIn, nodeOfSource, sameNode } from "./rewrite/_nodes.ts";
import { operandOfAnd } from "./rewrite/_predicate.ts";
import { isCte, type Scope } from "./rewrite/_scope.ts";
import { visit } from "./rewrite/_visit.ts";

/** The hooks of one plugin, with its name for errors. */
export interface NamedHooks {
  readonly plugin: string;
  readonly hooks: PluginHooks;
}

/** How a reference is written. */
export interface ReferenceName {
  /** The table. */
  readonly table: TableNode;
  /** What qualifies the reference's columns: its alias, or the table. */
  readonly qualifier: TableNode;
  /** The alias, where there is one. */
  readonly alias: IdentifierNode | undefined;
  /** What the query knows the reference by, where a derived table is put there. */
  readonly known?: TableNode;
  /** What a MERGE does with its target. */
  readonly actions?: readonly MergeAction[];
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
    this.#trace(name, operation, "filter", [], guard);
    const predicate = this.#stable
      ? this.#keptPredicate(name, operation, guard)
      : this.#ask(name, operation, guard);
    this.#trace(name, operation, "filter", predicate.by, guard);
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
    const plain = guard.withoutFlags;
    return plain === guard
      ? visit(written, undefined, guard)
      : underAnother(guard.usage, plain, () => visit(written, undefined, plain));
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
    const kept = known?.find((each) => isFor(each, guard));
    if (kept !== undefined) return kept;
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
      // A filter's own subqueries keep to the plugins as well: to what the caller may see, and not
      // to what the handle's flags ask to be shown.
      const plain = guard.withoutFlags;
      const node = plain === guard
        ? visit(written, undefined, guard)
        : underAnother(usage, plain, () => visit(written, undefined, plain));
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

/** The masked columns of one reference. */
export class TableMask {
  /** All columns. */
  readonly columns: readonly string[];
  /** What the caller may not write, as columns are compared. */
  readonly unwritable: ReadonlySet<string>;
  readonly #hidden = new Map<string, OperationNode>();
  readonly #names: string[] = [];

  constructor(
    answers: readonly { readonly plugin: string; readonly answer: ColumnMask }[],
    name: ReferenceName,
    guard: Guard,
  ) {
    this.columns = answers[0]!.answer.columns;
    this.unwritable = new Set(
      answers.flatMap(({ answer }) =>
        (answer.unwritable ?? []).map((column) => guard.columnKey(column))
      ),
    );
    for (const { plugin, answer } of answers) {
      for (const [column, shown] of Object.entries(answer.hidden)) {
        const key = guard.columnKey(column);
        // The first plugin has its say; NULL goes before all.
        if (this.#hidden.has(key) && shown !== null) continue;
        this.#names.push(column);
        this.#hidden.set(key, shownAs(shown, column, name, plugin, guard));
      }
    }
  }

  /** The names of the columns that are hidden. */
  get names(): readonly string[] {
    return this.#names;
  }

  /** Whether a column is. */
  hides(column: string, guard: Guard): boolean {
    return this.#hidden.has(guard.columnKey(column));
  }

  /** What is seen in a column's place. */
  shown(column: string, guard: Guard): OperationNode {
    return this.#hidden.get(guard.columnKey(column))!;
  }

  /** What `*` stands for. */
  selections(name: ReferenceName, guard: Guard): SelectionNode[] {
    return this.columns.map((column) => {
      const shown = this.#hidden.get(guard.columnKey(column));
      return SelectionNode.create(
        shown === undefined
          ? ReferenceNode.create(ColumnNode.create(column), name.qualifier)
          : AliasNode.create(shown, IdentifierNode.create(column)),
      );
    });
  }
}

function shownAs(
  shown: unknown,
  column: string,
  name: ReferenceName,
  plugin: string,
  guard: Guard,
): OperationNode {
  const own = ReferenceNode.create(ColumnNode.create(column), name.qualifier);
  // NULL of the column's type.
  if (shown === null) {
    return sql`case when 1 = 0 then ${new ExpressionWrapper(own)} end`.toOperationNode();
  }
  const node = callHook(plugin, "mask", () => nodeOfSource(shown));
  if (node === undefined) return ValueNode.create(shown);
  const written = ParensNode.create(inSchema(filterNode(shown, plugin, "mask"), guard));
  const { names } = namesIn(written, guard);
  const alias = name.qualifier.table.identifier.name;
  if (names.has(alias)) throw captured(alias, name.table);
  const plain = guard.withoutFlags;
  return plain === guard
    ? visit(written, undefined, guard)
    : underAnother(guard.usage, plain, () => visit(written, undefined, plain));
}

function validateMask(answer: ColumnMask, plugin: string): void {
  const { columns, hidden, unwritable } = (answer ?? {}) as Partial<ColumnMask>;
  if (
    Array.isArray(columns) && typeof hidden === "object" && hidden !== null &&
    (unwritable === undefined || Array.isArray(unwritable))
  ) {
    return;
  }
  throw new PluginHookError(
    plugin,
    "mask",
    "it answered with something else; return { columns, hidden: { column: null } } or undefined",
  );
}

/** A table reference as hooks see it. */
export class Reference implements TableReference {
  /** @inheritdoc */
  readonly table: string;
  /** @inheritdoc */
  readonly physicalName: string;
  /** @inheritdoc */
  readonly schema: string | undefined;
  /** @inheritdoc */
  readonly alias: string;
  /** @inheritdoc */
  readonly operation: QueryOperation;
  /** @inheritdoc */
  readonly role: "source" | "target";
  /** @inheritdoc */
  readonly returning: boolean;
  /** @inheritdoc */
  readonly actions: readonly MergeAction[] | undefined;
  readonly #qualifier: TableNode;

  constructor(
    { table, qualifier, actions }: ReferenceName,
    operation: QueryOperation,
    physicalName: string,
    returning = false,
  ) {
    this.returning = returning;
    this.actions = actions;
    this.table = table.table.identifier.name;
    this.physicalName = physicalName;
    this.schema = table.table.schema?.name;
    this.alias = qualifier.table.identifier.name;
    this.operation = operation;
    this.role = operation === "select" ? "source" : "target";
    this.#qualifier = qualifier;
  }

  column<T = unknown>(name: string): ExpressionWrapper<any, any, T> {
    return new ExpressionWrapper(ReferenceNode.create(ColumnNode.create(name), this.#qualifier));
  }
}

/** Calls a hook; what it throws is told with the plugin's name, but for our own errors. */
export function callHook<T>(plugin: string, hook: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (error instanceof ExecutorError) throw error;
    throw new PluginHookError(plugin, hook, `it threw (${describe(error)})`, { cause: error });
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function contextOf(guard: Guard): Predicate["context"] {
  return guard.usage.context ? guard.view.context : ANY;
}

function isFor(predicate: Predicate, { view: { context }, run }: Guard): boolean {
  return (predicate.context === ANY || predicate.context === context) &&
    sameVariants(predicate.variants, context, run);
}

/** Does something with another guard, and notes what it has used for the first. */
function underAnother<T>(usage: Usage, other: Guard, make: () => T): T {
  const before = { ...other.usage };
  Object.assign(other.usage, { context: false, late: false, moment: false, variants: [] });
  try {
    return make();
  } finally {
    const used = other.usage;
    usage.context ||= used.context;
    usage.late ||= used.late;
    usage.moment ||= used.moment;
    usage.variants = bothVariants(usage.variants, used.variants);
    Object.assign(used, before);
  }
}

/** The node of what a hook answered. */
export function filterNode(
  answer: unknown,
  plugin: string,
  hook: "filter" | "check" | "mask" = "filter",
): OperationNode {
  const node = callHook(plugin, hook, () => nodeOfSource(answer));
  if (node !== undefined && EXPRESSIONS.has(node.kind)) return node;
  throw new PluginHookError(
    plugin,
    hook,
    `it answered with ${typeof answer}; return an expression` +
      (hook === "check" ? "" : `, or undefined for no ${hook}`),
  );
}

const EXPRESSIONS: ReadonlySet<string> = new Set([
  "AggregateFunctionNode",
  "AndNode",
  "BinaryOperationNode",
  "CaseNode",
  "CastNode",
  "ColumnNode",
  "FunctionNode",
  "JSONReferenceNode",
  "OrNode",
  "ParensNode",
  "RawNode",
  "ReferenceNode",
  "SelectQueryNode",
  "UnaryOperationNode",
  "ValueNode",
]);

function validateStamp(answer: Stamp, plugin: string): void {
  const { set, given } = (answer ?? {}) as Partial<Stamp>;
  const isSet = typeof set === "object" && set !== null && !Array.isArray(set);
  if (isSet && (given === undefined || ["keep", "replace", "refuse"].includes(given))) return;
  throw new PluginHookError(
    plugin,
    "stamp",
    "it answered with something else; return { set: { column: value }, given } or undefined",
  );
}

function validateCheck(answer: RowCheck, plugin: string): void {
  const { columns, satisfied, predicate, refuse } = (answer ?? {}) as Partial<RowCheck>;
  const isFunction = (value: unknown): boolean =>
    value === undefined || typeof value === "function";
  if (
    Array.isArray(columns) && [satisfied, predicate, refuse].every(isFunction) &&
    (satisfied !== undefined || predicate !== undefined)
  ) {
    return;
  }
  throw new PluginHookError(
    plugin,
    "check",
    "it answered with something else; return { columns, satisfied, predicate, says } or undefined",
  );
}

/**
 * Puts the tables that a predicate's subqueries read into the schema of the handle, as those of the
 * user's query are: they stand in the selection of a query for as long as Kysely's plugin looks.
 */
function inSchema(node: OperationNode, guard: Guard): OperationNode {
  let out = node;
  for (const plugin of guard.schemas) {
    const selection = SelectionNode.create(AliasNode.create(out, IdentifierNode.create("p")));
    const query = SelectQueryNode.cloneWithSelections(SelectQueryNode.create(), [selection]);
    const { selections } = plugin.transformQuery({
      node: query,
      queryId: createQueryId(),
    }) as SelectQueryNode;
    out = (selections![0]!.selection as AliasNode).node;
  }
  return out;
}

function validateRewrite(answer: unknown, plugin: string): void {
  if (answer === "deny") return;
  const { set } = (answer ?? {}) as Partial<DeleteRewrite>;
  if (
    typeof set === "object" && set !== null && !Array.isArray(set) && Object.keys(set).length > 0
  ) {
    return;
  }
  throw new PluginHookError(
    plugin,
    "rewriteDelete",
    'it answered with something else; return { set: { column: value } }, "deny" or undefined',
  );
}

function recursive(table: TableNode): QueryRefusedError {
  const name = table.table.identifier.name;
  return new QueryRefusedError(
    `Cannot filter table "${name}": its filter reads "${name}" again, without end; ` +
      `let the filter read another table`,
    "RECURSIVE_FILTER",
    name,
  );
}

function shadowed(name: string, table: TableNode): QueryRefusedError {
  return new QueryRefusedError(
    `Cannot filter table "${table.table.identifier.name}": its filter reads table "${name}", ` +
      `which a common table expression of the query hides; rename the common table expression`,
    "SHADOWED_TABLE",
    name,
  );
}

function captured(name: string, table: TableNode): QueryRefusedError {
  return new QueryRefusedError(
    `Cannot filter table "${table.table.identifier.name}" under the name "${name}": a subquery ` +
      `of its filter uses that name as well; choose another alias`,
    "AMBIGUOUS_NAME",
    name,
  );
}
