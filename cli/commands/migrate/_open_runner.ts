import { detectDialect, didYouMean } from "@kysera/core";
import {
  createMigrationRunnerWithPlugins,
  type MigrationPlugin,
  type MigrationPolicy,
  type MigrationProvider,
  type MigrationRunner,
} from "@kysera/migrations";
import { folderOfMigrations } from "@kysera/migrations/files";
import { existsSync } from "node:fs";
import { loadModule } from "../../config/_load_module.ts";
import type { Connection } from "../../connect/_connection.ts";
import { usageError } from "../../contract/_cli_error.ts";
import type { Context } from "../../program/_context.ts";
import { VERSION } from "../../contract/_version.ts";
import { integer, type Option, text } from "../../contract/_options.ts";

/** The options of commands that work on the history. */
export const HISTORY_OPTIONS: {
  readonly schema: Option<string | undefined>;
  readonly dir: Option<string | undefined>;
} = {
  schema: text(
    "-s, --schema <name>",
    "work on this schema; on MySQL and MariaDB, on this database",
  ),
  dir: text("-d, --dir <path>", "the folder with the migrations"),
};

/** The options of commands that run migrations. */
export const RUN_OPTIONS: typeof HISTORY_OPTIONS & {
  readonly policy: Option<string | undefined>;
  readonly lockTimeout: Option<number | undefined>;
  readonly tableLockTimeout: Option<number | undefined>;
  readonly transactions: Option<string>;
} = {
  ...HISTORY_OPTIONS,
  policy: text("--policy <policy>", "what to do where code and history do not fit", {
    choices: ["strict", "allow-unordered", "repair"],
  }),
  lockTimeout: integer("--lock-timeout <ms>", "how long to wait for another runner"),
  tableLockTimeout: integer(
    "--table-lock-timeout <ms>",
    "how long a statement waits for a table that others use",
  ),
  transactions: text("--transactions <mode>", "what has a transaction of its own", {
    choices: ["per-migration", "per-run", "none"],
    default: "per-migration",
  }),
};

/** What a runner is opened with. */
export interface RunnerRequest {
  readonly schema: string | undefined;
  readonly dir: string | undefined;
  readonly policy?: string | undefined;
  readonly lockTimeout?: number | undefined;
  readonly tableLockTimeout?: number | undefined;
  readonly transactions?: string | undefined;
  readonly dryRun?: boolean | undefined;
  /** Whether `kysera.lock` is left alone. Default: it has to fit, if it is there. */
  readonly lock?: false | undefined;
  /** Whether it changes the database; one that is not there is created then. */
  readonly writes: boolean;
}

/** A runner, and the database that it works on. */
export interface OpenedRunner {
  readonly runner: MigrationRunner;
  readonly connection: Connection;
  readonly migrations: MigrationProvider;
  /** The folder that they are in. */
  readonly directory: string;
}

/** Opens the database, and creates the runner of its migrations. */
export async function openRunner(context: Context, request: RunnerRequest): Promise<OpenedRunner> {
  const directory = await directoryOf(context, request.dir);
  if (!existsSync(directory)) {
    throw usageError(`Cannot read migrations: there is no folder "${directory}"`, {
      hint: "Write a first one with `kysera migrate create <name>`, or set `migrations.directory`.",
    });
  }
  const { migrations: settings } = await context.settings();
  const connection = await context.open({
    missing: request.writes && request.dryRun !== true ? "create" : "empty",
    schema: request.schema,
  });
  const migrations = folderOfMigrations(directory, {
    load: loadModule,
    lock: request.lock,
    placeholders: settings.placeholders,
  });
  // MySQL is connected to the database that the option names.
  const hasSchemas = request.schema !== undefined && detectDialect(connection.db) !== "mysql";
  const transactions = request.transactions ?? "per-migration";
  const runner = await createMigrationRunnerWithPlugins(connection.db, migrations, {
    dryRun: request.dryRun ?? false,
    plugins: [progress(context)],
    // It warns of what breaks running programs; the rest is told by the plugin.
    logger: {
      debug: ignore,
      info: ignore,
      warn: (message) => context.warn(message),
      error: ignore,
    },
    policy: (request.policy ?? settings.policy) as MigrationPolicy | undefined,
    tableName: settings.tableName,
    schema: hasSchemas ? request.schema : settings.schema,
    lockTimeout: request.lockTimeout ?? settings.lockTimeout,
    tableLockTimeout: request.tableLockTimeout ?? settings.tableLockTimeout,
    tableLockRetries: settings.tableLockRetries,
    useTransactions: transactions === "none" ? false : transactions as "per-migration" | "per-run",
    holder: `kysera, process ${context.host.pid}`,
    signal: context.signal,
  });
  return { runner, connection, migrations, directory };
}

/**
 * Asserts that there is a migration of a name, and that it is applied where that is wanted.
 *
 * @throws {CliError} if not
 */
export async function assertMigration(
  runner: MigrationRunner,
  name: string,
  { isApplied = false }: { readonly isApplied?: boolean } = {},
): Promise<void> {
  const { executed, pending } = await runner.status();
  const known = [...executed, ...pending];
  if (!known.includes(name)) {
    throw usageError(`There is no migration "${name}"${didYouMean(name, known)}`);
  }
  if (isApplied && !executed.includes(name)) {
    throw usageError(`The migration "${name}" is not applied`);
  }
}

/** Returns the folder with the migrations: of the option, or of the configuration. */
export async function directoryOf(context: Context, dir: string | undefined): Promise<string> {
  const { resolve } = await import("node:path");
  return dir === undefined
    ? (await context.settings()).migrations.directory
    : resolve(context.host.cwd, dir);
}

/** Says what runs. */
function progress(context: Context): MigrationPlugin {
  return {
    name: "progress",
    version: VERSION,
    beforeMigration: ({ name, estimatedDuration }, operation) => {
      const time = estimatedDuration === undefined ? "" : ` (about ${estimatedDuration} ms)`;
      context.say(`${operation === "up" ? "Applying" : "Undoing"} ${name}${time}`);
    },
    afterMigration: ({ name }, operation, ms) => {
      context.say(`${operation === "up" ? "Applied" : "Undid"} ${name} in ${Math.round(ms)} ms`);
    },
  };
}

function ignore(): void {}
