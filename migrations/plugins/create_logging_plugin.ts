import { consoleLogger, type KyseraLogger } from "@kysera/core";
import type { MigrationPlugin } from "../runner/migration_plugin.ts";

/**
 * Creates a plugin that logs each migration.
 *
 * @param logger where to; the console if not given
 * @returns the plugin
 *
 * @example
 * ```ts
 * import { createLoggingPlugin } from "@kysera/migrations";
 * import { silentLogger } from "@kysera/core";
 *
 * const plugin = createLoggingPlugin(silentLogger);
 * ```
 */
export function createLoggingPlugin(logger: KyseraLogger = consoleLogger): MigrationPlugin {
  return {
    name: "@kysera/migrations/logging",
    version: "0.9.0",
    beforeMigration: ({ name }, operation) => logger.info(`Starting ${operation} of ${name}`),
    afterMigration: ({ name }, operation, duration) =>
      logger.info(`Finished ${operation} of ${name} in ${Math.round(duration)} ms`),
    onMigrationError: ({ name }, operation, error) =>
      logger.error(`Failed ${operation} of ${name}`, error),
  };
}
