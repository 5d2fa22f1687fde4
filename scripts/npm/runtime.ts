/**
 * The runtimes that the packages are tested on, fetched by npm where this machine has not got them.
 *
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { run, runWatched } from "../run.ts";
import { parseJunit } from "../test/junit.ts";
import { isProgress } from "../test/output.ts";
import { type ItemResult, resultOf } from "../test/result.ts";
import type { NpmProject } from "./project.ts";

/** A test that hangs fails by itself after its limit. After so much more its process is ended. */
const GRACE = 10;

/** A runtime that is there. */
export interface Runtime {
  /** `node 24.21.0` */
  readonly name: string;
  readonly binary: string;
  readonly kind: "node" | "bun";
}

/** What all files of a run have in common. */
export interface RuntimeRun {
  readonly runtime: Runtime;
  readonly project: NpmProject;
  /** A directory for files that nobody needs afterwards. */
  readonly scratch: string;
  /** Environment variables beside those of this process. */
  readonly env: Readonly<Record<string, string>>;
  /** So long a test may take, in seconds. */
  readonly limit: number;
  /** Whether a signal has come that ends the run. */
  readonly isInterrupted: () => boolean;
  /**
   * The command that runs a file again.
   *
   * @param file The file, from the root of the repository.
   * @param output What it printed.
   */
  readonly repeat: (file: string, output: string) => string;
}

/**
 * Finds a runtime, or has npm fetch it.
 *
 * @param kind The runtime.
 * @param version A version or its beginning: `24`, `1.4.5`.
 * @returns The runtime.
 */
export async function findRuntime(kind: Runtime["kind"], version: string): Promise<Runtime> {
  const question =
    "console.log(process.execPath + '|' + (process.versions.bun ?? process.version))";
  const attempts = [[], ["npx", "-y", "-p", `${kind}@${version}`]];
  let answer = "";
  for (const prefix of attempts) {
    answer = await run([...prefix, kind, "-e", question]).then(({ output }) => output, String);
    // npm may print warnings around the answer.
    const [, binary, exact] = /^(.+)\|v?(\d\S*)$/m.exec(answer) ?? [];
    if (binary && exact && `${exact}.`.startsWith(`${version}.`)) {
      return { name: `${kind} ${exact}`, binary, kind };
    }
  }
  throw new Error(`Cannot find ${kind} ${version}: npx says ${answer}`);
}

/**
 * Runs a test file of a project.
 *
 * @param file The file, from the root of the repository or of the project.
 * @param all What it has in common with the others.
 * @returns How it went.
 */
export async function runOnRuntime(file: string, all: RuntimeRun): Promise<ItemResult> {
  const { runtime: { kind, binary }, limit } = all;
  const report = join(all.scratch, `${crypto.randomUUID()}.xml`);
  const result = await runWatched([binary, ...optionsOf(kind, limit, report), `./${file}`], {
    cwd: all.project.dir,
    env: { ...process.env, ...all.env, NO_COLOR: "1", KYSERA_TEST_ITEM: file },
    limitMs: (limit + Math.min(limit, GRACE)) * 1000,
    isProgress: (line) => isProgress(kind, line),
  });
  return resultOf({
    name: file,
    kind,
    run: result,
    cases: parseJunit(existsSync(report) ? readFileSync(report, "utf8") : ""),
    limit,
    interrupted: result.code !== 0 && all.isInterrupted(),
    repeat: () => all.repeat(file, result.output),
  });
}

function optionsOf(kind: Runtime["kind"], limit: number, report: string): string[] {
  return kind === "node"
    ? [
      // As on Deno, V8 is told not to optimize PGlite.
      ...["--liftoff-only", "--disable-warning=ExperimentalWarning"],
      ...["--test", `--test-timeout=${limit * 1000}`],
      ...["--test-reporter=spec", "--test-reporter-destination=stdout"],
      ...["--test-reporter=junit", `--test-reporter-destination=${report}`],
    ]
    : [
      ...["test", `--timeout=${limit * 1000}`],
      ...["--reporter=junit", `--reporter-outfile=${report}`],
    ];
}
