import type { LintReport } from "../contract/lint_finding.ts";

/**
 * Returns a report as JSON: `findings`, `ignored`, `migrations` and `counts`, as
 * `lintMigrations()` returns them.
 *
 * @param report what was found
 * @returns the text
 *
 * @example
 * ```ts
 * import { lintReportToJson } from "@kysera/migrations/lint";
 * import assert from "node:assert/strict";
 *
 * const counts = { error: 0, warning: 0, info: 0 };
 * const text = lintReportToJson({ findings: [], ignored: [], migrations: ["001_users"], counts });
 * assert.deepEqual(JSON.parse(text).migrations, ["001_users"]);
 * ```
 */
export function lintReportToJson(report: LintReport): string {
  const { findings, ignored, migrations, counts } = report;
  return JSON.stringify({ findings, ignored, migrations, counts }, null, 2);
}
