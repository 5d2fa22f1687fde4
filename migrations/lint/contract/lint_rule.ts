import type { Dialect } from "@kysera/core";
import type { LintSeverity } from "./lint_finding.ts";

/** A rule of the linter. */
export interface LintRule {
  /** Its name, as options and comments have it. */
  readonly id: string;
  /** How bad what it finds is, unless the options say otherwise. */
  readonly severity: LintSeverity | "off";
  /** The dialects that it is for. */
  readonly dialects: readonly Dialect[];
  /** Why what it finds is bad. */
  readonly reason: string;
  /** How it is done safely. */
  readonly instead: string;
}
