import { HOOK_NAMES } from "./_hook_table.ts";
import { validateList } from "./_validate_hooks.ts";
import { PluginValidationError } from "./errors.ts";
import type { Plugin } from "./plugin.ts";

/**
 * Checks that plugins can work together: each has a name and a version, no two have the same name,
 * what one depends on is there, what it conflicts with is not, and no circle of dependencies exists.
 *
 * @param plugins the plugins, in any order
 * @throws {PluginValidationError} that names the plugin at fault
 *
 * @example
 * ```ts
 * import { validatePlugins } from "@kysera/executor";
 * import { throws } from "node:assert/strict";
 *
 * const twice = { name: "twice", version: "1.0.0" };
 * throws(() => validatePlugins([twice, twice]), /"twice" is there twice/);
 * ```
 */
export function validatePlugins(plugins: readonly Plugin[]): void {
  validateList(plugins);
  const names = new Set<string>();
  for (const plugin of plugins) {
    validateShape(plugin);
    if (names.has(plugin.name)) {
      throw new PluginValidationError(
        `Cannot use these plugins: "${plugin.name}" is there twice; remove one`,
        "DUPLICATE_NAME",
        { pluginName: plugin.name },
      );
    }
    names.add(plugin.name);
  }
  for (const plugin of plugins) validateRelations(plugin, names);
  refuseCircle(plugins);
}

function validateShape(plugin: Plugin): void {
  if (typeof plugin !== "object" || plugin === null) {
    throw new PluginValidationError(
      `Cannot use ${plugin === null ? "null" : typeof plugin} as a plugin; pass an object with a ` +
        `name and a version`,
      "INVALID_PLUGIN",
    );
  }
  if (typeof plugin.name !== "string" || plugin.name.trim() === "") {
    throw new PluginValidationError(
      "Cannot use a plugin without a name; give it a name that no other plugin has",
      "INVALID_PLUGIN",
    );
  }
  if (typeof plugin.version !== "string" || plugin.version.trim() === "") {
    throw new PluginValidationError(
      `Cannot use plugin "${plugin.name}" without a version; give it one, such as "1.0.0"`,
      "INVALID_PLUGIN",
      { pluginName: plugin.name },
    );
  }
  if (plugin.priority !== undefined && !Number.isFinite(plugin.priority)) {
    throw new PluginValidationError(
      `Cannot use plugin "${plugin.name}": its priority is not a finite number`,
      "INVALID_PLUGIN",
      { pluginName: plugin.name },
    );
  }
  if (plugin.rawSql !== undefined && plugin.rawSql !== "deny") {
    throw new PluginValidationError(
      `Cannot use plugin "${plugin.name}": its "rawSql" can be "deny" only, or left out`,
      "INVALID_PLUGIN",
      { pluginName: plugin.name },
    );
  }
  if (plugin.around !== undefined && plugin.around !== "all" && plugin.around !== "writes") {
    throw new PluginValidationError(
      `Cannot use plugin "${plugin.name}": its "around" can be "all" or "writes", or left out`,
      "INVALID_PLUGIN",
      { pluginName: plugin.name },
    );
  }
  for (const list of ["dependencies", "conflictsWith"] as const) {
    const names: unknown = plugin[list];
    if (names === undefined) continue;
    if (!Array.isArray(names) || names.some((name) => typeof name !== "string")) {
      throw new PluginValidationError(
        `Cannot use plugin "${plugin.name}": "${list}" is not a list of plugin names`,
        "INVALID_PLUGIN",
        { pluginName: plugin.name },
      );
    }
  }
  for (const hook of HOOK_NAMES) {
    const value: unknown = plugin[hook];
    if (value !== undefined && typeof value !== "function") {
      throw new PluginValidationError(
        `Cannot use plugin "${plugin.name}": its "${hook}" is not a function`,
        "INVALID_PLUGIN",
        { pluginName: plugin.name },
      );
    }
  }
}

function validateRelations(plugin: Plugin, names: ReadonlySet<string>): void {
  for (const dependency of plugin.dependencies ?? []) {
    if (names.has(dependency)) continue;
    throw new PluginValidationError(
      `Cannot use plugin "${plugin.name}" without plugin "${dependency}", which it depends on; ` +
        `add it to the list`,
      "MISSING_DEPENDENCY",
      { pluginName: plugin.name, missingDependency: dependency },
    );
  }
  for (const other of plugin.conflictsWith ?? []) {
    if (!names.has(other)) continue;
    throw new PluginValidationError(
      `Cannot use plugin "${plugin.name}" together with "${other}", which it conflicts with; ` +
        `remove one`,
      "CONFLICT",
      { pluginName: plugin.name, conflictingPlugin: other },
    );
  }
}

function refuseCircle(plugins: readonly Plugin[]): void {
  const byName = new Map(plugins.map((plugin) => [plugin.name, plugin]));
  const done = new Set<string>();
  const path: string[] = [];
  const walk = (name: string): void => {
    if (done.has(name)) return;
    const start = path.indexOf(name);
    if (start >= 0) {
      const cycle = [...path.slice(start), name];
      throw new PluginValidationError(
        `Cannot order these plugins: they depend on each other in a circle ` +
          `(${cycle.join(" -> ")}); remove one of the dependencies`,
        "CIRCULAR_DEPENDENCY",
        { pluginName: name, cycle },
      );
    }
    path.push(name);
    for (const dependency of byName.get(name)?.dependencies ?? []) walk(dependency);
    path.pop();
    done.add(name);
  };
  for (const plugin of plugins) walk(plugin.name);
}
