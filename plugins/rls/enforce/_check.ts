import {
  type Attributes,
  columnFor,
  type HookContext,
  type PluginHost,
  type RowCheck,
  type TableReference,
} from "@kysera/executor";
import {
  BinaryOperationNode,
  type Expression,
  type OperationNode,
  OperatorNode,
  type SqlBool,
  ValueNode,
} from "kysely";
import { type Formula, type Leaf, leavesOf } from "../algebra/_algebra.ts";
import {
  type Answer,
  askerOf,
  columnOf,
  insideOf,
  LateAnswer,
  type Place,
  type ReadStamp,
} from "../algebra/_answer.ts";
import type { ContextSource } from "../context/_context_source.ts";
import {
  blamed,
  type Compare,
  comparerOfNew,
  type Truth,
  truthOf,
  truthOfLeaf,
} from "../algebra/_in_memory.ts";
import { expressionOf, predicateOf } from "../algebra/_predicate.ts";
import { messageOf, type Report } from "./_report.ts";
import { commandOf, type Site } from "../algebra/_site.ts";
import { RLSPolicyViolation } from "../contract/errors.ts";
import type { AnyRow } from "../contract/policy.ts";
import type { CompiledTable } from "../policy/policy_registry.ts";

/** What a check is made with. */
export interface CheckSetting {
  readonly host: PluginHost;
  readonly source: ContextSource;
  readonly report: Report;
  readonly bypassRoles: readonly string[];
  /** Whether triggers may change a row before it is stored: then its values say nothing of it. */
  readonly hasTriggers: boolean;
  /** Returns what is wrong with the name of a column; `undefined` where nothing is known to be. */
  readonly problemOf: Place["problemOf"];
  /** Reads what is stamped on a column of a table in a run. */
  readonly stamped: (table: CompiledTable, ...of: Parameters<ReadStamp>) => unknown;
}

/** A check, and whether some of it has to be asked about rows. */
export interface Checking {
  /** `undefined` where the policies are not for the caller. */
  readonly check: RowCheck | undefined;
  readonly asksForRows: boolean;
}

/**
 * What the policies ask of the new rows of a table, under one name of it. What it comes to is kept by
 * its form, as a statement is made much more often than the form is another one.
 */
export class Checker {
  readonly #table: CompiledTable;
  readonly #site: Site;
  readonly #setting: CheckSetting;
  readonly #ask: Ask;
  /** Asks of new rows where this is about changed ones, and of changed rows where it is not. */
  readonly #askOther: Ask;
  /** The columns that SQL of the policies has asked for. */
  readonly #looked = new Set<string>();
  readonly #kept = new Map<string, Checking>();

  /**
   * @param table the table
   * @param site where its rows are checked
   * @param reference a reference to it; another one has the same name
   * @param setting what it is made with
   */
  constructor(
    table: CompiledTable,
    site: Site,
    reference: TableReference,
    setting: CheckSetting,
  ) {
    this.#table = table;
    this.#site = site;
    this.#setting = setting;
    const { source, bypassRoles } = setting;
    const place = this.#placeOf(reference);
    const other = site === "update-check" ? "create-returning-check" : "update-check";
    this.#ask = askerOf(place, source, bypassRoles);
    this.#askOther = askerOf({ ...place, site: other }, source, bypassRoles);
  }

