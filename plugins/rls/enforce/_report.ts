import type { Refusal } from "../algebra/_algebra.ts";
import { leavesOf } from "../algebra/_algebra.ts";
import type { Answer } from "../algebra/_answer.ts";
import type { Settings } from "./_settings.ts";
import { commandOf, type Site } from "../algebra/_site.ts";
import { RLSPolicyViolation } from "../contract/errors.ts";
import type { RLSDecision } from "../contract/options.ts";
import type { CompiledTable } from "../policy/policy_registry.ts";

/** Tells those who want to know what the policies decided. */
export class Report {
  readonly #settings: Settings;
  /** What was told in this turn. */
  readonly #told = new Map<unknown, Set<string>>();

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** Tells of a refusal, and gives it back to be thrown. */
  violation(error: RLSPolicyViolation): RLSPolicyViolation {
    const { onViolation, logger } = this.#settings;
    try {
      onViolation?.(error);
    } catch (thrown) {
      // The refusal is what counts.
      logger?.error("onViolation of row-level security threw", { error: thrown });
    }
    return error;
  }

  /** The error of a refusal. */
  refused(of: CompiledTable, { command, policies, reason }: Refusal): RLSPolicyViolation {
    const { table } = of;
    const policyMessage = messageOf(of, policies);
    return this.violation(
      new RLSPolicyViolation({ operation: command, table, policies, policyMessage }, reason),
    );
  }

  /** Tells the logger of a decision. */
  decided(answer: Answer, site: Site, { table }: CompiledTable): void {
    const { auditDecisions, logger } = this.#settings;
    if (!auditDecisions || this.#isTold(answer, site, table)) return;
    const { formulas, refusal } = answer;
    const decision: RLSDecision = {
      table,
      operation: commandOf(site),
      outcome: formulas === undefined ? "bypassed" : refusal === undefined ? "filtered" : "refused",
      policies: refusal?.policies ??
        [...new Set(formulas?.flatMap(leavesOf).map(({ policy }) => policy.name))],
      userId: answer.context?.auth.userId,
    };
    logger?.info(`row-level security of "${table}": ${decision.outcome}`, { ...decision });
  }

  /** One query asks several times; it is one decision. */
  #isTold({ context, key }: Answer, site: Site, table: string): boolean {
    if (this.#told.size === 0) queueMicrotask(() => this.#told.clear());
    const of = this.#told.get(context) ?? new Set();
    this.#told.set(context, of);
    const decision = `${site}\0${table}\0${key}`;
    return of.size === of.add(decision).size;
  }
}

/** Returns what the user is told of a refusal: by the first of the policies that says something. */
export function messageOf(
  { policies }: CompiledTable,
  names: readonly string[],
): string | undefined {
  for (const name of names) {
    const message = policies.find((policy) => policy.name === name)?.message;
    if (message !== undefined) return message;
  }
  return undefined;
}
