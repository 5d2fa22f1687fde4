import type { LintRule } from "./contract/lint_rule.ts";
import { RULES } from "./rules/_all.ts";

/**
 * Every rule of `lintMigrations()`: what it is called, how bad what it finds is, why, and how it is
 * done safely.
 *
 * @example
 * ```ts
 * import { LINT_RULES } from "@kysera/migrations/lint";
 * import assert from "node:assert/strict";
 *
 * const rule = LINT_RULES.find(({ id }) => id === "index-not-concurrent");
 * assert.deepEqual(rule?.dialects, ["postgres"]);
 * assert.equal(rule?.severity, "error");
 * ```
 */
export const LINT_RULES: readonly LintRule[] = RULES.map(
  ({ id, severity, dialects, reason, instead }) => ({ id, severity, dialects, reason, instead }),
);
