/**
 * What a test run prints: a line for each item when it has ended, and at the end what failed, what was
 * skipped, and what took longest.
 *
 * @module
 */
import { describeDialects, dialectOutcomes } from "./dialects.ts";
import type { TestCase } from "./junit.ts";
import { type ItemResult, type Totals, totalsOf } from "./result.ts";

/** So many items are named as the slowest. */
const SLOWEST = 10;
/** So many files are named that skip tests for one reason. */
const NAMED = 3;
/** A longer name moves the rest of its line to the right. */
const WIDEST = 60;

/** Prints what a run says. */
export class Reporter {
  readonly results: ItemResult[] = [];
  readonly #print: (text: string) => void;
  #width = 0;
  #total = 0;
  #done = 0;
  #silent = 0;

  /** @param print Prints lines. */
  constructor(print: (text: string) => void) {
    this.#print = print;
  }

  /**
   * Begins to count.
   *
   * @param names What will run.
   */
  begin(names: readonly string[]): void {
    this.#total = names.length;
    this.#done = 0;
    this.#width = Math.min(WIDEST, Math.max(0, ...names.map((name) => name.length)));
  }

  /**
   * Prints the line of an item.
   *
   * @param result How it went.
   * @param quiet Whether nothing is printed of an item without tests.
   */
  add(result: ItemResult, quiet = false): void {
    this.results.push(result);
    this.#done++;
    if (quiet && result.cases.length === 0 && result.problem === undefined) {
      this.#silent++;
      return;
    }
    this.#print(lineOf(result, this.#done, this.#total, this.#width));
  }

  /**
   * Prints everything but the last line.
   *
   * @returns The numbers of the run.
   */
  end(): Totals {
    const totals = totalsOf(this.results);
    const parts = [
      this.#silent > 0 ? `${this.#silent} more have no such test` : "",
      ...this.results.map(describeFailure),
      describeSkipped(this.results),
      describeSlowest(this.results),
      `Dialects:\n${describeDialects(dialectOutcomes(this.results.flatMap(({ cases }) => cases)))}`,
    ];
    for (const part of parts) if (part !== "") this.#print(`\n${part}`);
    return totals;
  }
}

/**
 * The line of an item.
 *
 * @param result How it went.
 * @param done How many have ended.
 * @param total How many there are.
 * @param width The width of the names.
 * @returns `  12/310  tests/executor/mask_test.ts  48 passed  1.2 s`.
 */
export function lineOf(result: ItemResult, done: number, total: number, width: number): string {
  const count = `${done}/${total}`.padStart(2 * String(total).length + 3);
  const { failed } = totalsOf([result]);
  return [
    count,
    result.name.padEnd(width),
    outcomeOf(result).padEnd(10),
    formatSeconds(result.seconds) + (failed > 0 ? "  FAILED" : ""),
  ].join("  ");
}

function outcomeOf(result: ItemResult): string {
  const { passed, failed, skipped } = totalsOf([result]);
  if (passed + failed + skipped === 0) return "no tests";
  const parts = [
    passed > 0 ? `${passed} passed` : "",
    failed > 0 ? `${failed} failed` : "",
    skipped > 0 ? `${skipped} skipped` : "",
  ];
  return parts.filter(Boolean).join(", ");
}

/**
 * What failed in an item, in full.
 *
 * @param result How it went.
 * @returns The errors, each with the command that repeats it, and what the item printed; empty when
 * nothing failed.
 */
export function describeFailure(result: ItemResult): string {
  const failed = result.cases.filter(({ outcome }) => outcome === "failed");
  const { name, problem, output } = result;
  if (failed.length === 0 && problem === undefined) return "";
  const parts = failed.map((test) => describeTest(result, test));
  if (problem !== undefined) {
    parts.push(`FAILED ${name}\n${indent(problem)}\n  Repeat: ${result.repeat()}`);
  }
  if (output !== "") parts.push(`  ${name} printed:\n${indent(output)}`);
  return parts.join("\n\n");
}

function describeTest(result: ItemResult, { name, error }: TestCase): string {
  const text = error ? `\n${indent(error)}` : "";
  return `FAILED ${result.name}\n  ${name}${text}\n  Repeat: ${result.repeat(name)}`;
}

/**
 * What was skipped, and why.
 *
 * @param results How the items went.
 * @returns A line for each reason, the commonest first; empty when nothing was skipped.
 */
export function describeSkipped(results: readonly ItemResult[]): string {
  const reasons = new Map<string, { times: number; items: Set<string> }>();
  let total = 0;
  for (const { name, cases } of results) {
    for (const each of cases) {
      if (each.outcome !== "skipped") continue;
      const reason = each.reason ?? "no reason is given";
      const found = reasons.get(reason) ?? { times: 0, items: new Set() };
      reasons.set(reason, { times: found.times + 1, items: found.items.add(name) });
      total++;
    }
  }
  if (total === 0) return "";
  const lines = [...reasons]
    .sort(([, a], [, b]) => b.times - a.times)
    .map(([reason, { times, items }]) => {
      const names = [...items].sort();
      const more = names.length - NAMED;
      return `  ${String(times).padStart(4)}  ${reason} (${names.slice(0, NAMED).join(", ")}` +
        `${more > 0 ? ` and ${more} more` : ""})`;
    });
  return `Skipped: ${total}\n${lines.join("\n")}`;
}

/**
 * What took longest.
 *
 * @param results How the items went.
 * @returns A line for each, the longest first; empty when nothing ran.
 */
export function describeSlowest(results: readonly ItemResult[]): string {
  const slowest = results.toSorted((a, b) => b.seconds - a.seconds).slice(0, SLOWEST);
  if (slowest.length < 2) return "";
  return [
    "Slowest:",
    ...slowest.map(({ name, seconds }) => `  ${formatSeconds(seconds).padStart(7)}  ${name}`),
  ].join("\n");
}

/**
 * A time for people.
 *
 * @param seconds The seconds.
 * @returns `1.2 s`, or `3 min 7 s`.
 */
export function formatSeconds(seconds: number): string {
  if (seconds < 99.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, "    ");
}
