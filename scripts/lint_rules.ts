/**
 * `deno task lint:rules`: writes `docs/lint-rules.md`, the rules of `lintMigrations()`, from the rules
 * themselves. A test compares the two.
 *
 * @module
 */
import { LINT_RULES } from "@kysera/migrations/lint";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./workspace.ts";

/** Where the page is. */
export const LINT_RULES_PAGE: string = join(ROOT, "docs/lint-rules.md");

const NAMES: Readonly<Record<string, string>> = {
  postgres: "PostgreSQL",
  mysql: "MySQL, MariaDB",
  sqlite: "SQLite",
  mssql: "SQL Server",
};

/** Returns the page. */
export function lintRulesPage(): string {
  const groups = new Map<string, typeof LINT_RULES[number][]>();
  for (const rule of LINT_RULES) {
    const title = rule.dialects.length === 1 ? NAMES[rule.dialects[0]!]! : "Several dialects";
    groups.set(title, [...groups.get(title) ?? [], rule]);
  }
  const sections = [...groups].map(([title, rules]) =>
    `## ${title}\n\n${
      table(
        ["rule", "severity", "reason", "instead"],
        rules.map(({ id, severity, reason, instead }) => [`\`${id}\``, severity, reason, instead]),
      )
    }`
  );
  return [
    "# Lint rules",
    [
      "The rules of `lintMigrations()` of [`@kysera/migrations/lint`](../migrations/README.md#lint),",
      "written by `deno task lint:rules`. A rule that is `off` is asked where the option `rules` says so.",
    ].join("\n"),
    ...sections,
  ].join("\n\n") + "\n";
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) =>
    Math.max(title.length, ...rows.map((row) => row[i]!.length))
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

if (import.meta.main) writeFileSync(LINT_RULES_PAGE, lintRulesPage());
