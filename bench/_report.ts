import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, release, totalmem, type } from "node:os";
import process from "node:process";
import { styleText } from "node:util";
import Table from "cli-table3";
import type { Measured } from "./_ratio.ts";

/** A row, measured. */
export interface Result {
  readonly name: string;
  readonly unit: string;
  readonly sides: readonly (Measured | undefined)[];
  readonly budget: number | undefined;
  /** The most that the value itself may be. */
  readonly most: number | undefined;
}

/** The rows of a group, measured. */
export interface GroupResult {
  readonly name: string;
  readonly title: string;
  readonly sides: readonly string[];
  readonly results: readonly Result[];
}

/** What is written by `--json`, and `docs/performance.md` is made of. */
export interface Run {
  readonly date: string;
  readonly machine: Machine;
  readonly full: boolean;
  readonly seconds: number;
  readonly groups: readonly GroupResult[];
  /** What was not measured, and why. */
  readonly missing: readonly string[];
}

/** What it was measured on. */
export interface Machine {
  readonly runtime: string;
  readonly processor: string;
  readonly cores: number;
  readonly memory: string;
  readonly system: string;
}

/** Whether a row is within its budget: `undefined` for one that has none. */
export function isWithin({ sides, budget, most }: Result): boolean | undefined {
  const ours = sides[1];
  if (ours === undefined || (budget === undefined && most === undefined)) return undefined;
  return (budget === undefined || ours.ratio.p10 <= budget) &&
    (most === undefined || ours.p10 <= most);
}

/** The machine that this runs on. */
export function thisMachine(): Machine {
  const { bun, deno, node } = process.versions;
  return {
    runtime: deno ? `Deno ${deno}` : bun ? `Bun ${bun}` : `Node ${node}`,
    processor: cpus()[0]?.model.trim() ?? "unknown processor",
    cores: availableParallelism(),
    memory: `${Math.round(totalmem() / 2 ** 30)} GB`,
    // What follows its version tells of the machine alone.
    system: `${type()} ${release().split(".", 2).join(".")}`,
  };
}

/** The table of a group, for a terminal. */
export function tableOf({ sides, results }: GroupResult): string {
  const [base, subject, ...others] = sides;
  const right = "right" as const;
  const out = new Table({
    head: ["", base!, subject!, "best", "p10", "spread", "budget", "", ...others],
    colAligns: [
      "left",
      right,
      right,
      right,
      right,
      right,
      right,
      "left",
      ...others.map(() => right),
    ],
    style: { head: [], border: [], compact: true },
  });
  for (const result of results) {
    const [first, second, ...rest] = result.sides;
    const within = isWithin(result);
    out.push([
      result.name,
      valueOf(first, result.unit),
      valueOf(second, result.unit),
      ratioOf(second?.ratio.best),
      styleText("bold", ratioOf(second?.ratio.p10)),
      second === undefined ? "-" : second.spread.map(ratioOf).join(" to "),
      budgetOf(result),
      within === undefined
        ? ""
        : within
        ? styleText("green", "ok")
        : styleText(["red", "bold"], "over"),
      ...rest.map((side) => ratioOf(side?.ratio.p10)),
    ]);
  }
  return out.toString();
}

/** Writes a run, with what the file has of rows that were not measured now, on the same machine. */
export function writeRun(file: string, run: Run): void {
  const before = existsSync(file) ? readRun(file) : undefined;
  const isSame = before !== undefined &&
    JSON.stringify([before.machine, before.full]) === JSON.stringify([run.machine, run.full]);
  const groups = new Map(isSame ? before.groups.map((group) => [group.name, group]) : []);
  for (const group of run.groups) {
    const rows = new Map(groups.get(group.name)?.results.map((row) => [row.name, row]));
    for (const row of group.results) rows.set(row.name, row);
    groups.set(group.name, { ...group, results: [...rows.values()] });
  }
  writeFileSync(file, `${JSON.stringify({ ...run, groups: [...groups.values()] }, null, 2)}\n`);
}

/** Reads a run. */
export function readRun(file: string): Run {
  return JSON.parse(readFileSync(file, "utf8"));
}

/** The budget of a row, in words. */
export function budgetOf({ budget, most, unit }: Result): string {
  return [
    budget === undefined ? "" : `≤ ${ratioOf(budget)}`,
    most === undefined ? "" : `≤ ${most} ${unit}`,
  ].filter(Boolean).join(", ");
}

/** A value in its unit. */
export function valueOf(side: Measured | undefined, unit: string): string {
  if (side === undefined) return "-";
  return `${withDigits(side.p10)} ${unit}`;
}

/** A ratio with the digits that matter. */
export function ratioOf(ratio: number | undefined): string {
  return ratio === undefined || Number.isNaN(ratio) ? "-" : withDigits(ratio);
}

function withDigits(value: number): string {
  return value >= 1_000 ? Math.round(value).toLocaleString("en-US") : value.toFixed(2);
}
