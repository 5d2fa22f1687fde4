/**
 * Looks for what is dangerous in pending migrations, before they run.
 *
 * @module
 */
export type * from "./contract/lint_finding.ts";
export type * from "./contract/lint_plugins.ts";
export type * from "./contract/lint_rule.ts";
export * from "./lint_migrations.ts";
export type { LintOptions } from "./lint_options.ts";
export * from "./lint_rules.ts";
export * from "./report/to_github_annotations.ts";
export * from "./report/to_json.ts";
export * from "./report/to_sarif.ts";
export type { LintPaths } from "./report/_path_of.ts";
