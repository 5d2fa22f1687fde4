import { type KyselyPlugin, WithSchemaPlugin } from "kysely";

/** Whether a Kysely plugin is that of `withSchema`: it says what a name means. */
export function isSchemaPlugin(plugin: KyselyPlugin): boolean {
  // The name serves where a second copy of Kysely made the plugin.
  return plugin instanceof WithSchemaPlugin || plugin.constructor?.name === "WithSchemaPlugin";
}
