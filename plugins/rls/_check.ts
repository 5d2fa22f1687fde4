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
import { type Answer, answerAt, columnOf, LateAnswer, type Place } from "./_answer.ts";
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
  const ask = (attributes: Attributes | undefined, at = place): Answer =>
    answerAt(at, attributes, source, bypassRoles);
  const answer = variantOf(ask, context, (answer) => report.decided(answer, site, table));
  if (answer.formulas === undefined) return { check: undefined, asksForRows: false };
  if (answer.refusal !== undefined) throw report.refused(table, answer.refusal);
  const { formulas } = answer;
  for (const { verdict } of formulas.flatMap(leavesOf)) {
    if (verdict.kind === "columns") { for (const { column } of verdict.terms) looked.add(column); }
  }
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
    predicate(row, hookContext) {
      const again = placeOf(row);
      const askAgain = (attributes: Attributes | undefined): Answer => ask(attributes, again);
      const made = variantOf(askAgain, hookContext, () => {});
      const late = new LateAnswer(made, askAgain);
      const node = predicateOf(
        made.formulas ?? [],
        again.column,
        (index) => hookContext.value(late.value(index)).toOperationNode(),
      );
      return expressionOf(node ?? ALWAYS);
    },
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

/** Asks, and has the answer kept for all callers for whom it is of the same form. */
function variantOf(
  ask: (attributes: Attributes | undefined) => Answer,
  context: HookContext,
  tell: (answer: Answer) => void,
): Answer {
  let last: Answer | undefined;
  context.variant((attributes) => {
    last = ask(attributes);
    tell(last);
    return last.key;
  });
  // It was asked a moment ago.
  return last!;
}

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
