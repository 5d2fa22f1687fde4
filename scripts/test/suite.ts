/**
 * Runs the items of a test run and prints its report.
 *
 * @module
 */
import process from "node:process";
import { styleText } from "node:util";
import { dialectOutcomes, missingDialects } from "./dialects.ts";
import { formatSeconds, Reporter } from "./report.ts";
import { type ItemResult, type Totals, totalsOf } from "./result.ts";
import { longestFirst, readTimes, runAll, workers, writeTimes } from "./schedule.ts";

/** What belongs to one run. */
export interface Suite<T extends { readonly name: string; readonly size: number }> {
  readonly items: readonly T[];
  /** What the times of the items are remembered under; they are not where there is nothing. */
  readonly times: string | undefined;
  /** Runs an item; it is told which of the workers it is. */
  readonly run: (item: T, worker: number) => Promise<ItemResult>;
  /** Whether a signal has come that ends the run. */
  readonly isInterrupted: () => boolean;
  /** Whether the first failure ends the run. */
  readonly failFast?: boolean;
  /** Whether nothing is said of items without tests. */
  readonly quiet?: boolean;
  /** Whether all dialects have to run, where the environment demands it. */
  readonly everyDialect: boolean;
  /** So many minutes the run may take: no item begins after that. */
  readonly budget: number;
}

/**
 * Runs all items.
 *
 * @param suite What to run.
 * @returns The numbers. Everything but them is printed.
 */
export async function runSuite<T extends { readonly name: string; readonly size: number }>(
  suite: Suite<T>,
): Promise<Totals> {
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  const { items, times, budget, isInterrupted } = suite;
  const reporter = new Reporter((text) => console.log(inColor(text)));
  const { results } = reporter;
  reporter.begin(items.map(({ name }) => name));
  const rest = await runAll(
    longestFirst(items, times === undefined ? {} : readTimes(times)),
    async (item, worker) => reporter.add(await suite.run(item, worker), suite.quiet),
    () =>
      !isInterrupted() && seconds() < budget * 60 &&
      !(suite.failFast && totalsOf(results).failed > 0),
  );
  if (times !== undefined) writeTimes(times, results);

  const { passed, failed, skipped } = reporter.end();
  const problems: string[] = [];
  const missing = suite.everyDialect
    ? missingDialects(dialectOutcomes(results.flatMap(({ cases }) => cases)))
    : [];
  if (missing.length > 0) {
    const names = missing.join(", ");
    problems.push(`KYSERA_REQUIRE_ALL_DIALECTS=1, but not everything ran on ${names}`);
  }
  if (isInterrupted()) problems.push(`The run was ended: ${rest.length} did not run`);
  else if (seconds() >= budget * 60 && rest.length > 0) {
    problems.push(
      `The run took more than its ${formatSeconds(budget * 60)}: ${rest.length} did not run`,
    );
  } else if (passed + failed + skipped === 0) problems.push("There is no such test");
  for (const problem of problems) console.log(`\n${problem}`);
  const time = formatSeconds(seconds());
  console.log(`\n${results.length} of ${items.length} in ${time}, ${workers()} at a time`);
  return { passed, failed: failed + problems.length, skipped };
}

/** A text with its failures in red, where somebody is looking. */
function inColor(text: string): string {
  if (!process.stdout.isTTY || process.env["NO_COLOR"]) return text;
  return text.replaceAll(/^FAILED|FAILED$/gm, (word) => styleText("red", word));
}

/** Of how many random cases each form runs one, as people read it. */
const PARTS: Readonly<Record<string, string>> = {
  full: "all of them",
  short: "one in eight (--full runs all)",
  brief: "one in sixteen (--full runs all)",
};

/**
 * What the random cases of a run depend on: those that the environment names, or new ones.
 *
 * @param full Whether all of them run.
 * @param form The form otherwise, where the environment names none.
 * @returns Environment variables for the tests, and a line for people.
 */
export function randomCases(
  full: boolean,
  form: "short" | "brief" = "short",
): {
  readonly scale: string;
  readonly seed: number;
  readonly env: Record<string, string>;
  readonly text: string;
} {
  const scale = full ? "full" : process.env["KYSERA_TEST_SCALE"] || form;
  const seed = process.env["KYSERA_FUZZ_SEED"] || String(Math.floor(Math.random() * 0x7fffffff));
  return {
    scale,
    seed: Number(seed),
    env: { KYSERA_TEST_SCALE: scale, KYSERA_FUZZ_SEED: seed },
    text: `Random cases: ${PARTS[scale] ?? scale}, KYSERA_FUZZ_SEED=${seed} draws the same again`,
  };
}
