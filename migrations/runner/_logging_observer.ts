import { silentLogger } from "@kysera/core";
import type { MigrationObserver } from "../migration_observer.ts";
import type { Settings } from "../options.ts";

/** Returns what tells the logger of the options what happens to each migration. */
export function loggingObserver({ logger, verbose }: Settings): MigrationObserver {
  const told = logger ?? silentLogger;
  const log = (message: string): void => {
    if (verbose) told.info(message);
  };
  return {
    before: ({ name, breaking, description, estimatedDuration }, operation) => {
      if (operation === "up" && breaking === true) {
        told.warn(
          `BREAKING CHANGE: ${name}${description === undefined ? "" : ` - ${description}`}`,
        );
      }
      const time = estimatedDuration === undefined ? "" : ` (about ${estimatedDuration} ms)`;
      log(`Running ${name}${operation === "down" ? " down" : ""}...${time}`);
      return Promise.resolve();
    },
    after: ({ name }, operation, ms) => {
      const done = operation === "up" ? "completed" : "rolled back";
      log(`${name} ${done} in ${Math.round(ms)} ms`);
      return Promise.resolve();
    },
    failed: ({ name }, operation, error) => {
      told.error(
        `${name} failed ${operation}: ${error instanceof Error ? error.message : error}`,
      );
      return Promise.resolve();
    },
  };
}
