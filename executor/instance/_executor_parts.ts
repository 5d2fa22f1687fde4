import type { NamedHooks } from "../contract/_call_hook.ts";
import { neededParts, type PluginSet } from "../hooks/_plugin_set.ts";
import { loadParts } from "../rewrite/parts/load_parts.ts";
import type { RewriteParts } from "../rewrite/parts/parts.ts";
import type { runAround } from "../run/_around.ts";

/** Runs the hooks round an execution. */
export type RunAround = typeof runAround;

/** What an executor is made of that not every executor needs. */
export interface ExecutorParts {
  readonly rewrite: RewriteParts;
  /** For the hook `aroundQuery`. */
  readonly runAround: RunAround | undefined;
}

/** Loads what the hooks and the treatment of raw SQL ask for. */
export async function loadExecutorParts(
  set: Pick<PluginSet, "hooks" | "rawSql">,
): Promise<ExecutorParts> {
  const [rewrite, around] = await Promise.all([
    loadParts(neededParts(set)),
    set.hooks.some(hasAround) ? import("../run/_around.ts") : undefined,
  ]);
  return { rewrite, runAround: around?.runAround };
}

function hasAround({ hooks }: NamedHooks): boolean {
  return hooks.aroundQuery !== undefined;
}
