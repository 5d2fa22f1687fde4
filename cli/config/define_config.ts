import type { KyseraConfig } from "./config.ts";

/**
 * Returns a configuration as it is, so that an editor knows its keys.
 *
 * @param config the configuration
 * @returns the same object
 *
 * @example
 * ```ts
 * import { defineConfig, type KyseraConfig } from "@kysera/cli";
 *
 * // What kysera.config.ts exports by default
 * const config: KyseraConfig = defineConfig({
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
