import { validatePlugins } from "./validate_plugins.ts";
import type { Plugin } from "./plugin.ts";

/**
 * Returns the order that plugins run in: a plugin after those it depends on; of those that are free
 * to run, the one of the highest priority; of the same priority, in the order given.
 *
 * @param plugins the plugins, in any order
 * @returns a new list
 * @throws {PluginValidationError} as {@linkcode validatePlugins} does
 *
 * @example
 * ```ts
 * import { resolvePluginOrder } from "@kysera/executor";
 * import { deepEqual } from "node:assert/strict";
 *
 * const order = resolvePluginOrder([
 *   { name: "log", version: "1.0.0" },
 *   { name: "guard", version: "1.0.0", priority: 100 },
 * ]);
 * deepEqual(order.map((plugin) => plugin.name), ["guard", "log"]);
 * ```
 */
export function resolvePluginOrder(plugins: readonly Plugin[]): Plugin[] {
  validatePlugins(plugins);
  const left = [...plugins];
  const placed = new Set<string>();
  const order: Plugin[] = [];
  while (left.length > 0) {
    let best: Plugin | undefined;
    for (const plugin of left) {
      const free = (plugin.dependencies ?? []).every((name) => placed.has(name));
      if (free && (best === undefined || (plugin.priority ?? 0) > (best.priority ?? 0))) {
        best = plugin;
      }
    }
    // Without a circle, which validatePlugins() refuses, one of them is free.
    const next = best!;
    order.push(next);
    placed.add(next.name);
    left.splice(left.indexOf(next), 1);
  }
  return order;
}
