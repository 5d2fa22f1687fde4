import type { LintReport, LintSeverity } from "../contract/lint_finding.ts";
import { type LintPaths, pathOf } from "./_path_of.ts";

const COMMANDS: Readonly<Record<LintSeverity, string>> = {
  error: "error",
  warning: "warning",
  info: "notice",
};

/**
 * Returns a report as workflow commands of GitHub Actions, a line each: printed in a workflow, they
 * appear beside the lines of a pull request.
 *
 * @param report what was found
 * @param options `folder`: where the files are, from the root of the repository on
 * @returns the lines; an empty text where nothing was found
 *
 * @example
 * ```ts
 * import { lintReportToGitHubAnnotations } from "@kysera/migrations/lint";
 * import assert from "node:assert/strict";
 *
 * const text = lintReportToGitHubAnnotations({
 *   findings: [{
 *     rule: "drop-table",
 *     severity: "error",
 *     migration: "002_drop",
 *     file: "002_drop.sql",
 *     line: 3,
 *     message: 'Drops the table "users"',
 *     reason: "Its rows are lost.",
 *     instead: "Drop it later.",
 *   }],
 *   ignored: [],
 *   migrations: ["002_drop"],
 *   counts: { error: 1, warning: 0, info: 0 },
 * }, { folder: "db/migrations" });
 * assert.equal(
 *   text,
 *   "::error file=db/migrations/002_drop.sql,line=3,title=drop-table::" +
 *     '002_drop: Drops the table "users". Its rows are lost. Instead: Drop it later.',
 * );
 * ```
 */
export function lintReportToGitHubAnnotations(
  report: LintReport,
  options: LintPaths = {},
): string {
  return report.findings.map(({ rule, severity, migration, file, line, ...finding }) => {
    const properties = [
      ...file === undefined ? [] : [`file=${property(pathOf(file, options))}`],
      ...line === undefined ? [] : [`line=${line}`],
      `title=${property(rule)}`,
    ];
    const { message, reason, instead } = finding;
    const text = `${migration}: ${message}. ${reason} Instead: ${instead}`;
    return `::${COMMANDS[severity]} ${properties.join(",")}::${data(text)}`;
  }).join("\n");
}

/** A line break would end the command. */
function data(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
