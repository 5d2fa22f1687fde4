import { assertKnownOptions, BadRequestError } from "@kysera/core";
import type { Kysely } from "kysely";
import type { MigrationRunnerOptions } from "../options.ts";
import type { SchemaSnapshot } from "../schema/snapshot/schema_snapshot.ts";
import type { LintSeverity } from "./contract/lint_finding.ts";
import type { LintPlugins } from "./contract/lint_plugins.ts";
import { RULES } from "./rules/_all.ts";
import { parseVersion } from "./view/_version.ts";

/** Options of `lintMigrations()`. */
export interface LintOptions {
  /** How bad what a rule finds is, by the name of the rule; `"off"` does not ask it. */
  readonly rules?: Readonly<Record<string, LintSeverity | "off">> | undefined;
  /**
   * The version of the server that the migrations are for, such as `"15"` or `"10.11-MariaDB"`. Default:
   * that of the database.
   */
  readonly targetVersion?: string | undefined;
  /** The schema that the migrations find. Default: that of the database. */
  readonly snapshot?: SchemaSnapshot | undefined;
  /**
   * Tables that have no rows where the migrations are for, or few: rules about locks and about rows leave
   * them alone. Default: none; tables that the run itself creates are always left alone.
   */
  readonly emptyTables?: readonly string[] | undefined;
  /** What the plugins of the executor are for. */
  readonly plugins?: LintPlugins | undefined;
  /**
   * PostgreSQL's own parser, `parse` of the package `libpg-query`: statements of raw SQL are read by it.
   * Default: they are read by the linter, which tells what it could not read.
   */
  readonly parse?: ((sql: string) => unknown) | undefined;
  /**
   * A copy of the schema, without rows or with few, on a server like that of production: statements
   * are tried there, and what the server does decides where a rule can only suppose. On PostgreSQL
   * everything is rolled back; on MySQL and MariaDB the migrations stay applied.
   */
  readonly scratch?: Kysely<any> | undefined;
  /**
   * The options of the runner that say where the history is, and how migrations run. Where
   * they are given, and `tableLockTimeout` is not 0, no migration has to limit its waiting by itself.
   */
  readonly runner?:
    | Pick<
      MigrationRunnerOptions,
      "tableName" | "schema" | "adopt" | "useTransactions" | "tableLockTimeout"
    >
    | undefined;
}

const NAMES: Readonly<Record<keyof LintOptions, true>> = {
  rules: true,
  targetVersion: true,
  snapshot: true,
  emptyTables: true,
  plugins: true,
  parse: true,
  scratch: true,
  runner: true,
};
const SEVERITIES: readonly unknown[] = ["error", "warning", "info", "off"];
const ACTION = "lint migrations";

/**
 * Checks the options.
 *
 * @throws {BadRequestError} if one does not exist, or has a value that it cannot have
 */
export function assertLintOptions(options: LintOptions): void {
  assertKnownOptions(options, Object.keys(NAMES), { action: ACTION });
  const known = new Set(RULES.map(({ id }) => id));
  for (const [rule, severity] of Object.entries(options.rules ?? {})) {
    if (!known.has(rule)) throw refuse(`there is no rule "${rule}"`);
    if (!SEVERITIES.includes(severity)) {
      throw refuse(`the severity of "${rule}" has to be "error", "warning", "info" or "off"`);
    }
  }
  const { targetVersion, parse } = options;
  if (targetVersion !== undefined) {
    if (typeof targetVersion !== "string" || parseVersion(targetVersion) === undefined) {
      throw refuse('the option "targetVersion" has to be a version, such as "15.4"');
    }
  }
  if (parse !== undefined && typeof parse !== "function") {
    throw refuse('the option "parse" has to be a function');
  }
}

function refuse(problem: string): BadRequestError {
  return new BadRequestError(`Cannot ${ACTION}: ${problem}`);
}
