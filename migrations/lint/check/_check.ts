import type { Dialect } from "@kysera/core";
import type { LintPlugins } from "../contract/lint_plugins.ts";
import type { Change } from "../read/_change.ts";
import { RULES } from "../rules/_all.ts";
import type { LintedMigration, Messages, RuleDefinition, Site } from "../rules/_rule.ts";
import { applyChange } from "../view/_apply_change.ts";
import type { Origin, SchemaView } from "../view/_schema_view.ts";
import type { ServerVersion } from "../view/_version.ts";

/** What a rule has found, and where. */
export interface Found {
  readonly rule: RuleDefinition;
  readonly message: string;
  readonly migration: number;
  readonly statement: number | undefined;
  readonly instead?: string | undefined;
}

/** What all rules are asked about. */
export interface CheckInput {
  readonly dialect: Dialect;
  readonly version: ServerVersion;
  readonly plugins: LintPlugins;
  readonly limitsLocks: boolean;
  readonly migrations: readonly LintedMigration[];
  readonly view: SchemaView;
}

/**
 * Asks every rule about every migration, in order; the view goes along with them.
 *
 * @param input the migrations, and what they find
 * @param isAsked whether a rule is asked
 */
export function check(
  input: CheckInput,
  isAsked: (rule: RuleDefinition) => boolean,
): Found[] {
  const { dialect, view, migrations } = input;
  const rules = RULES.filter((rule) => rule.dialects.includes(dialect) && isAsked(rule));
  const found: Found[] = [];
  for (const [migration, linted] of migrations.entries()) {
    const site = { ...input, migration: linted };
    for (const [statement, { changes }] of linted.statements.entries()) {
      const origin: Origin = { migration, statement };
      for (const change of changes) {
        found.push(...askAbout(rules, change, { ...site, index: statement }, origin));
        applyChange(view, change, origin);
      }
    }
    for (const rule of rules) {
      for (const told of rule.migration?.(linted, { ...site, index: 0 }) ?? []) {
        found.push({ rule, migration, message: told.message, statement: told.statement });
      }
    }
  }
  for (const rule of rules) {
    for (const { message, at } of rule.end?.(input) ?? []) found.push({ rule, message, ...at });
  }
  return found;
}

function askAbout(
  rules: readonly RuleDefinition[],
  change: Change,
  site: Site,
  origin: Origin,
): Found[] {
  return rules.flatMap((rule) => {
    const ask = rule.on?.[change.kind] as ((change: Change, site: Site) => Messages) | undefined;
    return [ask?.(change, site) ?? []].flat().map((message) => ({
      rule,
      message,
      ...origin,
      instead: rule.recipe?.(change, site),
    }));
  });
}
