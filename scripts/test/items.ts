/**
 * What a test run consists of: test files, the examples of packages, and the types of it all.
 *
 * @module
 */
import { existsSync, globSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { isDrawn } from "../../tests/support/random.ts";
import { members, ROOT } from "../workspace.ts";

/** One thing to run in a process of its own; one line in the report. */
export interface Item {
  /** What the report calls it. */
  readonly name: string;
  readonly kind: "tests" | "examples" | "types";
  /** What is given to Deno. */
  readonly paths: readonly string[];
  /** What is given to Deno in front of the paths. */
  readonly options: readonly string[];
  /** How much there is to do, as far as one can guess. */
  readonly size: number;
}

/** The names that `deno test` takes for tests. */
const TEST_NAME = /(^|[._])test\.(ts|tsx|mts|cts|js|jsx|mjs|cjs)$/;
/** What takes longer than its size tells: examples of a package, random cases, and all types. */
const LONG = { examples: 1e6, random: 1e7, types: 1e8 };

/**
 * Lists what to run.
 *
 * @param paths Files, folders and patterns, from the root of the repository; everything if there are
 * none.
 * @param check Whether the types are checked.
 * @returns The items. Test files come first.
 * @throws {TypeError} When there is no such file.
 */
export function itemsOf(paths: readonly string[], check: boolean): Item[] {
  const chosen = paths.flatMap(expand);
  const found = chosen.length === 0 ? [ROOT] : chosen;
  const files = new Set(found.flatMap((path) => isDirectory(path) ? testFiles(path) : []));
  const documents: string[] = [];
  for (const path of found) {
    if (isDirectory(path)) continue;
    else if (TEST_NAME.test(basename(path))) files.add(path);
    else documents.push(path);
  }
  const items = [...files].map((file): Item => ({
    name: nameOf(file),
    kind: "tests",
    paths: [file],
    options: [],
    size: sizeOf(file),
  }));
  if (chosen.length === 0) items.push(...everyExample());
  else items.push(...found.filter(isDirectory).map((path) => examplesOf(nameOf(path), path)));
  // Deno runs a file that is named as a test, whatever it is called, and its examples.
  items.push(...documents.map((path): Item => ({
    name: nameOf(path),
    kind: "examples",
    paths: [path],
    options: ["--doc"],
    size: 0,
  })));
  if (check) items.push(typesOf(chosen));
  return items;
}

/** The examples of the packages, those of a package in a process, and of what is in none. */
function everyExample(): Item[] {
  const packages = members().map(({ path }) => path).filter((path) => path !== ".");
  return [
    ...packages.map((path) => examplesOf(path, join(ROOT, path))),
    examplesOf("everything else", ROOT, packages.map((path) => join(ROOT, path))),
  ];
}

/** Of how many packages the examples of one run in the short form. */
const PACKAGES = 3;
/** Of how many files one runs in the short form, by the folder: each starts programs, or a workerd. */
const FOLDERS: ReadonlyMap<string, number> = new Map([
  ["cli/commands/", 2],
  ["tests/edge/", 3],
  ["tests/migrations/", 2],
]);

/**
 * Leaves out a part of what takes long: examples of packages, and files of some folders. With another
 * seed, others are left out.
 *
 * @param items Everything.
 * @param seed What draws them.
 * @returns What runs, and the names of what is left out.
 */
export function drawItems(
  items: readonly Item[],
  seed: number,
): { readonly drawn: readonly Item[]; readonly left: readonly string[] } {
  const isLeftOut = (item: Item): boolean => !isDrawn(item.name, seed, everyOf(item));
  return {
    drawn: items.filter((item) => !isLeftOut(item)),
    left: items.filter(isLeftOut).map(({ name }) => name),
  };
}

/** Of how many such items one runs in the short form. */
function everyOf({ kind, name }: Item): number {
  if (kind === "examples") return PACKAGES;
  return FOLDERS.entries().find(([folder]) => name.startsWith(folder))?.[1] ?? 1;
}

/**
 * Says what is left out: by their names, or how many of a folder.
 *
 * @param names Names of items.
 * @returns `3 of cli/commands, examples of core`.
 */
export function describeLeft(names: readonly string[]): string {
  const folders = [...FOLDERS.keys()];
  const folderOf = (name: string): string | undefined =>
    folders.find((folder) => name.startsWith(folder));
  const counts = folders.map((folder) => ({
    folder: folder.slice(0, -1),
    count: names.filter((name) => folderOf(name) === folder).length,
  }));
  return [
    ...counts.filter(({ count }) => count > 0).map(({ folder, count }) => `${count} of ${folder}`),
    ...names.filter((name) => folderOf(name) === undefined),
  ].join(", ");
}

function examplesOf(name: string, directory: string, without: readonly string[] = []): Item {
  // With a list of its own Deno no longer goes by that of deno.json.
  const ignored = [...testFiles(directory), ...excluded, ...without];
  return {
    name: `examples of ${name}`,
    kind: "examples",
    paths: [directory],
    options: ["--doc", "--permit-no-files", `--ignore=${ignored.join(",")}`],
    size: LONG.examples,
  };
}

function typesOf(chosen: readonly string[]): Item {
  return {
    name: chosen.length === 0 ? "types" : "types of what is chosen",
    kind: "types",
    paths: chosen.length === 0 ? [".", "**/*.md"] : chosen,
    options: ["--doc"],
    size: LONG.types,
  };
}

/**
 * Guesses how long a test file takes.
 *
 * @param file Its path.
 * @returns A number that is larger for what takes longer.
 */
export function sizeOf(file: string): number {
  const text = readFileSync(file, "utf8");
  return text.length + (text.includes("/support/random.ts") ? LONG.random : 0);
}

/** Every test file in a directory, without what deno.json excludes. */
function testFiles(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (isExcluded(path)) return [];
    if (entry.isDirectory()) return testFiles(path);
    return TEST_NAME.test(entry.name) ? [path] : [];
  }).sort();
}

const excluded: readonly string[] = JSON.parse(readFileSync(join(ROOT, "deno.json"), "utf8"))
  .exclude.map((path: string) => join(ROOT, path.replace(/\/$/, "")));

function isExcluded(path: string): boolean {
  return [".git", "node_modules"].includes(basename(path)) || excluded.includes(path);
}

/** Absolute paths of what an argument names. */
function expand(argument: string): string[] {
  const path = resolve(ROOT, argument);
  if (existsSync(path)) return [path];
  const matches = /[*?[{]/.test(argument) ? globSync(argument, { cwd: ROOT }) : [];
  if (matches.length === 0) throw new TypeError(`There is no file or folder "${argument}"`);
  return matches.map((match) => resolve(ROOT, match)).sort();
}

function isDirectory(path: string): boolean {
  return statSync(path).isDirectory();
}

/** The path from the root, or as it is where it is elsewhere. */
function nameOf(path: string): string {
  const name = relative(ROOT, path);
  return name.startsWith("..") ? path : name || ".";
}
