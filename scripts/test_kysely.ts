/**
 * `deno task test:kysely 0.28.17 0.30.0-beta.2`: tests on other versions of Kysely than the one that
 * the lock file names, on SQLite and without the types (those of the next version are checked by
 * `deno task test:npm`).
 *
 * Versions as the first arguments narrow the run (default: the oldest and the next), and so do files
 * and folders; without any, it runs those that depend on Kysely most. The last line is
 * `N passed, N failed`: of groups, each of which is a version.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { NEXT_KYSELY } from "./npm/project.ts";
import { members, ROOT, rootImports } from "./workspace.ts";

const DEFAULT_VERSIONS = ["0.28.17", NEXT_KYSELY];
const DEFAULT_PATHS = [
  "dal",
  "executor",
  "plugins",
  "tests/executor",
  "tests/dal",
  "tests/repository",
];

/** The import map of the workspace, with a version of Kysely. */
export function importsWith(kysely: string): Record<string, string> {
  const entries = members().flatMap(({ dir, exports, name }) =>
    Object.entries(exports).map(([entry, file]) => [
      name + entry.slice(1),
      pathToFileURL(join(dir, file)).href,
    ])
  );
  return {
    ...rootImports(),
    ...Object.fromEntries(entries),
    kysely: `npm:kysely@${kysely}`,
    "kysely/": `npm:/kysely@${kysely}/`,
  };
}

function test(version: string, paths: readonly string[], directory: string): boolean {
  const map = join(directory, `${version}.json`);
  writeFileSync(map, JSON.stringify({ imports: importsWith(version) }));
  console.log(`kysely ${version}`);
  const { status } = spawnSync(process.execPath, [
    "test",
    "--allow-all",
    "--no-check",
    "--no-lock",
    "--no-config",
    `--import-map=${map}`,
    ...paths,
  ], {
    cwd: ROOT,
    env: { ...process.env, KYSERA_TEST_DIALECTS: "sqlite", KYSERA_TEST_KYSELY: version },
    stdio: "inherit",
  });
  return status === 0;
}

function main(args: readonly string[]): number {
  const first = args.findIndex((arg) => !/^\d+\.\d+\.\d/.test(arg));
  const given = first < 0 ? args : args.slice(0, first);
  const paths = first < 0 ? DEFAULT_PATHS : args.slice(first);
  const versions = given.length > 0 ? given : DEFAULT_VERSIONS;
  const directory = mkdtempSync(join(tmpdir(), "kysera-kysely-"));
  try {
    const passed = versions.filter((version) => test(version, paths, directory)).length;
    console.log(`${passed} passed, ${versions.length - passed} failed`);
    return passed === versions.length ? 0 : 1;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2));
