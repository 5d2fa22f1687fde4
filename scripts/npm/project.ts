/**
 * A project as a user would have it: the tarballs, one version of Kysely and the drivers installed by
 * npm, and the tests of this repository beside them.
 *
 * @module
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { mustRun } from "../run.ts";
import { parseSource, replaceSpecifiers, sourceFiles } from "../source.ts";
import { entryNames, members, ROOT, rootImports } from "../workspace.ts";

/** Where `deno task build:npm` leaves the tarballs. */
export const TARBALLS: string = join(ROOT, "npm", "tarballs");

/** What the root names that the tests of an installed package do not import. */
const NOT_FOR_TESTS = [
  ...["kysely", "typescript", "cli-table3", "diff", "sql-formatter", "esbuild"],
  // The samples of the site, and its checks.
  ...["express", "fastify", "@trpc/server", "@nestjs/common", "@nestjs/core"],
  ...["playwright-core", "axe-core"],
];
/** The declarations of the oldest Node on which all tests run. */
const NODE_TYPES = "^22";
/** Declarations of drivers that bring none, and of Bun, for `tests/npm/drivers.ts`. */
const DRIVER_TYPES = {
  "@types/better-sqlite3": "^9.6.0",
  "@types/pg": "^8.23.1",
  "@types/pg-cursor": "^2.7.2",
  "bun-types": "^1.4.5",
};
/** The next version of Kysely, whose types are checked; under a name of its own. */
export const NEXT_KYSELY = "0.30.0-beta.2";
/** What is about the repository and its tests, or no source. */
const LEFT_OUT = [
  ...[".git", ".tmp", "coverage", "npm", "scripts", "tests/workspace", "website"],
  // Whether the oracles find what is wrong does not depend on where they run.
  ...["tests/oracle/mutation_test.ts", "tests/rls/oracle_mutation_test.ts"],
];
/** Applications that are projects of their own: their tests run against the tarballs as well. */
const EXAMPLES = ["examples/blog-app", "examples/e-commerce", "examples/multi-tenant-saas"];
/** Files that belong to a package but are neither its sources nor its tests. */
const PACKAGE_FILES = ["deno.json", "README.md", "LICENSE"];

/** A project with everything installed. */
export interface NpmProject {
  readonly dir: string;
  /** The installed version of Kysely. */
  readonly kysely: string;
  /** The test files, relative to the directory. */
  readonly testFiles: readonly string[];
}

/**
 * Installs the tarballs and copies the tests.
 *
 * @param dir The directory, which must not exist.
 * @param kysely The version of Kysely.
 * @returns The project.
 */
export async function createProject(dir: string, kysely: string): Promise<NpmProject> {
  mkdirSync(dir);
  const dependencies: Record<string, string> = {
    ...driverVersions(),
    ...DRIVER_TYPES,
    "@types/node": NODE_TYPES,
    "kysely-next": `npm:kysely@${NEXT_KYSELY}`,
    kysely,
  };
  for (const tarball of readdirSync(TARBALLS)) {
    const name = tarball.replace(/^kysera-/, "@kysera/").replace(/-\d+\.\d+\.\d+.*\.tgz$/, "");
    dependencies[name] = `file:${join(TARBALLS, tarball)}`;
  }
  const manifest = { private: true, type: "module", dependencies };
  writeFileSync(join(dir, "package.json"), JSON.stringify(manifest, null, 2) + "\n");
  // No install script of a driver runs: none of them needs one.
  await mustRun(
    ["npm", "install", "--no-audit", "--no-fund", "--prefer-offline", "--ignore-scripts"],
    { cwd: dir },
  );
  writeFileSync(join(dir, "entries_test.mjs"), entriesTest());
  return { dir, kysely, testFiles: ["entries_test.mjs", ...copyTests(dir)] };
}

/** A test that loads every public entry, those included that no other test imports. */
function entriesTest(): string {
  const tests = entryNames().map((name) => `test("${name} loads", () => import("${name}"));\n`);
  return `import { test } from "node:test";\n${tests.join("")}`;
}

/** The drivers and tools that tests and examples import, in the versions that the import maps name. */
function driverVersions(): Record<string, string> {
  const versions = npmVersions(rootImports());
  for (const name of NOT_FOR_TESTS) delete versions[name];
  return Object.assign(versions, ...EXAMPLES.map((example) => npmVersions(importsOf(example))));
}

/** The npm packages of an import map, with their versions. */
function npmVersions(imports: Record<string, string>): Record<string, string> {
  const versions: Record<string, string> = {};
  for (const [specifier, target] of Object.entries(imports)) {
    const [, name, range] = /^npm:((?:@[^/]+\/)?[^@/]+)@([^/]+)/.exec(target) ?? [];
    // Under other names stand old versions, which the tests on Deno look at.
    const isOwn = specifier === name || specifier.startsWith(`${name}/`);
    if (isOwn && name && range) versions[name] = range;
  }
  return versions;
}

/** The import map of an example. */
function importsOf(example: string): Record<string, string> {
  return JSON.parse(readFileSync(join(ROOT, example, "deno.json"), "utf8")).imports;
}

/** Copies tests, their helpers and their data, in the same layout; returns the test files. */
function copyTests(dir: string): string[] {
  const built = builtFiles(dir);
  const tests: string[] = [];
  for (const file of filesForTests(built)) {
    const target = join(dir, file);
    mkdirSync(dirname(target), { recursive: true });
    if (isTest(file)) tests.push(file);
    if (!file.endsWith(".ts")) {
      cpSync(join(ROOT, file), target);
      continue;
    }
    // The test of a private file imports its neighbour, which here is the built one in the package.
    const text = replaceSpecifiers(parseSource(join(ROOT, file)), (specifier) => {
      const module = built.get(resolve(ROOT, dirname(file), specifier));
      return specifier.startsWith(".") && module
        ? relative(dirname(target), module).replace(/^(?!\.)/, "./")
        : specifier;
    });
    writeFileSync(target, text);
  }
  return tests.sort();
}

/** Each source file of each package, and what it has become in the installed package. */
function builtFiles(dir: string): Map<string, string> {
  const built = new Map<string, string>();
  for (const member of members()) {
    for (const file of sourceFiles(member)) {
      const path = relative(member.dir, file).replace(/\.ts$/, ".js");
      built.set(file, join(dir, "node_modules", member.name, path));
    }
  }
  return built;
}

/** Paths from the root of every test and of what lies about in the directories of the tests. */
function filesForTests(built: ReadonlyMap<string, string>): string[] {
  const directories = ["tests", "docs", ...EXAMPLES, ...members().map(({ path }) => path)]
    .filter((path) => path !== ".");
  const found: string[] = [];
  const visit = (path: string): void => {
    for (const entry of readdirSync(join(ROOT, path), { withFileTypes: true })) {
      const child = path === "." ? entry.name : `${path}/${entry.name}`;
      if (LEFT_OUT.includes(child) || entry.name === "node_modules") continue;
      if (entry.isDirectory()) visit(child);
      else if (isForTests(child)) found.push(child);
    }
  };
  const isForTests = (file: string): boolean => {
    if (isTest(file)) return true;
    const directory = directories.find((path) => file.startsWith(`${path}/`));
    return directory !== undefined && !built.has(join(ROOT, file.replaceAll("/", sep))) &&
      !PACKAGE_FILES.includes(file.slice(directory.length + 1));
  };
  visit(".");
  return found;
}

function isTest(file: string): boolean {
  return /_test\.(ts|mjs)$/.test(file);
}
