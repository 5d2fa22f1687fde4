import type {
  IgnoredFinding,
  LintFinding,
  LintReport,
  LintSeverity,
} from "../contract/lint_finding.ts";
import { RULES } from "../rules/_all.ts";
import type { RuleDefinition } from "../rules/_rule.ts";
import type { Found } from "./_check.ts";
import type { Ignore } from "./_ignores.ts";
import type { Prepared } from "./_prepare.ts";

/** What a report is made of. */
export interface ReportInput {
  readonly prepared: readonly Prepared[];
  readonly found: readonly Found[];
  /** What the runner says of the history. */
  readonly history: readonly {
    readonly rule: RuleDefinition;
    readonly migrationName: string;
    readonly message: string;
  }[];
  readonly fileOf: (migration: string) => string | undefined;
  /** The names of all migrations, in their order. */
  readonly order: readonly string[];
  readonly severities: Readonly<Record<string, LintSeverity | "off">>;
}

/** Returns the report: findings in order, without those that are to be ignored. */
export function reportOf(input: ReportInput): LintReport {
  const { prepared, severities } = input;
  const findings: LintFinding[] = [];
  const ignored: IgnoredFinding[] = [];
  const add = (finding: LintFinding | undefined, ignore?: Ignore): void => {
    if (finding === undefined) return;
    if (ignore === undefined) findings.push(finding);
    else ignored.push({ ...finding, because: ignore.reason });
  };
  for (const { rule, migrationName, message } of input.history) {
    add(findingOf(rule, message, migrationName, severities, { file: input.fileOf(migrationName) }));
  }
  for (const each of input.found) {
    const { ignores } = prepared[each.migration]!;
    const finding = findingAt(each, prepared[each.migration]!, severities);
    const ignore = finding &&
      ignores.find(({ rule, reason, statement }) =>
        rule === each.rule.id && reason !== "" &&
        (statement === undefined || each.statement === undefined || statement === each.statement)
      );
    if (ignore !== undefined) ignore.isUsed = true;
    add(finding, ignore);
  }
  for (const [migration, { ignores }] of prepared.entries()) {
    for (const ignore of ignores) {
      const told = aboutIgnore(ignore);
      if (told === undefined) continue;
      add(findingAt(
        { ...told, migration, statement: ignore.statement },
        prepared[migration]!,
        severities,
      ));
    }
  }
  const place = new Map(input.order.map((name, i) => [name, i]));
  // Sorting keeps the order of the rules where all else is equal.
  findings.sort((a, b) =>
    (place.get(a.migration) ?? -1) - (place.get(b.migration) ?? -1) ||
    (a.statement ?? 0) - (b.statement ?? 0)
  );
  const counts = { error: 0, warning: 0, info: 0 };
  for (const { severity } of findings) counts[severity]++;
  return {
    findings,
    ignored,
    migrations: prepared.map(({ linted }) => linted.migration.name),
    counts,
  };
}

const BY_ID: ReadonlyMap<string, RuleDefinition> = new Map(RULES.map((rule) => [rule.id, rule]));

function aboutIgnore(
  { rule, reason, isUsed }: Ignore,
): { rule: RuleDefinition; message: string } | undefined {
  if (!BY_ID.has(rule)) {
    return { rule: BY_ID.get("unused-ignore")!, message: `There is no rule "${rule}" to ignore` };
  }
  if (reason === "") {
    return {
      rule: BY_ID.get("ignore-without-reason")!,
      message: `"${rule}" is not ignored, as no reason is given`,
    };
  }
  if (isUsed) return undefined;
  return { rule: BY_ID.get("unused-ignore")!, message: `"${rule}" finds nothing here to ignore` };
}

function findingAt(
  { rule, message, statement, instead }: Found,
  { linted }: Prepared,
  severities: ReportInput["severities"],
): LintFinding | undefined {
  const at = statement === undefined ? undefined : linted.statements[statement];
  const { name, file } = linted.migration;
  return findingOf(rule, message, name, severities, {
    file,
    // A comment may stand behind the last statement.
    ...at === undefined ? {} : { statement: statement! + 1, sql: at.sql, line: at.line },
    ...instead === undefined ? {} : { instead },
  });
}

function findingOf(
  { id, severity: usual, reason, instead }: RuleDefinition,
  message: string,
  migration: string,
  severities: ReportInput["severities"],
  more: Partial<LintFinding>,
): LintFinding | undefined {
  const severity = severities[id] ?? usual;
  if (severity === "off") return undefined;
  return { rule: id, severity, migration, message, reason, instead, ...more };
}
