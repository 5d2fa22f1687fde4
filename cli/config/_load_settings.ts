import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseEnv } from "node:util";
import { usageError } from "../contract/_cli_error.ts";
import { messageOf } from "../contract/_message_of.ts";
import { checkConfig } from "./_check.ts";
import { loadModule } from "./_load_module.ts";
import type { DatabaseConfig, EnvironmentConfig, KyseraConfig } from "./config.ts";
import { resolvePath } from "./_resolve_path.ts";
import type { Settings } from "./_settings.ts";

/** What the command line says of the configuration. */
export interface SettingsRequest {
  readonly cwd: string;
  readonly env: Record<string, string | undefined>;
  /** The file, where it is not looked for. */
  readonly file: string | undefined;
  /** The environment, where it does not follow from the variables. */
  readonly environment: string | undefined;
  /** The connection URL, which goes before that of the file. */
  readonly url: string | undefined;
}

const FILES = ["ts", "mts", "js", "mjs", "json"].map((ending) => `kysera.config.${ending}`);

/**
 * Puts the configuration together: the nearest `kysera.config` in this folder or above it, the
 * variables of `.env` beside it, the environment, and what the command line says.
 *
 * @returns the settings, and what there is to warn of
 */
export async function loadSettings(
  request: SettingsRequest,
): Promise<{ settings: Settings; warnings: readonly string[] }> {
  const { cwd, env } = request;
  const file = request.file === undefined ? findConfig(cwd) : resolve(cwd, request.file);
  if (file !== undefined && !existsSync(file)) {
    throw usageError(`Cannot read the configuration: there is no file "${file}"`);
  }
  const root = file === undefined ? cwd : dirname(file);
  const named = request.environment ?? env["KYSERA_ENV"] ?? env["NODE_ENV"];
  loadVariables(root, env, named ?? "development");
  const environment = request.environment ?? env["KYSERA_ENV"] ?? env["NODE_ENV"] ?? "development";
  const config = file === undefined ? {} : await readConfig(file);
  const warnings = file === undefined ? [] : checkConfig(config, file);
  const chosen = environmentOf(config, environment, request.environment !== undefined);
  const migrations = { ...config.migrations, ...chosen.migrations };
  const { tableName, schema, lockTimeout, tableLockTimeout, tableLockRetries, policy, templates } =
    migrations;
  return {
    settings: {
      file,
      root,
      environment,
      database: databaseOf(request, config, chosen),
      migrations: {
        directory: resolvePath(root, migrations.directory ?? "migrations"),
        placeholders: migrations.placeholders,
        templates: templates === undefined ? undefined : resolvePath(root, templates),
        tableName,
        schema,
        lockTimeout,
        tableLockTimeout,
        tableLockRetries,
        policy,
      },
      lint: config.lint === undefined && chosen.lint === undefined
        ? undefined
        : { ...config.lint, ...chosen.lint },
      mcp: { ...config.mcp, ...chosen.mcp },
      policies: { ...config.policies, ...chosen.policies },
      doctor: { ...config.doctor, ...chosen.doctor },
      seeds: resolvePath(root, chosen.seeds?.directory ?? config.seeds?.directory ?? "seeds"),
    },
    warnings,
  };
}

function findConfig(cwd: string): string | undefined {
  for (let folder = cwd;; folder = dirname(folder)) {
    const found = FILES.map((name) => join(folder, name)).filter((path) => existsSync(path));
    if (found.length > 1) {
      throw usageError(`Cannot read the configuration: there are "${found.join('" and "')}"`, {
        hint: "Remove all but one, or name it with --config.",
      });
    }
    if (found[0] !== undefined) return found[0];
    // A configuration above the folder of another project is not meant.
    if (existsSync(join(folder, ".git")) || dirname(folder) === folder) return undefined;
  }
}

async function readConfig(file: string): Promise<KyseraConfig> {
  try {
    if (file.endsWith(".json")) {
      // Editors of Windows begin a file with a mark.
      return JSON.parse(readFileSync(file, "utf8").replace(/^\uFEFF/, ""));
    }
    const module = await loadModule(pathToFileURL(file).href) as { default?: KyseraConfig };
    // An absent default export is refused by the check.
    return module.default as KyseraConfig;
  } catch (cause) {
    // Bun says how many errors there are; the first of them says which.
    const first: unknown = cause instanceof AggregateError ? cause.errors[0] ?? cause : cause;
    const message = messageOf(first);
    const place = placeIn(file, first);
    const where = place === undefined || message.includes(place) ? "" : ` (${place})`;
    throw usageError(`Cannot read the configuration "${file}": ${message}${where}`, { cause });
  }
}

/** Returns the line of a file that an error is about, where the runtime tells. */
function placeIn(file: string, error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  // Bun keeps the place of what it cannot parse in a property.
  const { position, stack = "" } = error as {
    readonly position?: { readonly line?: unknown } | null;
    readonly stack?: string;
  };
  if (typeof position?.line === "number") return `line ${position.line}`;
  for (const name of [pathToFileURL(file).href, file]) {
    const at = stack.indexOf(`${name}:`);
    const line = at < 0 ? undefined : /^\d+/.exec(stack.slice(at + name.length + 1))?.[0];
    if (line !== undefined) return `line ${line}`;
  }
  return undefined;
}

/** Adds the variables of the files; those that are set already stay as they are. */
function loadVariables(
  root: string,
  env: Record<string, string | undefined>,
  environment: string,
): void {
  for (const name of [`.env.${environment}.local`, ".env.local", `.env.${environment}`, ".env"]) {
    const path = join(root, name);
    if (!existsSync(path)) continue;
    for (const [key, value] of Object.entries(parseEnv(readFileSync(path, "utf8")))) {
      env[key] ??= value;
    }
  }
}

function environmentOf(
  { environments }: KyseraConfig,
  name: string,
  isAskedFor: boolean,
): EnvironmentConfig {
  const chosen = environments !== undefined && Object.hasOwn(environments, name)
    ? environments[name]
    : undefined;
  if (chosen === undefined && isAskedFor && environments !== undefined) {
    const names = Object.keys(environments);
    throw usageError(`The configuration has no environment "${name}"`, {
      hint: `Its environments are ${names.map((each) => `"${each}"`).join(", ")}.`,
    });
  }
  return chosen ?? {};
}

/** The database that is meant: the flag, the environment, the configuration, `DATABASE_URL`. */
function databaseOf(
  { url, env }: SettingsRequest,
  config: KyseraConfig,
  chosen: EnvironmentConfig,
): DatabaseConfig | undefined {
  const general = config.database;
  const rest = { pool: general?.pool, debug: general?.debug };
  if (url !== undefined) return { ...rest, connection: url };
  const special = chosen.database;
  // Two places that each name a database must not be mixed into a third.
  const isWhole = special?.connection !== undefined || special?.dialect !== undefined ||
    special?.kysely !== undefined;
  const database = isWhole ? { ...rest, ...special } : { ...general, ...special };
  if (Object.values(database).some((value) => value !== undefined)) return database;
  const variable = env["DATABASE_URL"];
  return variable === undefined || variable === "" ? undefined : { connection: variable };
}
