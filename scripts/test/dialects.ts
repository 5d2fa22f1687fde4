/**
 * What a test run says of the dialects: how many tests ran on each, and why on one they did not.
 *
 * @module
 */
import process from "node:process";
import type { TestCase } from "./junit.ts";

/** Every dialect a full run covers, as the titles of the tests name it: `title [sqlite]`. */
export const DIALECTS = ["sqlite", "pglite", "postgres", "mysql"] as const;

/** How a run went on one dialect. */
export interface DialectOutcome {
  readonly dialect: (typeof DIALECTS)[number];
  readonly tests: number;
  /** Why tests were left out on this dialect, if any were. */
  readonly reasons: readonly string[];
}

/**
 * Which dialects ran and which did not. It goes by the tests that did run, not by what was planned.
 *
 * @param cases What the runner reported.
 * @returns One line for each dialect.
 */
export function dialectOutcomes(cases: readonly TestCase[]): DialectOutcome[] {
  return DIALECTS.map((dialect) => {
    const reasons = new Set<string>();
    let tests = 0;
    for (const { name, outcome } of cases) {
      if (outcome !== "skipped" && name.includes(`[${dialect}]`)) tests++;
      // A dialect that cannot run is one skipped block named `title [postgres: the reason]`.
      const start = name.indexOf(`[${dialect}: `);
      if (start >= 0) {
        reasons.add(name.slice(start + dialect.length + 3, name.lastIndexOf("]")));
      }
    }
    return { dialect, tests, reasons: [...reasons] };
  });
}

/**
 * The lines about the dialects.
 *
 * @param outcomes How each dialect did.
 * @returns Text for people.
 */
export function describeDialects(outcomes: readonly DialectOutcome[]): string {
  return outcomes.map(({ dialect, tests, reasons }) => {
    const skipped = reasons.length > 0 ? `skipped: ${reasons.join("; ")}` : "";
    const ran = tests > 0 ? `${tests} tests` : "";
    return `  ${dialect.padEnd(9)} ${[ran, skipped].filter(Boolean).join(", ") || "no tests"}`;
  }).join("\n");
}

/**
 * The dialects that ran no test or only some, when the environment demands that all run
 * (`KYSERA_REQUIRE_ALL_DIALECTS=1`).
 *
 * @param outcomes How each dialect did.
 * @returns Their names; none when that is not demanded.
 */
export function missingDialects(outcomes: readonly DialectOutcome[]): string[] {
  if (process.env["KYSERA_REQUIRE_ALL_DIALECTS"] !== "1") return [];
  return outcomes
    .filter(({ tests, reasons }) => tests === 0 || reasons.length > 0)
    .map(({ dialect }) => dialect);
}
