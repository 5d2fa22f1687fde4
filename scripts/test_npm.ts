/**
 * `deno task test:npm`: installs the tarballs of `deno task build:npm` as a user would and runs the
 * tests of this repository against them, unchanged, on Node and Bun.
 *
 * Names of runtimes (`node24`, `bun`) as arguments narrow the run, and so do files and folders. The
 * random cases run in their brief form, unless `--full` is given; `--limit SECONDS` says when a test
 * is taken to hang, and `--budget MINUTES` how long everything may take, of which each runtime gets
 * its part. With `--spread` a file that needs the databases, or starts programs, runs on the oldest
 * Kysely and on one of the runtimes with the newest; all others run everywhere. The last line is `N passed, N failed`.
 *
 * @module
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { type Databases, openDatabases } from "./databases.ts";
import { type Check, checkPrograms, checkTarballs, checkTypes } from "./npm/check.ts";
import { createProject, type NpmProject, TARBALLS } from "./npm/project.ts";
import { checkQuickStart } from "./npm/quick_start.ts";
import { findRuntime, runOnRuntime, type Runtime } from "./npm/runtime.ts";
import { outliveSignals } from "./run.ts";
import { parseArguments, type TestArguments } from "./test/arguments.ts";
import { sizeOf } from "./test/items.ts";
import { denoCommand, quote, seedOf } from "./test/result.ts";
import { randomCases, runSuite } from "./test/suite.ts";

const OLDEST_KYSELY = "0.28.17";
const NEWEST_KYSELY = "0.29.9";

const EVERY = /./;

/** What runs where. Node 20 strips no types: it gets the tests that are JavaScript. */
const PLAN: readonly Job[] = [
  { id: "node20", kind: "node", version: "20", kysely: OLDEST_KYSELY, files: /\.mjs$/ },
  { id: "node22", kind: "node", version: "22", kysely: OLDEST_KYSELY, files: EVERY },
  { id: "node24", kind: "node", version: "24", kysely: NEWEST_KYSELY, files: EVERY, hand: [2] },
  { id: "node26", kind: "node", version: "26", kysely: NEWEST_KYSELY, files: EVERY, hand: [3] },
  { id: "bun", kind: "bun", version: "1.4.5", kysely: NEWEST_KYSELY, files: EVERY, hand: [0, 1] },
];
/** Where the README and the quick start are followed. */
const NEWCOMERS = PLAN.filter(({ id }) => id === "node24" || id === "bun");
/** How many hands the files are dealt out to. */
const HANDS = 4;
/** What a file has that needs the databases, or starts programs. */
const NEEDS_DATABASES = /\/(?:support\/matrix|_servers|_testing\/(?:databases|program))\.ts"/;
/** Applications, each with databases of its own. */
const OF_APPLICATIONS = /^examples\//;
/** Where drivers are tried: they are another one on each runtime. */
const OF_DRIVERS = /^dialects\/|driver|runtime/;

interface Job {
  readonly id: string;
  readonly kind: Runtime["kind"];
  readonly version: string;
  readonly kysely: string;
  /** Which of the test files. */
  readonly files: RegExp;
  /** Which of the hands are its own, where the files are dealt out; all of them by default. */
  readonly hand?: readonly number[];
}

