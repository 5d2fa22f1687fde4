import type { IgnoredFinding, LintFinding, LintReport } from "../contract/lint_finding.ts";
import { LINT_RULES } from "../lint_rules.ts";
import { type LintPaths, pathOf } from "./_path_of.ts";

const LEVELS = { error: "error", warning: "warning", info: "note", off: "none" } as const;
const SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json";
const HOME = "https://github.com/kysera/kysera/tree/main/migrations#lint";

/**
 * Returns a report as a log of SARIF 2.1.0, which GitHub's code scanning and other tools read. Ignored
 * findings are in it as suppressed in the source, with the reason.
 *
 * @param report what was found
 * @param options `folder`: where the files are, from the root of the repository on
 * @returns the log as JSON
 *
 * @example
 * ```ts
 * import { lintReportToSarif } from "@kysera/migrations/lint";
 * import assert from "node:assert/strict";
 *
 * const log = JSON.parse(lintReportToSarif({
 *   findings: [],
 *   ignored: [],
 *   migrations: [],
 *   counts: { error: 0, warning: 0, info: 0 },
 * }));
 * assert.equal(log.version, "2.1.0");
 * assert.deepEqual(log.runs[0].results, []);
 * ```
 */
export function lintReportToSarif(report: LintReport, options: LintPaths = {}): string {
  const findings: readonly (LintFinding & Partial<IgnoredFinding>)[] = [
    ...report.findings,
    ...report.ignored,
  ];
  const used = new Set(findings.map(({ rule }) => rule));
  const rules = LINT_RULES.filter(({ id }) => used.has(id));
  const log = {
    $schema: SCHEMA,
    version: "2.1.0",
    runs: [{
      tool: {
        driver: {
          name: "kysera lint",
          informationUri: HOME,
          rules: rules.map(({ id, severity, reason, instead }) => ({
            id,
            shortDescription: { text: reason },
            fullDescription: { text: `${reason} ${instead}` },
            help: { text: instead },
            defaultConfiguration: { level: LEVELS[severity], enabled: severity !== "off" },
          })),
        },
      },
      columnKind: "utf16CodeUnits",
      results: findings.map((finding) =>
        resultOf(finding, rules.findIndex(({ id }) => id === finding.rule), options)
      ),
    }],
  };
  return JSON.stringify(log, null, 2);
}

function resultOf(
  finding: LintFinding & Partial<IgnoredFinding>,
  ruleIndex: number,
  options: LintPaths,
): object {
  const { rule, severity, migration, file, line, statement, message, instead, because } = finding;
  return {
    ruleId: rule,
    ruleIndex,
    level: LEVELS[severity],
    message: { text: `${message}. ${instead}` },
    locations: [{
      ...file === undefined ? {} : {
        physicalLocation: {
          // A path is a URI here.
          artifactLocation: { uri: encodeURI(pathOf(file, options)) },
          ...line === undefined ? {} : { region: { startLine: line } },
        },
      },
      logicalLocations: [{
        name: migration,
        fullyQualifiedName: statement === undefined ? migration : `${migration}#${statement}`,
        kind: "module",
      }],
    }],
    // The same finding of the next run, though lines have moved.
    partialFingerprints: { "kyseraLint/v1": `${rule}/${migration}/${statement ?? 0}/${message}` },
    ...because === undefined
      ? {}
      : { suppressions: [{ kind: "inSource", justification: because }] },
  };
}
