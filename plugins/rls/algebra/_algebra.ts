import type { DialectName } from "@kysera/executor";
import type { ExpressionWrapper } from "kysely";
import { Comparison } from "./_comparison.ts";
import {
  AskedContext,
  isPromise,
  type Question,
  type Verdict,
  verdictOf,
  verdictOfAnswer,
} from "./_verdict.ts";
import type { RLSContext } from "../contract/context.ts";
import { RLSPolicyEvaluationError } from "../contract/errors.ts";
import type { PolicyCommand } from "../contract/policy.ts";
import { isGrantingFilter } from "../policy/_grants.ts";
import type { Inside } from "../policy/_relation_sql.ts";
import type { CompiledPolicy, CompiledTable } from "../policy/policy_registry.ts";

/**
 * The algebra of policies. For a command `c`:
 *
 * ```text
 * using(c)      = permissive(c) and every filter about c and not any deny about c
 * check(c)      = the same of `check`, and every validate about c
 * permissive(c) = any allow about c, where there is one;
 *                 else true, where a filter is about c or the table does not deny by default;
 *                 else false
 * ```
 *
 * What is null is not true, and what is not true is refused.
 *
 * | place                                    | must satisfy                         |
 * | ---------------------------------------- | ------------------------------------ |
 * | a row that is read                       | using(read)                          |
 * | a row that an UPDATE touches             | using(read) and using(update)        |
 * | a row that a DELETE touches              | using(read) and using(delete)        |
 * | a new row of an INSERT                   | check(create)                        |
 * | .. with RETURNING, or that may update    | check(create) and using(read)        |
 * | the new image of an UPDATE               | check(update) and using(read)        |
 */
export interface Formula {
  /** What is to be done. */
  readonly command: PolicyCommand;
  /** Whether it is about new rows. */
  readonly side: "using" | "check";
  /** One of them must hold; `undefined` where nothing has to. */
  readonly permissive: readonly Leaf[] | undefined;
  /** All of them must hold. */
  readonly restrictive: readonly Leaf[];
  /** Set where no row can satisfy it. */
  readonly refusal: Refusal | undefined;
}

/** A condition of a policy, for one caller. */
export interface Leaf {
  readonly policy: CompiledPolicy;
  /** Whether it must not hold: of `deny`. */
  readonly negated: boolean;
  readonly verdict: Exclude<Verdict, boolean>;
  /** Which of the conditions it comes from that are asked at a place, in their order. */
  readonly step: number;
}

/** Why no row can satisfy a formula. */
export interface Refusal {
  readonly command: PolicyCommand;
  readonly policies: readonly string[];
  readonly reason: string;
}

/** Who asks, and how the row's columns are written. */
export interface Asker {
  readonly context: RLSContext;
  readonly dialect: DialectName;
  readonly column: (name: string) => ExpressionWrapper<any, any, any>;
  /** Returns what is wrong with the name of a column; `undefined` where nothing is known to be. */
  readonly problemOf: ((column: string) => string | undefined) | undefined;
  readonly inside?: Inside | undefined;
  /** What functions have answered, by the step; {@linkcode UNASKED} of those that were not asked. */
  readonly answers?: readonly unknown[] | undefined;
}

/** Stands for the answer of a function that was not asked. */
export const UNASKED: unique symbol = Symbol("not asked");

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** A condition that is asked at a place. */
export interface Step {
  readonly policy: CompiledPolicy;
  readonly condition: CompiledPolicy["check"];
  readonly command: PolicyCommand;
}

/** Returns the conditions that a formula is made of, in their order. */
export function stepsOf(
  table: CompiledTable,
  command: PolicyCommand,
  side: "using" | "check",
): readonly Step[] {
  return table.policies.flatMap((policy) => {
    const condition = side === "using" ? policy.using : policy.check;
    // A `validate` has nothing to say about rows that are there.
    const isAsked = policy.commands.has(command) && condition !== undefined;
    return isAsked ? [{ policy, condition, command }] : [];
  });
}

/**
 * Asks the functions among conditions.
 *
 * @returns the answers; `undefined` where one of them cannot be had without a row, or at all: whoever
 * asks one after the other is told why
 */
