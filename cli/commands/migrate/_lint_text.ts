import type { LintFinding, LintReport } from "@kysera/migrations/lint";
import type { Colors } from "../../terminal/_colors.ts";

/** Shows what the linter found. */
export function lintText(
  { findings, ignored, counts, migrations }: LintReport,
  colors: Colors,
): string {
  const { error, warning, info } = counts;
  const known = ignored.length === 0 ? "" : `, ${ignored.length} ignored`;
  const summary = `${count(migrations.length, "migration")}: ${count(error, "error")}, ` +
    `${count(warning, "warning")}, ${info} to know${known}`;
  return [...findings.map((finding) => findingText(finding, colors)), summary].join("\n\n");
}

function findingText(finding: LintFinding, { red, yellow, cyan, bold, dim }: Colors): string {
  const { rule, severity, migration, file, line, sql, message, reason, instead } = finding;
  const paint = { error: red, warning: yellow, info: cyan }[severity];
  const where = `${file ?? migration}${line === undefined ? "" : `:${line}`}`;
  return [
    `${bold(where)} ${paint(severity)} ${message} ${dim(`(${rule})`)}`,
    ...sql === undefined ? [] : [dim(`  ${sql.replaceAll("\n", "\n  ")}`)],
    `  ${reason}`,
    `  ${bold("Instead:")} ${instead.replaceAll("\n", "\n  ")}`,
  ].join("\n");
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}
