import type { Guard } from "./_rules.ts";
import { callHook } from "./_validate_results.ts";
import type { NamedHooks } from "./_table_rules.ts";
import type { Reference } from "../tree/_table_reference.ts";
import type { AppliedRule, ExplainedHook, ExplainedReference } from "../api/explain_query.ts";

/** What explainQuery() gathers while a query is rewritten. */
export class Trace {
  readonly #references = new Map<string, ExplainedReference & { rules: AppliedRule[] }>();

  get references(): readonly ExplainedReference[] {
    return [...this.#references.values()];
  }

  /** Notes that hooks had something to say about a reference, or that none had. */
  add(
    reference: Reference,
    hook: ExplainedHook,
    applied: readonly NamedHooks[],
    guard: Guard,
  ): void {
    const { table, schema, alias, operation, role } = reference;
    const key = JSON.stringify([table, schema, alias, operation]);
    let found = this.#references.get(key);
    if (found === undefined) {
      found = { table, schema, alias, operation, role, rules: [] };
      this.#references.set(key, found);
    }
    for (const { plugin, hooks } of applied) {
      if (found.rules.some((rule) => rule.plugin === plugin && rule.hook === hook)) continue;
      guard.caller = { plugin, hook: "explain" };
      const says = hooks.explain === undefined
        ? []
        : callHook(plugin, "explain", () => hooks.explain!(reference, guard.hookContext, hook));
      found.rules.push({ plugin, hook, says });
    }
  }
}
