import {
  lintMigrations,
  type LintOptions,
  type LintReport,
  lintReportToGitHubAnnotations,
  lintReportToSarif,
} from "@kysera/migrations/lint";
import { relative } from "node:path";
import { importDriver } from "../../connect/_import_driver.ts";
import { usageError } from "../../contract/_cli_error.ts";
import { type Command, defineCommand } from "../../program/_command.ts";
import type { Context } from "../../program/_context.ts";
import { ExitCodes } from "../../contract/_exit_codes.ts";
import { flag, list, text } from "../../contract/_options.ts";
import { lintText } from "./_lint_text.ts";
import { HISTORY_OPTIONS, openRunner } from "./_open_runner.ts";

/** `kysera migrate lint`. */
export const command: Command = defineCommand({
  description:
    "Looks at the migrations that are not applied. Nothing is changed. Exits with 3 if there is an error,\n" +
    "or with --strict a warning. A comment `-- kysera-ignore rule: reason` before a statement says that\n" +
    "a finding is known. `lint` in the configuration has rules, empty tables and what plugins are for.",
  options: {
    strict: flag("--strict", "exit with 3 for warnings, too"),
    format: text("--format <format>", "how findings are printed", {
      choices: ["text", "sarif", "github"],
      default: "text",
    }),
    rule: list("--rule <name=severity>", "how bad a finding of a rule is; `off` asks it not"),
    targetVersion: text("--target-version <version>", "the server that they are for: 15"),
    emptyTables: list("--empty-tables <names>", "tables that have no rows there, or few"),
    parser: flag("--parser", "read raw SQL by PostgreSQL's own parser, of libpg-query"),
    ...HISTORY_OPTIONS,
  },
  examples: [
    ["kysera migrate lint", "find what is dangerous"],
    ["kysera migrate lint --format github", "show it beside the lines of a pull request"],
    ["kysera migrate lint --rule drop-table=off", "without one of the rules"],
  ],
  async run({ context, options }) {
    const { connection, migrations, directory } = await openRunner(context, {
      ...options,
      writes: false,
    });
    const settings = await context.settings();
    const { lint } = settings;
    const { targetVersion = lint?.targetVersion } = options;
    const report = await lintMigrations(connection.db, migrations, {
      rules: { ...lint?.rules, ...rulesOf(options.rule) },
      emptyTables: [...lint?.emptyTables ?? [], ...options.emptyTables],
      plugins: lint?.plugins,
      targetVersion,
      parse: options.parser ? await parserOf(context) : undefined,
      runner: {
        tableName: settings.migrations.tableName,
        schema: options.schema ?? settings.migrations.schema,
        tableLockTimeout: settings.migrations.tableLockTimeout,
      },
    });
    const folder = relative(context.host.cwd, directory);
    const isBad = report.counts.error > 0 || (options.strict && report.counts.warning > 0);
    return {
      data: report,
      text: shown(report, options.format, folder, context),
      exitCode: isBad ? ExitCodes.FINDINGS : ExitCodes.OK,
    };
  },
});

function shown(report: LintReport, format: string, folder: string, context: Context): string {
  if (format === "sarif") return lintReportToSarif(report, { folder });
  if (format === "github") return lintReportToGitHubAnnotations(report, { folder });
  return lintText(report, context.colors);
}

function rulesOf(words: readonly string[]): NonNullable<LintOptions["rules"]> {
  return Object.fromEntries(words.map((word) => {
    const [rule = "", severity] = word.split("=");
    if (severity === undefined) {
      throw usageError(`--rule: "${word}" says no severity`, { hint: `Write ${rule}=off.` });
    }
    // The linter refuses what is neither a rule nor a severity.
    return [rule, severity as "off"];
  }));
}

interface LibpgQuery {
  readonly loadModule?: () => Promise<void>;
  readonly parseSync: (sql: string) => unknown;
}

async function parserOf(context: Context): Promise<NonNullable<LintOptions["parse"]>> {
  const { root } = await context.settings();
  const parser = await importDriver<LibpgQuery>("libpg-query", root, "PostgreSQL's parser");
  await parser.loadModule?.();
  return (sql) => parser.parseSync(sql);
}
