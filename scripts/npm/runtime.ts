/**
 * The runtimes that the packages are tested on, fetched by npm where this machine has not got them.
 *
 * @module
 */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { parseJunit, type TestCase } from "../junit.ts";
import { run, type RunResult } from "../run.ts";
import type { NpmProject } from "./project.ts";

/** A test that hangs must not hang the whole run. */
const TEST_TIMEOUT_MS = 120_000;
const RUN_TIMEOUT_MS = 20 * 60_000;

/** A runtime that is there. */
export interface Runtime {
  /** `node 24.21.0` */
  readonly name: string;
  readonly binary: string;
  readonly kind: "node" | "bun";
}

/** How the tests went on a runtime. */
export interface RuntimeResult extends RunResult {
  readonly cases: readonly TestCase[];
  readonly seconds: number;
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
 * Runs test files of a project.
 *
 * @param runtime The runtime.
 * @param project The project.
 * @param files The files, relative to the project.
 * @param env Environment variables beside those of this process.
 * @returns What came out.
 */
export async function runTests(
  runtime: Runtime,
  project: NpmProject,
  files: readonly string[],
  env: Record<string, string>,
): Promise<RuntimeResult> {
  const report = join(project.dir, `${runtime.name.replace(" ", "-")}.xml`);
  const command = runtime.kind === "node"
    ? [
      ...["--disable-warning=ExperimentalWarning", "--test", "--test-concurrency=1"],
      `--test-timeout=${TEST_TIMEOUT_MS}`,
      ...["--test-reporter=spec", "--test-reporter-destination=stdout"],
      ...["--test-reporter=junit", `--test-reporter-destination=${report}`],
    ]
    : ["test", `--timeout=${TEST_TIMEOUT_MS}`, "--reporter=junit", `--reporter-outfile=${report}`];
  const started = performance.now();
  const result = await run([runtime.binary, ...command, ...files], {
    cwd: project.dir,
    env: { ...process.env, NO_COLOR: "1", ...env },
    timeout: RUN_TIMEOUT_MS,
    killSignal: "SIGKILL",
  });
  const seconds = Math.round((performance.now() - started) / 1000);
  const cases = parseJunit(readReport(report));
  rmSync(report, { force: true });
  return { ...result, cases, seconds };
}

function readReport(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
