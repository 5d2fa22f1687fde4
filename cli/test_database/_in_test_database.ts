import type { DatabaseConfig } from "../config/config.ts";
import { openDatabase } from "../connect/_open_database.ts";
import { withDatabase } from "../connect/_open_postgres.ts";
import { looksLikeProduction, type Target, targetOf } from "../connect/_target.ts";
import { refusal, usageError } from "../contract/_cli_error.ts";
import { type Option, text } from "../contract/_options.ts";
import type { Context } from "../program/_context.ts";

/** The options that say which database is that of the tests. */
export const TEST_OPTIONS: {
  readonly environment: Option<string | undefined>;
  readonly database: Option<string | undefined>;
} = {
  environment: text("-e, --environment <env>", 'the same as --env, which is "test" by default'),
  database: text("-d, --database <name>", "the name of the database, or the path of its file"),
};

/** A name that only a database for tests has. */
const TEST_NAME = /(?:^|[^a-z])tests?(?:[^a-z]|$)|testing/i;

/**
 * Returns the context of the database for tests, which other commands then work on as well.
 *
 * @param given what `--database` and `--confirm` name
 * @throws {CliError} if the database does not look like one for tests
 */
export async function inTestDatabase(
  context: Context,
  given: { readonly database: string | undefined; readonly confirm: string | undefined },
): Promise<Context> {
  const settings = await context.settings();
  const database = named(settings.database, given.database, settings.root);
  const target = targetOf(database, settings.root);
  assertForTests(target, settings.environment, given.confirm);
  const within: Context = {
    ...context,
    settings: () => Promise.resolve({ ...settings, database }),
    target: () => Promise.resolve(target),
    async open(options) {
      const connection = await openDatabase(target, settings.root, options);
      context.onEnd(() => connection.close());
      return connection;
    },
  };
  return within;
}

/** Returns the configuration of another database of the same server, or of another file. */
function named(
  config: DatabaseConfig | undefined,
  name: string | undefined,
  root: string,
): DatabaseConfig | undefined {
  if (name === undefined || config === undefined) return config;
  const { kind } = targetOf(config, root);
  if (kind === "kysely") {
    throw usageError("--database names no database of `database.kysely` of the configuration", {
      hint: "Name the database by `environments.test.database`, or with --url.",
    });
  }
  if (kind === "sqlite" || kind === "pglite") return { dialect: kind, database: name };
  return config.connection === undefined
    ? { ...config, database: name }
    : { ...config, connection: withDatabase(config.connection, name) };
}

function assertForTests(target: Target, environment: string, confirmed: string | undefined): void {
  if (target.kind === "kysely") {
    throw usageError("A database of `database.kysely` cannot be created, nor dropped", {
      hint: "Name the database of the tests by `environments.test.database`, or with --url.",
    });
  }
  if (target.path === ":memory:") {
    throw usageError(
      "A database in memory is there for one process: the tests create it themselves",
    );
  }
  if (looksLikeProduction(target, environment)) {
    throw refusal(`${target.label} looks like production, and not like a database for tests`);
  }
  if (TEST_NAME.test(target.name) || confirmed === target.name) return;
  throw refusal(`${target.label} does not look like a database for tests: its name has no "test"`, {
    hint: `Set \`environments.test.database\`, or add \`--confirm ${target.name}\`.`,
  });
}
