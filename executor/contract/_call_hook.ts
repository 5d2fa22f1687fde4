import { ExecutorError, PluginHookError } from "./errors.ts";
import type { PluginHooks } from "./plugin.ts";

/** The hooks of one plugin, with its name for errors. */
export interface NamedHooks {
  readonly plugin: string;
  readonly hooks: PluginHooks;
}

/**
 * Calls a hook.
 *
 * @throws {PluginHookError} with the plugin's name, for whatever the hook throws; errors of this
 * package pass as they are
 */
export function callHook<T>(plugin: string, hook: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (error instanceof ExecutorError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new PluginHookError(plugin, hook, `it threw (${why})`, { cause: error });
  }
}
