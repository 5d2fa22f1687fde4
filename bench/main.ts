/**
 * `deno task bench`: times what has a budget, and prints the ratios.
 *
 * Every number is a ratio to bare Kysely, measured side by side in this run. `--check` exits with 1
 * where one is over its budget; words narrow the run to the cases that have them all in their name or
 * heading: `deno task bench update sqlite`.
 *
 * @module
 */
import Table from "cli-table3";
import { availableParallelism, cpus } from "node:os";
import process from "node:process";
import { parseArgs, styleText } from "node:util";
import type { Case, Group } from "./_case.ts";
import type { Timed } from "./_ratio.ts";
import { pluginBenchmarks } from "./plugins.ts";
import { relationBenchmarks } from "./relations.ts";
import { rewriteBenchmarks } from "./rewrite.ts";
import { postgresSides } from "./side_by_side_postgres.ts";
import { sqliteSides } from "./side_by_side_sqlite.ts";
import { sqliteBenchmark } from "./sqlite.ts";

const MOST_TRIES = 3;

const { values: flags, positionals: words } = parseArgs({
  options: { check: { type: "boolean", default: false } },
  allowPositionals: true,
});

/** A case, timed. */
interface Result {
  readonly name: string;
  readonly times: readonly (Timed | undefined)[];
  readonly budget: number | undefined;
  readonly strict: boolean;
  readonly ok: boolean;
}

const postgres = await postgresSides();
const groups = [
  ...await rewriteBenchmarks(),
  ...await pluginBenchmarks(),
  ...await relationBenchmarks(),
  await sqliteBenchmark(),
  await sqliteSides(),
  ...typeof postgres === "string" ? [] : [postgres],
];
const chosen = groups.map((group) => ({
  ...group,
  cases: group.cases.filter((each) => isChosen(group, each)),
}));
// Code that has seen one query only is faster than any program's code is.
for (const { cases } of groups) for (const each of cases) await each.warmUp();

let over = 0;
let count = 0;
console.log(`${runtime()}, ${cpus()[0]?.model ?? "unknown processor"} x${availableParallelism()}`);
for (const group of chosen) {
  if (group.cases.length === 0) continue;
  const results: Result[] = [];
  for (const each of group.cases) results.push(await measure(each));
  console.log(`\n${styleText("bold", group.title)}\n${table(group, results)}`);
  count += results.length;
  over += results.filter((result) => !result.ok).length;
}
for (const group of groups) await group.close?.();
if (typeof postgres === "string") console.log(`\nPostgreSQL is left out: ${postgres}`);

if (count === 0) {
  console.error(`Cannot run a benchmark: no case has ${words.map((w) => `"${w}"`).join(" and ")}`);
  process.exitCode = 1;
} else {
  console.log(`${count - over} within budget, ${over} over`);
  if (flags.check && over > 0) process.exitCode = 1;
}

function isChosen({ title }: Group, { name }: Case): boolean {
  const known = new Set(`${title} ${name}`.toLowerCase().split(/[^a-z0-9]+/));
  return words.every((word) => known.has(word.toLowerCase()));
}

/** Times a case; one that is over its budget again, as the machine may have been busy. */
async function measure(each: Case): Promise<Result> {
  const { name, budget, strict = false } = each;
  const ratioOf = (times: Result["times"]) => times[1]!.ratio;
  const within = (times: Result["times"]) =>
    budget === undefined || (strict ? ratioOf(times) < budget : ratioOf(times) <= budget);
  const tries = [await each.time()];
  while (!within(tries.at(-1)!) && tries.length < MOST_TRIES) tries.push(await each.time());
  const times = tries.toSorted((a, b) => ratioOf(a) - ratioOf(b))[0]!;
  return { name, times, budget, strict, ok: within(times) };
}

function table({ sides }: Group, results: readonly Result[]): string {
  const [base, subject, ...others] = sides;
  const out = new Table({
    head: ["", base!, subject!, "ratio", "budget", "", ...others],
    colAligns: [
      "left",
      "right",
      "right",
      "right",
      "right",
      "left",
      ...others.map(() => "right" as const),
    ],
    style: { head: [], border: [], compact: true },
  });
  for (const { name, times, budget, strict, ok } of results) {
    const [first, second, ...rest] = times;
    out.push([
      name,
      `${first!.microseconds.toFixed(2)} µs`,
      `${second!.microseconds.toFixed(2)} µs`,
      styleText("bold", second!.ratio.toFixed(2)),
      budget === undefined ? "" : `${strict ? "<" : "≤"} ${budget.toFixed(2)}`,
      budget === undefined ? "" : ok ? styleText("green", "ok") : styleText("red", "over"),
      ...rest.map((side) => side?.ratio.toFixed(2) ?? "-"),
    ]);
  }
  return out.toString();
}

function runtime(): string {
  const { bun, deno, node } = process.versions;
  return deno ? `Deno ${deno}` : bun ? `Bun ${bun}` : `Node ${node}`;
}