export function answersTo(
  steps: readonly Step[],
  { dialect, column, problemOf, inside, table }: Omit<Asker, "context"> & {
    readonly table: CompiledTable;
  },
  context: RLSContext,
): readonly unknown[] | undefined {
  const answers: unknown[] = [];
  let question: Writable<Question> | undefined;
  let asked: AskedContext | undefined;
  let isRefused = false;
  for (const { policy, condition, command } of steps) {
    if (question?.operation !== command) {
      isRefused = false;
      asked = undefined;
      question = {
        context,
        dialect,
        column,
        problemOf,
        inside,
        table: table.table,
        policy: "",
        operation: command,
        asked: undefined,
      };
    }
    if (isRefused && !policy.permissive) {
      answers.push(UNASKED);
      continue;
    }
    let answer: unknown = condition;
    if (typeof condition === "function") {
      asked ??= new AskedContext(question);
      question.policy = policy.name;
      asked.asksForRow = false;
      try {
        // What follows relations is added by the function that the registry has made of it.
        answer = condition(asked.context, asked.tools);
      } catch {
        return undefined;
      }
      if (!Comparison.is(answer) && isPromise(answer)) {
        answer.then(undefined, () => {});
        return undefined;
      }
      if (asked.asksForRow) return undefined;
      answers.push(answer);
    } else {
      answers.push(UNASKED);
    }
    if (!policy.permissive && answer === (policy.type === "deny")) isRefused = true;
  }
  return answers;
}

/**
 * What the policies of a table come to for a caller.
 *
 * @param first the step that the first of its conditions is
 */
export function formulaOf(
  table: CompiledTable,
  command: PolicyCommand,
  side: "using" | "check",
  asker: Asker,
  first: number = 0,
): Formula {
  const restrictive: Leaf[] = [];
  let refusal: Refusal | undefined;
  let permissive: Leaf[] | undefined;
  let allowed = false;
  const grants: string[] = [];
  // One for all policies: most of what asking costs would be to make one for each.
  const question: Writable<Question> = {
    context: asker.context,
    dialect: asker.dialect,
    column: asker.column,
    problemOf: asker.problemOf,
    inside: asker.inside,
    table: table.table,
    policy: "",
    operation: command,
    asked: undefined,
  };
  let step = first - 1;
  for (const policy of table.policies) {
    if (!policy.commands.has(command)) continue;
    const condition = side === "using" ? policy.using : policy.check;
    // A `validate` has nothing to say about rows that are there.
    if (condition === undefined) continue;
    step++;
    if (refusal !== undefined && !policy.permissive) continue;
    question.policy = policy.name;
    const answer = asker.answers === undefined ? UNASKED : asker.answers[step];
    const isAsked = typeof condition === "function" && answer !== UNASKED;
    if (typeof condition === "function" && !isAsked) question.asked ??= new AskedContext(question);
    const verdict = isAsked
      ? verdictOfAnswer(answer, question, condition)
      : verdictOf(condition, question);
    const negated = policy.type === "deny";
    if (policy.permissive) {
      grants.push(policy.name);
      permissive ??= [];
      if (verdict === true) allowed = true;
      else if (verdict !== false) permissive.push({ policy, negated, verdict, step });
    } else if (typeof verdict !== "boolean") {
      restrictive.push({ policy, negated, verdict, step });
    } else if (verdict === negated) {
      refusal = {
        command,
        policies: [policy.name],
        reason: `policy "${policy.name}" ${negated ? "denies" : "does not allow"} it`,
      };
    }
  }
  if (permissive === undefined) {
    // No `allow` is about the command.
    const filtered = table.policies.some((policy) =>
      isGrantingFilter(policy) && policy.commands.has(command)
    );
    if (!filtered && table.defaultDeny) {
      refusal ??= {
        command,
        policies: [],
        reason: `no policy of the table allows "${command}"; add allow("${command}", ..)`,
      };
    }
  } else if (allowed) {
    permissive = undefined;
  } else if (permissive.length === 0) {
    refusal ??= {
      command,
      policies: grants,
      reason: `${grants.map((name) => `policy "${name}"`).join(" and ")} would have to allow it, ` +
        "and does not for this caller",
    };
  }
  return { command, side, permissive, restrictive, refusal };
}

/** The conditions of a formula. */
export function leavesOf({ permissive = [], restrictive }: Formula): readonly Leaf[] {
  return permissive.length === 0 ? restrictive : [...permissive, ...restrictive];
}

/** Whether a formula has to be asked about each row. */
export function asksForRows(formula: Formula): boolean {
  return formula.refusal === undefined &&
    leavesOf(formula).some(({ verdict }) => verdict.kind === "rows");
}

/** @throws {RLSPolicyEvaluationError} for a formula that has to be asked about rows that are read */
export function assertPredicate(formula: Formula, table: CompiledTable, why: string): void {
  const leaf = leavesOf(formula).find(({ verdict }) => verdict.kind === "rows");
  if (leaf === undefined || formula.refusal !== undefined) return;
  throw new RLSPolicyEvaluationError(
    { operation: formula.command, table: table.table },
    leaf.policy.name,
    `it is a function of the row, and ${why}; write a predicate instead: columns and values, ` +
      "(ctx) => ({ owner_id: ctx.auth.userId }), or SQL, (ctx, { eb, column }) => " +
      `eb(column("owner_id"), "=", ctx.auth.userId)`,
  );
}
