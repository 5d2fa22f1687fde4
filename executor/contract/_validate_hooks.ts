import { HOOK_NAMES, HOOKS } from "./_hook_table.ts";
import { PluginValidationError } from "./errors.ts";

/** @throws {PluginValidationError} where the plugins are not a list */
export function validateList(plugins: unknown): void {
  if (Array.isArray(plugins)) return;
  throw new PluginValidationError(
    `Cannot use ${plugins === null ? "null" : typeof plugins} as plugins; pass a list: ` +
      "[softDeletePlugin()]",
    "INVALID_PLUGIN",
  );
}

/** @throws {PluginValidationError} where what a plugin's setup() gave are not hooks */
export function validateHooks(hooks: unknown, plugin: string): void {
  const problem = typeof hooks !== "object" || hooks === null || Array.isArray(hooks)
    ? `it gave ${hooks === null ? "null" : typeof hooks}; return an object of hooks, or nothing`
    : problemOfHooks(hooks as Record<string, unknown>);
  if (problem === undefined) return;
  throw new PluginValidationError(
    `Cannot use what "setup" of plugin "${plugin}" gave: ${problem}`,
    "INITIALIZATION_FAILED",
    { pluginName: plugin },
  );
}

function problemOfHooks(hooks: Record<string, unknown>): string | undefined {
  for (const hook of HOOK_NAMES) {
    if (hooks[hook] === undefined) continue;
    if (HOOKS[hook].ofPlugin) return `"${hook}" belongs on the plugin itself`;
    if (typeof hooks[hook] !== "function") return `its "${hook}" is not a function`;
  }
  const { around } = hooks;
  if (around !== undefined && around !== "all" && around !== "writes") {
    return 'its "around" can be "all" or "writes", or left out';
  }
  return undefined;
}
