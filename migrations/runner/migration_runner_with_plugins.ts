import { assertKnownOptions, BadRequestError } from "@kysera/core";
import type { Kysely } from "kysely";
import type { MigrationList } from "../migration.ts";
import { type MigrationRunnerOptions, OPTION_NAMES } from "../options.ts";
import type { MigrationPlugin } from "./migration_plugin.ts";
import type { MigrationObserver } from "../migration_observer.ts";
import { MigrationRunner } from "./migration_runner.ts";

/** Options of a runner with plugins. */
export interface MigrationRunnerWithPluginsOptions extends MigrationRunnerOptions {
  /** What watches the migrations, in the order in which it is called. */
  readonly plugins?: readonly MigrationPlugin[] | undefined;
}

/** A runner whose migrations plugins watch. */
export class MigrationRunnerWithPlugins extends MigrationRunner {
  readonly #plugins: readonly MigrationPlugin[];

  /**
   * Creates a runner. The plugins are not told of it: `createMigrationRunnerWithPlugins()` does that.
   *
   * @param db the database, or an executor of it
   * @param migrations the migrations
   * @param options how they are run, and who watches
   * @throws {BadRequestError} if an option is wrong, or two plugins have one name
   */
  constructor(
    db: Kysely<any>,
    migrations: MigrationList,
    options: MigrationRunnerWithPluginsOptions = {},
  ) {
    const action = { action: "create a migration runner" };
    assertKnownOptions(options, [...OPTION_NAMES, "plugins"], action);
    const { plugins = [], ...others } = options;
    super(db, migrations, others);
    const names = new Set<string>();
    for (const plugin of plugins) {
      if (typeof plugin?.name !== "string") {
        throw new BadRequestError("Cannot create a migration runner: a plugin has no name");
      }
      if (names.has(plugin.name)) {
        throw new BadRequestError(
          `Cannot create a migration runner: two plugins have the name "${plugin.name}"`,
        );
      }
      names.add(plugin.name);
    }
    this.#plugins = [...plugins];
  }

  /**
   * Returns the plugins.
   *
   * @returns the plugins in their order
   */
  getPlugins(): MigrationPlugin[] {
    return [...this.#plugins];
  }

  /**
   * Returns what is told of each migration: the logger, and the plugins.
   *
   * @returns what is told
   */
  protected override observer(): MigrationObserver {
    const own = super.observer();
    return {
      before: async (migration, operation) => {
        await own.before(migration, operation);
        for (const plugin of this.#plugins) await plugin.beforeMigration?.(migration, operation);
      },
      after: async (migration, operation, ms) => {
        await own.after(migration, operation, ms);
        for (const plugin of this.#plugins) {
          await plugin.afterMigration?.(migration, operation, ms);
        }
      },
      failed: async (migration, operation, error) => {
        await own.failed(migration, operation, error);
        for (const plugin of this.#plugins) {
          try {
            await plugin.onMigrationError?.(migration, operation, error);
          } catch {
            // The error of the migration is the one to be seen.
          }
        }
      },
    };
  }
}