  /**
   * The check, for the caller of a statement.
   *
   * @param isUpsert whether new rows and changed ones may be asked the same
   * @throws {RLSPolicyViolation} where no row can satisfy the policies
   */
  check(context: HookContext, isUpsert: boolean): Checking {
    const { report } = this.#setting;
    const { answer, key, isShared } = context.cached((attributes, run) => {
      const answer = this.#ask(attributes, run);
      report.decided(answer, this.#site, this.#table);
      const isShared = isUpsert && !answer.asksForRows &&
        isLike(answer, () => this.#askOther(attributes, run));
      return { answer, key: isShared ? `${answer.key}=` : answer.key, isShared };
    }, ({ key }) => key);
    const { formulas, refusal, asksForRows } = answer;
    if (formulas === undefined) return FREE;
    if (refusal !== undefined) throw report.refused(this.#table, refusal);
    let kept = this.#kept.get(key);
    if (kept === undefined) {
      if (this.#kept.size >= MOST_PREDICATES) this.#kept.clear();
      kept = { check: this.#make(formulas, isShared ? key : undefined), asksForRows };
      this.#kept.set(key, kept);
    }
    return kept;
  }

  #make(formulas: readonly Formula[], sharedKey: string | undefined): RowCheck {
    const { report, hasTriggers, host } = this.#setting;
    const compare = comparerOfNew(host.dialect);
    const [table, site] = [this.#table, this.#site];
    const leaves = formulas.flatMap(leavesOf);
    for (const { verdict } of leaves) {
      if (verdict.kind !== "columns") continue;
      for (const { column } of verdict.terms) this.#looked.add(column);
    }
    let failed: readonly string[] | undefined;
    return {
      columns: [...this.#looked],
      satisfied: (row, attributes, run) => {
        const asked = this.#ask(attributes, run);
        if (asked.formulas === undefined) return true;
        if (asked.refusal !== undefined) throw report.refused(table, asked.refusal);
        if (hasTriggers) return undefined;
        const isStamped = (column: string): boolean =>
          Object.is(row[column], this.#setting.stamped(table, column, attributes, run));
        const verdicts = asked.formulas.map((formula) =>
          truthOfNew(formula, asked, row, site, isStamped, compare)
        );
        const at = verdicts.findIndex(({ truth }) => truth === false);
        if (at >= 0) failed = verdicts[at]!.policies;
        return at >= 0 ? false : verdicts.every(({ truth }) => truth === true) || undefined;
      },
      predicate: (row, context) => this.#predicate(row, context),
      ...sharedKey === undefined ? {} : { key: `${table.table}\0${sharedKey}` },
      asProposed: !hasTriggers,
      implied: !hasTriggers && isImplied(table, formulas, site),
      says: "its policies allow the new row",
      refuse(_problem, cause) {
        const policies = failed ?? [...new Set(leaves.map(({ policy }) => policy.name))];
        failed = undefined;
        return report.violation(violation(table, site, policies, cause));
      },
    };
  }

  #predicate(row: TableReference, context: HookContext): Expression<SqlBool> {
    const { source, bypassRoles } = this.#setting;
    const place = this.#placeOf(row);
    const ask = askerOf(place, source, bypassRoles);
    const made = context.cached(ask, ({ key }) => key);
    const { stamped } = this.#setting;
    const late = new LateAnswer(made, ask, (...of) => stamped(this.#table, ...of));
    const node = predicateOf(
      made.formulas ?? [],
      place.column,
      (index) => context.value(late.value(index)).toOperationNode(),
    );
    return expressionOf(node ?? ALWAYS);
  }

  #placeOf(row: TableReference): Place {
    const { host, problemOf } = this.#setting;
    const column = columnOf(row, (name) => columnFor(host, name));
    return {
      site: this.#site,
      table: this.#table,
      dialect: host.dialect,
      column: (name) => {
        this.#looked.add(name);
        return column(name);
      },
      problemOf,
      inside: insideOf(row, host),
      actions: undefined,
    };
  }
}

type Ask = (attributes: Attributes | undefined, run: object) => Answer;

const FREE: Checking = { check: undefined, asksForRows: false };

/** The error of a new row that the policies do not allow. */
export function violation(
  of: CompiledTable,
  site: Site,
  policies: readonly string[],
  cause: unknown,
): RLSPolicyViolation {
  const named = policies.map((name) => `"${name}"`).join(", ");
  const who = policies.length === 1 ? `policy ${named}` : `one of the policies ${named}`;
  return new RLSPolicyViolation(
    {
      operation: commandOf(site),
      table: of.table,
      policies,
      policyMessage: messageOf(of, policies),
    },
    `${who} does not allow the row as it would be`,
    cause === undefined ? undefined : { cause },
  );
}

function isLike({ key, values }: Answer, askOther: () => Answer): boolean {
  try {
    const other = askOther();
    return other.key === key && other.values.every((value, i) => Object.is(value, values[i]));
  } catch {
    // What is wrong with the other is told where it is asked for.
    return false;
  }
}

const MOST_PREDICATES = 1_000;

function truthOfNew(
  formula: Formula,
  { context }: Answer,
  known: AnyRow,
  site: Site,
  isStamped: (column: string) => boolean,
  compare: Compare,
): { readonly truth: Truth; readonly policies: readonly string[] } {
  const isNew = site !== "update-check";
  // Of an UPDATE nothing is known of the row as it was.
  const rows = isNew || formula.side === "using"
    ? { row: known, data: known }
    : { row: {}, data: known };
  const of = (leaf: Leaf): Truth => {
    const { stamps } = leaf.policy;
    // What a function stamps may be another value each time that it is asked.
    if (stamps !== undefined && Object.hasOwn(known, stamps) && isStamped(stamps)) return true;
    // There is a context where there are formulas. What a function cannot tell of a row that is not
    // known yet it is asked for round the execution (`_row_functions.ts`).
    return truthOfLeaf(leaf, formula, context!, rows, compare) ??
      (leaf.verdict.kind === "rows" ? true : undefined);
  };
  const truth = truthOf(formula, of);
  return { truth, policies: truth === true ? [] : blamed(formula, of) };
}

/**
 * Whether the rows that an UPDATE finds satisfy the check as they are: it asks for nothing but what
 * they were found by. SQL may look at columns that nobody told us of.
 */
function isImplied(
  table: CompiledTable,
  formulas: readonly Formula[],
  site: Site,
): boolean {
  if (site !== "update-check") return false;
  const isPlain = formulas.flatMap(leavesOf).every(({ verdict }) => verdict.kind === "columns");
  return isPlain &&
    table.policies.every((policy) =>
      !policy.commands.has("update") || policy.check === policy.using
    );
}

const ALWAYS: OperationNode = BinaryOperationNode.create(
  ValueNode.createImmediate(1),
  OperatorNode.create("="),
  ValueNode.createImmediate(1),
);
