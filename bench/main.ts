/**
 * `deno task bench`: measures what has a budget, and prints the ratios.
 *
 * ```sh
 * deno task bench                              # all rows, in short
 * deno task bench --full --json run.json       # as the budgets mean it, kept for the documentation
 * deno task bench --only pages-sqlite/id-asc   # one row; --only pages-sqlite is its group
 * deno task bench --list                       # the names, with their budgets
 * deno task bench update sqlite                # rows that have both words in their names
 * deno task bench:peers                        # the same work by other libraries
 * ```
 *
 * Both sides of a ratio run in this process, turn by turn, and do the same work on the same driver
 * with the same settings. A budget holds for the ratio of the 10th percentiles. `--check` exits with
 * 1 where a row is over its budget, or could not be measured since its server is missing. `--json`
 * puts what was measured into a file, in the place of what it had of the same rows:
 * `deno task bench:docs` makes `docs/performance.md` of it.
 *
 * @module
 */
import process from "node:process";
import { parseArgs, styleText } from "node:util";
import { measure } from "./_ratio.ts";
import {
  budgetOf,
  type GroupResult,
  isWithin,
  type Result,
  tableOf,
  thisMachine,
  writeRun,
} from "./_report.ts";
import type { Group } from "./_row.ts";
import { type Server, stopServers, whyMissing } from "./_servers.ts";
import { groups } from "./rows/mod.ts";

const SECONDS = { short: 0.5, full: 4 };
const TURNS = { short: 15, full: 60 };
const TITLES: Readonly<Record<Server, string>> = { postgres: "PostgreSQL", mysql: "MariaDB" };

const { values: flags, positionals: words } = parseArgs({
  options: {
    check: { type: "boolean", default: false },
    full: { type: "boolean", default: false },
    json: { type: "string" },
    list: { type: "boolean", default: false },
    peers: { type: "boolean", default: false },
    only: { type: "string", multiple: true, default: [] },
    seconds: { type: "string" },
  },
  allowPositionals: true,
});
const form = { full: flags.full };
const seconds = Number(flags.seconds ?? (form.full ? SECONDS.full : SECONDS.short));

const all = flags.peers ? (await import("./rows/peers.ts")).peerGroups : groups;
const chosen = all.map((group) => ({
  group,
  names: Object.keys(group.rows).filter((row) => isChosen(group, row)),
})).filter(({ names }) => names.length > 0);

if (!(seconds > 0)) fail(`--seconds takes a number, got "${flags.seconds}"`);
else if (chosen.length === 0) {
  fail(`no row is called ${[...flags.only, ...words].map((word) => `"${word}"`).join(" and ")}`);
} else if (flags.list) list();
else await run();

function isChosen({ name, title }: Group, row: string): boolean {
  const full = `${name}/${row}`;
  const known = new Set(`${title} ${full}`.toLowerCase().split(/[^a-z0-9]+/));
  return (flags.only.length === 0 || flags.only.includes(full) || flags.only.includes(name)) &&
    words.every((word) => known.has(word.toLowerCase()));
}

function list(): void {
  for (const { group, names } of chosen) {
    for (const name of names) {
      const { budget, most, unit = "µs" } = group.rows[name]!;
      console.log(
        `${group.name}/${name}  ${budgetOf({ name, sides: [], budget, most, unit })}`.trimEnd(),
      );
    }
  }
}

async function run(): Promise<void> {
  const machine = thisMachine();
  console.log(`${machine.runtime}, ${machine.processor} x${machine.cores}, ${machine.system}`);
  const done: GroupResult[] = [];
  const missing: string[] = [];
  try {
    for (const { group, names } of chosen) {
      const reason = group.needs && whyMissing(group.needs);
      if (reason !== undefined) {
        missing.push(`${group.name} (${TITLES[group.needs!]}: ${reason})`);
        continue;
      }
      const result = await measureGroup(group, names);
      console.log(`\n${styleText("bold", result.title)}\n${tableOf(result)}`);
      done.push(result);
    }
  } finally {
    await stopServers();
  }
  if (flags.json !== undefined) {
    const date = new Date().toISOString().slice(0, 10);
    writeRun(flags.json, { date, machine, full: form.full, seconds, groups: done, missing });
  }
  const verdicts = done.flatMap(({ results }) => results).map(isWithin);
  const count = (verdict: boolean | undefined) => verdicts.filter((one) => one === verdict).length;
  console.log(
    `${count(true)} within budget, ${count(false)} over, ${count(undefined)} without one` +
      (missing.length === 0 ? "" : `; NOT MEASURED: ${missing.join(", ")}`),
  );
  if (flags.check && (count(false) > 0 || missing.length > 0)) process.exitCode = 1;
}

async function measureGroup(group: Group, names: readonly string[]): Promise<GroupResult> {
  const world = await group.open(form);
  const results: Result[] = [];
  try {
    if (group.mixed) { for (const name of Object.keys(group.rows)) await world.turns(name); }
    for (const name of names) {
      const { budget, most, unit = "µs", turns } = group.rows[name]!;
      const effort = { seconds, turns: turns ?? (form.full ? TURNS.full : TURNS.short) };
      const sides = await measure(await world.turns(name), effort);
      results.push({ name: `${group.name}/${name}`, unit, sides, budget, most });
    }
  } finally {
    await world.close();
  }
  return { name: group.name, title: group.title, sides: group.sides, results };
}

function fail(message: string): void {
  console.error(`Cannot run the benchmark: ${message}`);
  process.exitCode = 1;
}
