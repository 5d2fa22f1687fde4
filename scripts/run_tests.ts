/**
 * `deno task test`: every test and every documented example, on every dialect this machine can run.
 *
 * Arguments go to `deno test`: files, `--filter`, and so on. The last line is
 * `N passed, N failed`. (The file is not called `test.ts`: Deno would take it for a test.)
 *
 * @module
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { openDatabases, URL_VARIABLES } from "./databases.ts";
import { parseJunit } from "./junit.ts";
import { outliveSignals, run } from "./run.ts";
import { countTests, describeDialects, dialectOutcomes, missingDialects } from "./test_report.ts";
import { ROOT } from "./workspace.ts";

/** More files at a time would not be quicker: each may hold a PGlite of 300 MB and ten connections. */
const DENO_JOBS = String(Math.min(availableParallelism(), 4));

const isInterrupted = outliveSignals();
const databases = await openDatabases();
const scratch = mkdtempSync(join(tmpdir(), "kysera-test-"));
try {
  process.exitCode = await test(join(scratch, "junit.xml"));
} finally {
  await databases.close();
  rmSync(scratch, { recursive: true, force: true });
}

async function test(report: string): Promise<number> {
  const { code } = await run(
    [
      process.execPath,
      ...["test", "-A", "--doc", "--parallel", `--junit-path=${report}`],
      ...process.argv.slice(2),
    ],
    { cwd: ROOT, env: { DENO_JOBS, ...process.env, ...databases.env }, stdio: "inherit" },
  );
  const cases = existsSync(report) ? parseJunit(readFileSync(report, "utf8")) : [];
  const outcomes = dialectOutcomes(cases);
  const missing = missingDialects(outcomes);
  const exitCode = isInterrupted() ? 130 : code !== 0 ? code : missing.length > 0 ? 1 : 0;
  const { passed, failed, skipped } = countTests(cases, exitCode);

  console.log(`Dialects:\n${describeDialects(outcomes)}`);
  for (const { name, reason } of databases.missing) {
    console.log(`${URL_VARIABLES[name]} is not set, and no server was started: ${reason}`);
  }
  if (missing.length > 0) {
    console.log(`KYSERA_REQUIRE_ALL_DIALECTS=1, but not everything ran on ${missing.join(", ")}`);
  }
  if (skipped > 0) console.log(`${skipped} skipped`);
  console.log(`${passed} passed, ${failed} failed`);
  return exitCode;
}
