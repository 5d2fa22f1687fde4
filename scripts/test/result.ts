/**
 * Outcome of one item of a test run, read from what its process left behind.
 *
 * @module
 */
import process from "node:process";
import type { WatchResult } from "../run.ts";
import type { Note } from "./deno_notes.ts";
import { SEPARATOR, type TestCase } from "./junit.ts";
import { lastTest, remainingOutput, type RunnerKind, runningTest } from "./output.ts";

const HINT = "`--limit SECONDS` allows more.";

/** How an item went. */
export interface ItemResult {
  readonly name: string;
  readonly cases: readonly TestCase[];
  readonly seconds: number;
  /** What went wrong beside the tests, if anything did; it counts as a failure. */
  readonly problem?: string;
  /** What the tests printed. */
  readonly output: string;
  /**
   * The command that runs it again.
   *
   * @param test The name of a test; without one everything runs again.
   */
  repeat(test?: string): string;
}

/** The numbers of one item, or of a run. */
export interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** What a process left behind. */
export interface Remains {
  readonly name: string;
  readonly kind: RunnerKind;
  readonly run: WatchResult;
  readonly cases: readonly TestCase[];
  readonly notes?: readonly Note[];
  /** So long a test might take, in seconds. */
  readonly limit: number;
  /** Whether the process was ended with the run. */
  readonly interrupted: boolean;
  readonly repeat: (test?: string) => string;
}

/**
 * Judges what a process left behind.
 *
 * @param remains What it left.
 * @returns The result. It tells of a failure whenever the process failed.
 */
export function resultOf(remains: Remains): ItemResult {
  const { name, kind, run, notes = [], limit, interrupted, repeat } = remains;
  const reasons = reasonsOf(notes);
  let cases = remains.cases.map((each): TestCase => {
    const reason = each.outcome === "skipped" && (each.reason ?? reasons.get(lastTitle(each.name)));
    if (reason) return { ...each, reason };
    if (!/^(Error[^:]*: )?test timed out/.test(each.error ?? "")) return each;
    return { ...each, error: `It did not end within ${each.seconds.toFixed(0)} s. (${HINT})` };
  });
  const problems: string[] = [];
  if (run.hung || interrupted) {
    const running = runningTest(kind, run.output);
    const why = run.hung
      ? `It did not end within ${limit} s, and was ended with its file: what comes after it did ` +
        `not run. (${HINT})`
      : "It was running when the run was ended.";
    if (running !== undefined) {
      // The runner lists it as skipped or cancelled, or its describe block, which holds it, as failed.
      cases = cases.filter((each) => !isOrHolds(each.name, running));
      cases.push({ name: running, outcome: "failed", seconds: run.seconds, error: why });
    } else problems.push(run.hung ? standstill(kind, run.output, limit) : why);
  }
  for (const each of notes) {
    if (!("rejection" in each)) continue;
    problems.push(
      `A promise was rejected outside of the tests, and nothing handled it:\n${each.rejection}`,
    );
  }
  const failed = cases.filter(({ outcome }) => outcome === "failed");
  if (run.code !== 0 && failed.length === 0 && problems.length === 0) {
    problems.push(`It ended with ${run.code}, and no test of it failed`);
  }
  return {
    name,
    cases,
    seconds: run.seconds,
    ...(problems.length > 0 ? { problem: problems.join("\n\n") } : {}),
    output: remainingOutput(kind, run.output, new Set(failed.map((each) => each.name))),
    repeat,
  };
}

/**
 * Counts.
 *
 * @param results How items went.
 * @returns The numbers; `failed` is never 0 when an item failed.
 */
export function totalsOf(results: readonly ItemResult[]): Totals {
  const totals = { passed: 0, failed: 0, skipped: 0 };
  for (const { cases, problem } of results) {
    for (const { outcome } of cases) totals[outcome]++;
    if (problem !== undefined) totals.failed++;
  }
  return totals;
}

/**
 * What a file says that its random cases depend on, as environment variables. The line is printed by
 * `tests/support/random.ts`.
 *
 * @param output What the file printed.
 * @returns The assignments, for a shell; empty when the file has no random cases.
 */
export function seedOf(output: string): string {
  return /^Random cases: (.+)$/m.exec(output)?.[1] ?? "";
}

/**
 * How `deno` is called on this machine: by its name, or as npx fetched it.
 *
 * @returns The words to begin a command with.
 */
export function denoCommand(): string {
  return process.env["npm_command"] === "exec" ? `npx -y deno@${process.versions["deno"]}` : "deno";
}

/**
 * Writes a word as a shell reads it.
 *
 * @param text The word.
 * @returns The word, in quotes where it needs them.
 */
export function quote(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  return /["$`\\!]/.test(text) ? `'${text.replaceAll("'", `'\\''`)}'` : `"${text}"`;
}

function reasonsOf(notes: readonly Note[]): Map<string, string> {
  const reasons = new Map<string, string>();
  for (const each of notes) {
    if ("skipped" in each) reasons.set(each.skipped, each.reason);
  }
  return reasons;
}

function lastTitle(name: string): string {
  return name.split(SEPARATOR).at(-1)!;
}

function isOrHolds(name: string, other: string): boolean {
  return name === other || other.startsWith(name + SEPARATOR);
}

/** What is said of a process that stood still and does not tell in which test. */
function standstill(kind: RunnerKind, output: string, limit: number): string {
  const last = lastTest(kind, output);
  const where = last === undefined ? "before the first test ended" : `after "${last}"`;
  return `Nothing went on for ${limit} s ${where}, so it was ended. (${HINT})`;
}
