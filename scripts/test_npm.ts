/**
 * `deno task test:npm`: installs the tarballs of `deno task build:npm` as a user would and runs the
 * tests of this repository against them, unchanged, on Node and Bun.
 *
 * Names of runtimes (`node24`, `bun`) as arguments narrow the run. Outside Deno the number of random
 * queries is lower (`KYSERA_FUZZ_MOST` overrides). The last line is `N passed, N failed`.
 *
 * @module
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { openDatabases } from "./databases.ts";
import { type Check, checkTarballs, checkTypes } from "./npm/check.ts";
import { createProject, type NpmProject, TARBALLS } from "./npm/project.ts";
import { findRuntime, runTests, type Runtime } from "./npm/runtime.ts";
import { outliveSignals } from "./run.ts";
import { countTests, describeDialects, dialectOutcomes, missingDialects } from "./test_report.ts";

const OLDEST_KYSELY = "0.28.17";
const NEWEST_KYSELY = "0.29.9";
const FUZZ_MOST = "200";
/** So much of the output of a run that failed is shown. */
const MAX_LINES = 300;
/** So much of what Bun says before the name of a test that failed. */
const LINES_BEFORE = 60;

/** What runs where. Node 20 strips no types: it gets the tests that are JavaScript. */
const PLAN: readonly Job[] = [
  { id: "node20", kind: "node", version: "20", kysely: OLDEST_KYSELY, files: /\.mjs$/ },
  { id: "node22", kind: "node", version: "22", kysely: OLDEST_KYSELY, files: /./ },
  { id: "node24", kind: "node", version: "24", kysely: NEWEST_KYSELY, files: /./ },
  { id: "node26", kind: "node", version: "26", kysely: NEWEST_KYSELY, files: /./ },
  { id: "bun", kind: "bun", version: "1.4.5", kysely: NEWEST_KYSELY, files: /./ },
];

interface Job {
  readonly id: string;
  readonly kind: Runtime["kind"];
  readonly version: string;
  readonly kysely: string;
  /** Which of the test files. */
  readonly files: RegExp;
}

const isInterrupted = outliveSignals();
const totals = { passed: 0, failed: 0 };
const jobs = chosenJobs(process.argv.slice(2));
if (!existsSync(TARBALLS)) throw new Error("Cannot find the tarballs: run `deno task build:npm`");
const scratch = mkdtempSync(join(tmpdir(), "kysera-npm-"));
const databases = await openDatabases();
try {
  await testAll();
} finally {
  await databases.close();
  rmSync(scratch, { recursive: true, force: true });
}
if (isInterrupted()) totals.failed++;
if (totals.failed > 0 || totals.passed === 0) process.exitCode = 1;
console.log(`${totals.passed} passed, ${totals.failed} failed`);

function chosenJobs(ids: string[]): readonly Job[] {
  const unknown = ids.find((id) => !PLAN.some((job) => job.id === id));
  if (unknown) {
    const known = PLAN.map((job) => job.id).join(", ");
    throw new Error(`Cannot test on "${unknown}": choose from ${known}`);
  }
  return ids.length > 0 ? PLAN.filter((job) => ids.includes(job.id)) : PLAN;
}

async function testAll(): Promise<void> {
  const projects = new Map<string, NpmProject>();
  await Promise.all([OLDEST_KYSELY, NEWEST_KYSELY].map(async (kysely) => {
    projects.set(kysely, await createProject(join(scratch, `kysely-${kysely}`), kysely));
  }));
  reportChecks(await checkTarballs());
  for (const project of projects.values()) reportChecks(await checkTypes(project));

  const queue = [...jobs];
  const work = async () => {
    for (let job = queue.shift(); job && !isInterrupted(); job = queue.shift()) {
      await testOn(job, projects.get(job.kysely)!);
    }
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), 4) }, work));
}

async function testOn(job: Job, project: NpmProject): Promise<void> {
  const runtime = await findRuntime(job.kind, job.version);
  const files = project.testFiles.filter((file) => job.files.test(file));
  const { code, output, cases, seconds } = await runTests(runtime, project, files, {
    KYSERA_FUZZ_MOST: process.env["KYSERA_FUZZ_MOST"] ?? FUZZ_MOST,
    ...databases.env,
  });
  const outcomes = dialectOutcomes(cases);
  const missing = files.length < project.testFiles.length ? [] : missingDialects(outcomes);
  const result = countTests(cases, code !== 0 ? code : missing.length);
  totals.passed += result.passed;
  totals.failed += result.failed;
  if (code !== 0) console.log(failuresIn(output));
  console.log(
    `${runtime.name}, kysely ${project.kysely}: ${result.passed} passed, ${result.failed} failed, ` +
      `${result.skipped} skipped in ${seconds} s\n${describeDialects(outcomes)}`,
  );
  if (missing.length > 0) {
    console.log(`KYSERA_REQUIRE_ALL_DIALECTS=1, but not everything ran on ${missing.join(", ")}`);
  }
}

function reportChecks(checks: readonly Check[]): void {
  for (const { title, problem } of checks) {
    if (problem) totals.failed++;
    else totals.passed++;
    console.log(problem ? `FAILED ${title}\n${problem}` : `ok ${title}`);
  }
}

/** What failed. Node lists the failures once more at the end, Bun shows them where they happen. */
function failuresIn(output: string): string {
  const start = output.lastIndexOf("failing tests:");
  const lines = output.slice(Math.max(start, 0)).split("\n")
    .filter((line) => !line.startsWith("(pass)") && !line.startsWith("(skip)"));
  const near = start >= 0 ? lines : lines.filter((_, i) =>
    // Bun names a test behind what it says of its failure.
    lines.slice(i, i + LINES_BEFORE).some((line) => line.startsWith("(fail)"))
  );
  const rest = near.length - MAX_LINES;
  return near.slice(0, MAX_LINES).join("\n") + (rest > 0 ? `\n.. and ${rest} lines more` : "");
}
