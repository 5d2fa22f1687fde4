const STYLES = ["soft-delete", "timestamps", "audit", "rls"];

/** Returns the name of a plugin as it is shown: those of this project without their scope. */
export function shortName(plugin: string): string {
  return plugin.replace(/^@kysera\//, "");
}

/** Returns the class that has the color of a plugin. */
export function pluginClass(plugin: string): string {
  const name = shortName(plugin);
  return STYLES.includes(name) ? `plugin-${name}` : "plugin-other";
}
