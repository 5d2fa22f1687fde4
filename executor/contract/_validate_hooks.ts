import { PluginValidationError } from "./errors.ts";

/** Members of a plugin that must be functions, where they are there. */
export const HOOKS = [
  "onInit",
  "onDestroy",
  "interceptQuery",
  "extendRepository",
  "appliesTo",
  "filter",
  "stamp",
  "check",
  "mask",
  "rewriteDelete",
  "aroundQuery",
  "aroundStream",
  "describe",
  "discover",
  "explain",
  "callerMayChange",
  "setup",
] as const;

/** @throws {PluginValidationError} where the plugins are no list */
export function validateList(plugins: unknown): void {
  if (Array.isArray(plugins)) return;
  throw new PluginValidationError(
    `Cannot use ${plugins === null ? "null" : typeof plugins} as plugins; pass a list: ` +
      "[softDeletePlugin()]",
    "INVALID_PLUGIN",
  );
}

/** @throws {PluginValidationError} where what a plugin's setup() gave are no hooks */
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

/** Members of a plugin that hooks of setup() would wait for in vain. */
const NOT_OF_SETUP = ["interceptQuery", "onInit", "onDestroy", "extendRepository", "setup"];

function problemOfHooks(hooks: Record<string, unknown>): string | undefined {
  for (const hook of HOOKS) {
    if (hooks[hook] === undefined) continue;
    if (NOT_OF_SETUP.includes(hook)) return `"${hook}" belongs on the plugin itself`;
    if (typeof hooks[hook] !== "function") return `its "${hook}" is no function`;
  }
  const { around } = hooks;
  if (around !== undefined && around !== "all" && around !== "writes") {
    return 'its "around" can be "all" or "writes", or left out';
  }
  return undefined;
}