const isInterrupted = outliveSignals();
const totals = { passed: 0, failed: 0 };
const args = parseArguments(process.argv.slice(2));
/** Whether files that need the databases are dealt out to the runtimes. */
const isSpread = args.options.includes("--spread");
const unknown = args.options.find((option) => option !== "--spread");
if (unknown !== undefined) throw new Error(`There is no option ${unknown}`);
const named = PLAN.filter(({ id }) => args.paths.includes(id));
const jobs = named.length > 0 ? named : PLAN;
/** Files and folders that are run; all of them when there are none. */
const paths = args.paths
  .filter((path) => !PLAN.some(({ id }) => id === path))
  .map((path) => path.replace(/^\.\//, "").replace(/\/$/, ""));
if (!existsSync(TARBALLS)) throw new Error("Cannot find the tarballs: run `deno task build:npm`");
const scratch = mkdtempSync(join(tmpdir(), "kysera-npm-"));
const databases = await openDatabases();
try {
  await testAll(args, databases);
} finally {
  await databases.close();
  rmSync(scratch, { recursive: true, force: true });
}
if (totals.failed > 0 || totals.passed === 0) process.exitCode = 1;
console.log(`${totals.passed} passed, ${totals.failed} failed`);

async function testAll(args: TestArguments, databases: Databases): Promise<void> {
  const projects = new Map<string, NpmProject>();
  await Promise.all([OLDEST_KYSELY, NEWEST_KYSELY].map(async (kysely) => {
    projects.set(kysely, await createProject(join(scratch, `kysely-${kysely}`), kysely));
  }));
  // Whoever looks for something in a file has no use for the rest.
  if (paths.length === 0) {
    reportChecks(await checkTarballs());
    for (const project of projects.values()) reportChecks(await checkTypes(project));
    reportChecks(await checkPrograms(projects.get(NEWEST_KYSELY)!));
    const newcomers = NEWCOMERS.map(({ kind, version }) => findRuntime(kind, version));
    const postgres = databases.env["KYSERA_TEST_POSTGRES_URL"];
    reportChecks(await checkQuickStart(await Promise.all(newcomers), scratch, postgres));
  }
  const filesOf = (job: Job): string[] => filesFor(job, projects.get(job.kysely)!);
  for (const [i, job] of jobs.entries()) {
    if (isInterrupted()) break;
    const files = filesOf(job);
    const left = jobs.slice(i).reduce((sum, each) => sum + filesOf(each).length, 0);
    if (files.length === 0) continue;
    // Each runtime gets its part by its files; what one leaves of it the others get.
    const budget = (args.budget - performance.now() / 60_000) * files.length / left;
    await testOn(job, projects.get(job.kysely)!, files, { ...args, budget }, databases);
  }
  if (isInterrupted()) totals.failed++;
}

async function testOn(
  job: Job,
  project: NpmProject,
  files: readonly string[],
  args: TestArguments,
  databases: Databases,
): Promise<void> {
  const runtime = await findRuntime(job.kind, job.version);
  const random = randomCases(args.full, "brief");
  console.log(`\n${runtime.name}, kysely ${project.kysely}\n${random.text}`);
  const { passed, failed, skipped } = await runSuite({
    items: files.map((name) => ({ name, size: sizeOf(join(project.dir, name)) })),
    times: `${job.id}-${random.scale}`,
    run: async ({ name }, worker) =>
      await runOnRuntime(name, {
        runtime,
        project,
        scratch,
        env: {
          ...await databases.envOf(worker),
          ...random.env,
          // PGlite starts slowly; examples/multi-tenant-saas runs on it from the sources.
          ...args.full ? {} : { TEST_TENANCIES: "row,database" },
        },
        limit: args.limit,
        isInterrupted,
        repeat: (file, output) =>
          [seedOf(output), denoCommand(), "task test:npm", job.id, quote(file)]
            .filter(Boolean).join(" "),
      }),
    isInterrupted,
    everyDialect: paths.length === 0 && job.files.source === EVERY.source,
    budget: args.budget,
  });
  totals.passed += passed;
  totals.failed += failed;
  console.log(`${runtime.name}: ${passed} passed, ${failed} failed, ${skipped} skipped`);
}

/** Returns the files that run on a runtime. */
function filesFor(job: Job, project: NpmProject): string[] {
  return project.testFiles
    .filter((file) => job.files.test(file))
    .filter((file) => !isSpread || isDealtTo(job, file, project))
    .filter((file) =>
      paths.length === 0 || paths.some((path) => `${file}/`.startsWith(`${path}/`))
    );
}

/** Whether a file runs on a runtime, where the files are dealt out. */
function isDealtTo({ hand }: Job, file: string, { dir }: NpmProject): boolean {
  if (hand === undefined || OF_DRIVERS.test(file)) return true;
  if (
    !OF_APPLICATIONS.test(file) &&
    !NEEDS_DATABASES.test(readFileSync(join(dir, file), "utf8"))
  ) {
    return true;
  }
  let sum = 0;
  for (const letter of file) sum = (sum * 31 + letter.charCodeAt(0)) % 65_521;
  return hand.includes(sum % HANDS);
}

function reportChecks(checks: readonly Check[]): void {
  for (const { title, problem } of checks) {
    if (problem) totals.failed++;
    else totals.passed++;
    console.log(problem ? `FAILED ${title}\n${problem}` : `ok ${title}`);
  }
}
