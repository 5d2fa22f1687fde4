import type { KyseraConfig } from "./config.ts";

/**
 * Returns a configuration as it is, so that an editor knows its keys.
 *
 * @param config the configuration
 * @returns the same object
 *
 * @example
 * ```ts
 * import { defineConfig } from "@kysera/cli";
 *
 * export default defineConfig({
 *   database: { dialect: "sqlite", database: "app.db" },
 *   migrations: { directory: "./migrations" },
 *   environments: {
 *     production: { database: { connection: "postgres://app@db.example.org/shop" } },
 *   },
 * });
 * ```
 */
export function defineConfig(config: KyseraConfig): KyseraConfig {
  return config;
}
