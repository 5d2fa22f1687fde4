/**
 * In which order the items of a test run are run, and how many at a time.
 *
 * @module
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import process from "node:process";
import { ROOT } from "../workspace.ts";
import type { ItemResult } from "./result.ts";

/** The seconds that items took when they ran last, by their names. Nobody needs them. */
export type Times = Readonly<Record<string, number>>;

/**
 * How many items run at a time. More would not be quicker: each may hold a PGlite of 300 MB and ten
 * connections.
 *
 * @returns As many as `DENO_JOBS` says, or as there are processors, but at most 4.
 */
export function workers(): number {
  return Number(process.env["DENO_JOBS"]) || Math.min(availableParallelism(), 4);
}

/**
 * Puts what takes longest first, so that nothing long is left at the end. What has not run before
 * comes first of all, the largest in front.
 *
 * @param items The items.
 * @param times How long items took.
 * @returns The items in their order.
 */
export function longestFirst<T extends { readonly name: string; readonly size: number }>(
  items: readonly T[],
  times: Times,
): T[] {
  const seconds = ({ name }: T) => times[name] ?? Infinity;
  return items.toSorted((a, b) =>
    seconds(a) === seconds(b) ? b.size - a.size : seconds(b) - seconds(a)
  );
}

/**
 * Runs items, several at a time, in their order.
 *
 * @param items The items.
 * @param run Runs one of them; it is told which of the workers it is, counted from 0.
 * @param mayGoOn Whether the next one is run.
 * @returns Those that were not run.
 */
export async function runAll<T>(
  items: readonly T[],
  run: (item: T, worker: number) => Promise<void>,
  mayGoOn: () => boolean,
): Promise<T[]> {
  const queue = [...items];
  const work = async (worker: number) => {
    while (queue.length > 0 && mayGoOn()) await run(queue.shift()!, worker);
  };
  await Promise.all(Array.from({ length: workers() }, (_, worker) => work(worker)));
  return queue;
}

/**
 * Reads how long items took.
 *
 * @param kind What kind of run it was.
 * @returns The times; none where nothing has run yet.
 */
export function readTimes(kind: string): Times {
  try {
    return JSON.parse(readFileSync(fileOf(kind), "utf8"));
  } catch {
    return {};
  }
}

/**
 * Remembers how long items took that belong to the repository and ran to their end.
 *
 * @param kind What kind of run it was.
 * @param results How the items went.
 */
export function writeTimes(kind: string, results: readonly ItemResult[]): void {
  const times = results
    .filter(({ name, problem }) => problem === undefined && !isAbsolute(name))
    .map(({ name, seconds }) => [name, Number(seconds.toFixed(2))]);
  const file = fileOf(kind);
  mkdirSync(dirname(file), { recursive: true });
  const all = { ...readTimes(kind), ...Object.fromEntries(times) };
  writeFileSync(file, JSON.stringify(all, null, 2) + "\n");
}

function fileOf(kind: string): string {
  return join(ROOT, ".tmp", `test-times-${kind}.json`);
}
