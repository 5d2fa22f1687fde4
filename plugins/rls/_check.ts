import {
  type Attributes,
  columnFor,
  type HookContext,
  type PluginHost,
  type RowCheck,
  type TableReference,
} from "@kysera/executor";
import { BinaryOperationNode, type OperationNode, OperatorNode, ValueNode } from "kysely";
import { type Formula, type Leaf, leavesOf } from "./_algebra.ts";
import { type Answer, askerOf, columnOf, LateAnswer, type Place } from "./_answer.ts";
import type { ContextSource } from "./_context_source.ts";
import { blamed, compareForWriting, type Truth, truthOf, truthOfLeaf } from "./_in_memory.ts";
import { expressionOf, predicateOf } from "./_predicate.ts";
import type { Report } from "./_report.ts";
import { commandOf, type Site } from "./_site.ts";
import { RLSPolicyViolation } from "./errors.ts";
import type { AnyRow } from "./policy.ts";
import type { CompiledTable } from "./policy_registry.ts";

/** What a check is made with. */
export interface CheckSetting {
  readonly host: PluginHost;
  readonly source: ContextSource;
  readonly report: Report;
  readonly bypassRoles: readonly string[];
  /** The predicates that new rows and changed ones share. */
  readonly predicates: Map<string, NonNullable<RowCheck["predicate"]>>;
}

/**
 * What the policies ask of the new rows of a statement.
 *
 * @returns no check where the policies are not for the caller
 * @throws {RLSPolicyViolation} where no row can satisfy them
 */
export function checkOf(
  table: CompiledTable,
  site: Site,
  reference: TableReference,
  context: HookContext,
  setting: CheckSetting,
): { readonly check: RowCheck | undefined; readonly asksForRows: boolean } {
  const { host, source, report, bypassRoles } = setting;
  const looked = new Set<string>();
  const placeOf = (row: TableReference): Place => {
    const column = columnOf(row, (name) => columnFor(host, name));
    return {
      site,
      table,
      dialect: context.dialect,
      column: (name) => {
        looked.add(name);
        return column(name);
      },
      actions: undefined,
    };
  };
  const place = placeOf(reference);
  const ask = askerOf(place, source, bypassRoles);
  const { answer, isShared } = askBoth(place, ask, reference.returning, context, setting);
  if (answer.formulas === undefined) return { check: undefined, asksForRows: false };
  if (answer.refusal !== undefined) throw report.refused(table, answer.refusal);
  const { formulas } = answer;
  for (const { verdict } of formulas.flatMap(leavesOf)) {
    if (verdict.kind === "columns") { for (const { column } of verdict.terms) looked.add(column); }
  }
  const predicate: Predicate = (row, hookContext) => {
    const again = placeOf(row);
    const askAgain = askerOf(again, source, bypassRoles);
    const { answer: made } = askBoth(again, askAgain, false, hookContext, setting);
    const late = new LateAnswer(made, askAgain);
    const node = predicateOf(
      made.formulas ?? [],
      again.column,
      (index) => hookContext.value(late.value(index)).toOperationNode(),
    );
    return expressionOf(node ?? ALWAYS);
  };
  let failed: readonly string[] | undefined;
  const check: RowCheck = {
    columns: [...looked],
    satisfied(row, attributes) {
      const asked = ask(attributes);
      if (asked.formulas === undefined) return true;
      if (asked.refusal !== undefined) throw report.refused(table, asked.refusal);
      const verdicts = asked.formulas.map((formula) => truthOfNew(formula, asked, row, site));
      const at = verdicts.findIndex(({ truth }) => truth === false);
      if (at >= 0) failed = verdicts[at]!.policies;
      return at >= 0 ? false : verdicts.every(({ truth }) => truth === true) || undefined;
    },
    predicate: isShared
      ? shared(setting.predicates, `${table.table}\0${answer.key}`, predicate)
      : predicate,
    implied: isImplied(table, formulas, site),
    says: `its policies allow the new row`,
    refuse(_problem, cause) {
      const policies = failed ??
        [...new Set(formulas.flatMap(leavesOf).map(({ policy }) => policy.name))];
      failed = undefined;
      return report.violation(violation(table, site, policies, cause));
    },
  };
  return { check, asksForRows: answer.asksForRows };
}

/** The error of a new row that the policies do not allow. */
export function violation(
  { table }: CompiledTable,
  site: Site,
  policies: readonly string[],
  cause: unknown,
): RLSPolicyViolation {
  const named = policies.map((name) => `"${name}"`).join(", ");
  const who = policies.length === 1 ? `policy ${named}` : `one of the policies ${named}`;
  return new RLSPolicyViolation(
    { operation: commandOf(site), table, policies },
    `${who} does not allow the row as it would be`,
    cause === undefined ? undefined : { cause },
  );
}

type Predicate = NonNullable<RowCheck["predicate"]>;

/**
 * Asks, and has the answer kept for all callers for whom it is of the same form. For an upsert it is
 * told as well whether new rows and changed ones are asked the same.
 */
function askBoth(
  place: Place,
  ask: (attributes: Attributes | undefined) => Answer,
  isUpsert: boolean,
  context: HookContext,
  { source, bypassRoles, report }: CheckSetting,
): { readonly answer: Answer; readonly isShared: boolean } {
  const site = place.site === "update-check" ? "create-returning-check" : "update-check";
  const askOther = askerOf({ ...place, site }, source, bypassRoles);
  let answer: Answer | undefined;
  let isShared = false;
  context.variant((attributes) => {
    answer = ask(attributes);
    report.decided(answer, place.site, place.table);
    isShared = isUpsert && !answer.asksForRows && isLike(answer, () => askOther(attributes));
    return isShared ? `${answer.key}=` : answer.key;
  });
  // It was asked a moment ago.
  return { answer: answer!, isShared };
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

/** The one function that stands for all checks that ask the same: the executor knows them by it. */
function shared(
  predicates: Map<string, Predicate>,
  key: string,
  predicate: Predicate,
): Predicate {
  const known = predicates.get(key);
  if (known !== undefined) return known;
  if (predicates.size >= MOST_PREDICATES) predicates.clear();
  predicates.set(key, predicate);
  return predicate;
}

const MOST_PREDICATES = 1_000;

function truthOfNew(
  formula: Formula,
  { context }: Answer,
  known: AnyRow,
  site: Site,
): { readonly truth: Truth; readonly policies: readonly string[] } {
  const isNew = site !== "update-check";
  // Of an UPDATE nothing is known of the row as it was.
  const rows = isNew || formula.side === "using"
    ? { row: known, data: known }
    : { row: {}, data: known };
  const of = (leaf: Leaf): Truth =>
    // There is a context where there are formulas. What a function cannot tell of a row that is not
    // known yet it is asked for round the execution (`_row_functions.ts`).
    truthOfLeaf(leaf, formula, context!, rows, compareForWriting) ??
      (leaf.verdict.kind === "rows" ? true : undefined);
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
