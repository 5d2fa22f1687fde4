import { callHook, type NamedHooks } from "../contract/_call_hook.ts";
import type { HookContext, QueryOperation, TableReference } from "../contract/plugin.ts";
import type { TableHook } from "../contract/_hook_table.ts";
import type { RuleTrace } from "../rewrite/rules.ts";

/** A hook that applied to a reference. */
export interface AppliedRule {
  /** The plugin. */
  readonly plugin: string;
  /** Which of its hooks. */
  readonly hook: TableHook;
  /** What the plugin's `explain` says about it: names of policies, say. */
  readonly says: readonly string[];
}

/** What the plugins did about one table reference. */
export interface ExplainedReference {
  /** The table as the query wrote it. */
  readonly table: string;
  /** The schema the query qualified it with. */
  readonly schema: string | undefined;
  /** The name its columns are qualified with. */
  readonly alias: string;
  /** What is done with it. */
  readonly operation: QueryOperation;
  /** Whether it is read or written. */
  readonly role: "source" | "target";
  /** Which rules applied, in the order of their plugins; none where all had nothing to say. */
  readonly rules: readonly AppliedRule[];
}

/** What `explainQuery()` gathers while a query is rewritten. */
export class Trace implements RuleTrace {
  readonly #references = new Map<string, ExplainedReference & { rules: AppliedRule[] }>();

  get references(): readonly ExplainedReference[] {
    return [...this.#references.values()];
  }

  add(
    reference: TableReference,
    hook: TableHook,
    applied: readonly NamedHooks[],
    contextFor: (plugin: string) => HookContext,
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
      const says = hooks.explain === undefined
        ? []
        : callHook(plugin, "explain", () => hooks.explain!(reference, contextFor(plugin), hook));
      found.rules.push({ plugin, hook, says });
    }
  }
}
