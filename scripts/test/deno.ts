/**
 * Runs one item of a test run on Deno.
 *
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { runWatched } from "../run.ts";
import { ROOT } from "../workspace.ts";
import { NOTES_VARIABLE, readNotes } from "./deno_notes.ts";
import type { Item } from "./items.ts";
import { parseJunit, SEPARATOR, type TestCase } from "./junit.ts";
import { isProgress } from "./output.ts";
import { denoCommand, type ItemResult, quote, resultOf, seedOf } from "./result.ts";

/** What all items of a run have in common. */
export interface DenoRun {
  /** A directory for files that nobody needs afterwards. */
  readonly scratch: string;
  /** Environment variables beside those of this process. */
  readonly env: Readonly<Record<string, string>>;
  /** Options of `deno test`, from the command line. */
  readonly options: readonly string[];
  /** So long a test may take, in seconds. */
  readonly limit: number;
  /** Whether files draw what not each of them has to do. */
  readonly draws: boolean;
  /** Whether a signal has come that ends the run. */
  readonly isInterrupted: () => boolean;
}

/** A test that hangs fails by itself after its limit. After so much more its process is ended. */
const GRACE = 10;
/** Types are checked in one go that says nothing before its end. */
const TYPES_LIMIT = 900;

/**
 * A PGlite starts in half the time when V8 does not optimize its code, and few files run for so long
 * that this would pay.
 */
const V8_FLAGS = "--v8-flags=--liftoff-only";

const PRELOAD = join(import.meta.dirname!, "deno_preload.ts");

/**
 * Runs an item to its end.
 *
 * @param item The item.
 * @param all What it has in common with the others.
 * @returns How it went.
 */
export async function runOnDeno(item: Item, all: DenoRun): Promise<ItemResult> {
  if (item.kind === "types") return await checkTypes(item, all);
  const id = join(all.scratch, crypto.randomUUID());
  const report = `${id}.xml`;
  const run = await runWatched([
    ...[process.execPath, "test", "-A", "--no-check", `--junit-path=${report}`],
    ...(all.options.some((option) => option.startsWith("--v8-flags")) ? [] : [V8_FLAGS]),
    ...(item.kind === "tests" ? [`--preload=${PRELOAD}`] : []),
    ...item.options,
    ...withPaths(all.options, item.paths),
  ], {
    cwd: ROOT,
    env: {
      ...process.env,
      ...all.env,
      NO_COLOR: "1",
      KYSERA_TEST_LIMIT_MS: String(all.limit * 1000),
      // Where files are named, each of them does all that it can.
      KYSERA_TEST_ITEM: all.draws ? item.name : "",
      [NOTES_VARIABLE]: `${id}.notes`,
    },
    limitMs: (all.limit + Math.min(all.limit, GRACE)) * 1000,
    isProgress: (line) => isProgress("deno", line),
  });
  const xml = existsSync(report) ? readFileSync(report, "utf8") : "";
  return resultOf({
    name: item.name,
    kind: "deno",
    run: { ...run, output: withoutRoot(run.output) },
    cases: withoutFiltered(parseJunit(withoutRoot(xml)), all.options),
    notes: readNotes(`${id}.notes`),
    limit: all.limit,
    interrupted: run.code !== 0 && all.isInterrupted(),
    repeat: (test) => repeatCommand(item, seedOf(run.output), test),
  });
}

async function checkTypes(item: Item, all: DenoRun): Promise<ItemResult> {
  const run = await runWatched([process.execPath, "check", ...item.options, ...item.paths], {
    cwd: ROOT,
    env: { ...process.env, NO_COLOR: "1" },
    limitMs: TYPES_LIMIT * 1000,
    isProgress: () => false,
  });
  const cases: TestCase[] = run.code === 0
    ? [{ name: item.name, outcome: "passed", seconds: run.seconds }]
    : [];
  return resultOf({
    name: item.name,
    kind: "deno",
    run,
    cases,
    limit: TYPES_LIMIT,
    interrupted: run.code !== 0 && all.isInterrupted(),
    repeat: () => `${denoCommand()} check ${[...item.options, ...item.paths].map(quote).join(" ")}`,
  });
}

/**
 * The command that runs an item again.
 *
 * @param item The item.
 * @param seed Assignments of environment variables that repeat its random cases, if it has any.
 * @param test The name of the test to run; everything without one.
 * @returns A line for a shell.
 */
export function repeatCommand(item: Item, seed: string, test?: string): string {
  const example = test === undefined ? undefined : exampleOf(test);
  const words = example === undefined ? item.paths.map(pathFromRoot) : [example.file];
  if (example !== undefined) words.push("--filter", `#${example.lines}.ts`);
  // Deno filters by the outermost title: what is inside belongs to it.
  else if (test !== undefined) words.push("--filter", test.split(SEPARATOR)[0]!);
  return [seed, denoCommand(), "task test", ...words.map(quote)].filter(Boolean).join(" ");
}

/** The file and the lines of an example, by what Deno calls it: `core/README.md#18-41.ts`. */
function exampleOf(name: string): { file: string; lines: string } | undefined {
  const [, file, lines] = /^(\S+\.\w+)#(\d+-\d+)\.\w+$/.exec(name) ?? [];
  if (file === undefined) return undefined;
  return { file: file.startsWith("file:") ? fileURLToPath(file) : file, lines: lines! };
}

/** The tests without those that a filter leaves out, which Deno reports as skipped. */
function withoutFiltered(cases: TestCase[], options: readonly string[]): TestCase[] {
  const matches = filterOf(options);
  return cases.filter(({ name, outcome }) =>
    outcome !== "skipped" || matches(name.split(SEPARATOR)[0]!)
  );
}

/**
 * What `--filter` lets run.
 *
 * @param options Options of `deno test`.
 * @returns Whether a test of that title runs: one that holds the filter, or matches it where it is
 * written as a regular expression.
 */
export function filterOf(options: readonly string[]): (title: string) => boolean {
  const at = options.findLastIndex((option) => /^--filter(=|$)/.test(option));
  if (at < 0) return () => true;
  const option = options[at]!;
  const filter = option === "--filter" ? options[at + 1] ?? "" : option.slice("--filter=".length);
  const pattern = /^\/(.*)\/$/s.exec(filter)?.[1];
  return pattern === undefined
    ? (title) => title.includes(filter)
    : (title) => new RegExp(pattern).test(title);
}

/** A text in which the files of the repository have short names. */
function withoutRoot(text: string): string {
  return text.replaceAll(`${pathToFileURL(ROOT).href}/`, "");
}

/** Options, with paths in front of what is handed to the tests themselves. */
function withPaths(options: readonly string[], paths: readonly string[]): string[] {
  const end = options.indexOf("--");
  return end < 0
    ? [...options, ...paths]
    : [...options.slice(0, end), ...paths, ...options.slice(end)];
}

function pathFromRoot(path: string): string {
  const short = relative(ROOT, path);
  return short.startsWith("..") ? path : short || ".";
}
